/** AWS::Scheduler::Schedule, from CloudFormation's properties, resolved. */

import { scheduleExpression } from '../account/schedule-expression.ts'
import type { Properties, Schedule } from './resource.ts'

/** Throws Error by the name of what is not modelled or not valid. */
export function scheduleOf(logicalId: string, properties: Properties): Schedule {
  const { Name: name = logicalId, GroupName: group = 'default', Description: _, ...rest } = properties
  const { ScheduleExpression, ScheduleExpressionTimezone = 'UTC', State = 'ENABLED', ...more } = rest
  const { FlexibleTimeWindow, Target, ...others } = more
  const about = `schedule ${name}`
  refuse(about, others)
  if (FlexibleTimeWindow?.Mode !== 'OFF') throw notModelled(`FlexibleTimeWindow other than OFF of ${about}`)
  if (State !== 'ENABLED' && State !== 'DISABLED')
    throw new Error(`The ${about} has State ${State}: ENABLED or DISABLED.`)
  checkExpression(about, ScheduleExpression, ScheduleExpressionTimezone)
  const { functionName, input } = targetOf(about, Target)
  return {
    name,
    group,
    expression: ScheduleExpression,
    timeZone: ScheduleExpressionTimezone,
    isEnabled: State === 'ENABLED',
    functionName,
    ...(input === undefined ? {} : { input }),
  }
}

function checkExpression(about: string, expression: string, zone: string): void {
  try {
    scheduleExpression(expression, zone)
  } catch (error) {
    throw new Error(`The ${about}: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Scheduler hands the event to Lambda's own queue and is done: its RetryPolicy and DeadLetterConfig are for calls to Lambda that
 * fail, which here none does. A function that throws is Lambda's to try again.
 */
function targetOf(about: string, target: Properties): { functionName: string; input?: string } {
  const { Arn, RoleArn, Input, RetryPolicy, DeadLetterConfig, ...others } = target
  refuse(`target of ${about}`, others)
  const functionName = /^arn:aws:lambda:[^:]+:[^:]+:function:([\w-]+)$/.exec(Arn)?.[1]
  if (!functionName) throw notModelled(`the target ${Arn} of ${about}, which is no function`)
  if (!RoleArn) throw new Error(`The ${about} has no Target.RoleArn: Scheduler could not invoke ${functionName}.`)
  checkRetries(about, RetryPolicy ?? {})
  if (DeadLetterConfig && !/^arn:aws:sqs:/.test(DeadLetterConfig.Arn)) {
    throw new Error(`The ${about} has the dead letters ${DeadLetterConfig.Arn}, which is no queue.`)
  }
  if (Input === undefined) return { functionName }
  try {
    JSON.parse(Input)
  } catch (error) {
    throw new Error(`The ${about} has an Input that is no JSON, as Lambda takes it: ${(error as Error).message}`)
  }
  return { functionName, input: Input }
}

function checkRetries(about: string, { MaximumEventAgeInSeconds, MaximumRetryAttempts, ...others }: Properties): void {
  refuse(`RetryPolicy of ${about}`, others)
  const isBetween = (value: unknown, low: number, high: number) =>
    value === undefined || (Number.isInteger(value) && Number(value) >= low && Number(value) <= high)
  if (!isBetween(MaximumRetryAttempts, 0, 185)) throw new Error(`The ${about}: MaximumRetryAttempts is 0 to 185.`)
  if (!isBetween(MaximumEventAgeInSeconds, 60, 86_400)) {
    throw new Error(`The ${about}: MaximumEventAgeInSeconds is 60 to 86400.`)
  }
}

function refuse(about: string, others: Properties): void {
  const [unknown] = Object.keys(others)
  if (unknown) throw notModelled(`${unknown} of the ${about}`)
}

function notModelled(what: string): Error {
  return new Error(`The local account does not model ${what}.`)
}
