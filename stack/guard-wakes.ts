/** What wakes guard-costs: a look every few minutes, the nightly report, and the budgets that notify. */
import type { GuardWake } from '../events/guard-wake.ts'
import type { Config, Guard } from '../shared/config/config.ts'
import { arnOf } from './arns.ts'
import { scheduleRole } from './roles.ts'
import { type ScheduleParts, scheduleOf, withoutRepetition } from './schedule.ts'

/** As the framework calls the function guard-costs. */
const guardCosts = 'GuardDashcostsLambdaFunction'
const topic = 'BudgetsTopic'

/** Without a guard in farguard.yml nothing is judged, but all that runs is metered. */
const metering: Pick<Guard, 'everyMinutes' | 'report'> = {
  everyMinutes: 15,
  report: { hour: 2, minute: 0, timeZone: 'UTC' },
}

/** `deadLetters`: logical id of the queue for what can't be delivered. */
export function guardWakes(config: Config, prefix: string, deadLetters: string) {
  const { everyMinutes, report } = config.guard ?? metering
  const schedule = (of: Omit<ScheduleParts, 'uselessAfterMinutes' | 'input'>, input: GuardWake) =>
    scheduleOf(
      { function: guardCosts, role: 'GuardCostsScheduleRole', deadLetters },
      { ...of, input, uselessAfterMinutes: everyMinutes },
    )
  return {
    GuardCostsSchedule: schedule(
      {
        name: `${prefix}-guard-costs`,
        description: 'Meters what runs, and looks for what must stop.',
        expression: `rate(${everyMinutes} minutes)`,
      },
      { kind: 'look' },
    ),
    GuardReportSchedule: schedule(
      {
        name: `${prefix}-guard-report`,
        description: 'The nightly report.',
        expression: `cron(${report.minute} ${report.hour} * * ? *)`,
        timeZone: report.timeZone,
      },
      { kind: 'report' },
    ),
    GuardCostsScheduleRole: scheduleRole(`${prefix}-guard-costs-schedule`, { function: guardCosts, deadLetters }),
    GuardCostsInvocation: withoutRepetition(guardCosts, everyMinutes),
    ...(notifies(config) ? budgetsTopic(prefix) : {}),
  }
}

/** What a budget of AWS's has to be told to notify; none where farguard.yml names no such budget. */
export function budgetsOutput(config: Config) {
  return notifies(config) ? { BudgetsTopicArn: { Value: { Ref: topic } } } : {}
}

function notifies({ budgets }: Config): boolean {
  return budgets.some(({ limit }) => limit.from === 'aws')
}

/** What is lost on its way here the next look finds: nothing is set aside. */
function budgetsTopic(prefix: string) {
  return {
    // Not encrypted: that takes a customer's key which budgets.amazonaws.com may use, and its text is a trigger and no secret.
    [topic]: { Type: 'AWS::SNS::Topic', Properties: { TopicName: `${prefix}-budgets` } },
    BudgetsTopicPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [{ Ref: topic }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'budgets.amazonaws.com' },
              Action: 'sns:Publish',
              Resource: { Ref: topic },
              // Without these anybody's budget could: https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
              Condition: {
                StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
                ArnLike: {
                  'aws:SourceArn': { 'Fn::Sub': `arn:\${AWS::Partition}:budgets::\${AWS::AccountId}:*` },
                },
              },
            },
          ],
        },
      },
    },
    BudgetsSubscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: { Ref: topic }, Protocol: 'lambda', Endpoint: arnOf(guardCosts) },
    },
    BudgetsPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { Ref: guardCosts },
        Principal: 'sns.amazonaws.com',
        SourceArn: { Ref: topic },
      },
    },
  }
}
