/** From what a task costs to the function that a topic wakes, in the local account as a whole. */
import type { DescribeBudgetsResponse } from '@aws-sdk/client-budgets'
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../../local/account/clock.ts'
import { createLocalAccount, localAccountId } from '../../../local/local-account.ts'
import { fargate, network } from '../ecs/ecs-account.ts'
import { above, monthly, topic, toTopic } from './budgets-account.ts'

const functionArn = `arn:aws:lambda:eu-central-1:${localAccountId}:function:guard-costs`

const allowing = (condition: Record<string, string>) => ({
  Effect: 'Allow',
  Principal: { Service: 'budgets.amazonaws.com' },
  Action: 'sns:Publish',
  Resource: topic,
  Condition: { StringEquals: condition },
})

test.each([
  ['wakes the function', { 'aws:SourceAccount': localAccountId }, 1],
  ['is lost where the policy is about another account', { 'aws:SourceAccount': '999999999999' }, 0],
])('a budget’s notification %s', async (_, condition, times) => {
  const clock = new SimulatedClock('2026-03-01T22:00:00Z')
  const { account, sns } = createLocalAccount({
    clock,
    region: 'eu-central-1',
    seed: 1,
    host: () => '127.0.0.1:4566',
    behaviour: () => ({ kind: 'runs' }),
  })
  const call = (service: string, operation: string, input: object) =>
    account.call(service, operation, input, { accessKeyId: 'test' })
  const woken: unknown[] = []
  sns.setFunctions((woke, _topic, event) => void woken.push({ woke, event }))
  const Policy = JSON.stringify({ Statement: [allowing(condition)] })
  await call('sns', 'CreateTopic', { Name: 'budgets', Attributes: { Policy } })
  await call('sns', 'Subscribe', { TopicArn: topic, Protocol: 'lambda', Endpoint: functionArn })
  const AccountId = localAccountId
  const Budget = monthly({ BudgetLimit: { Amount: '0.10', Unit: 'USD' } })
  await call('budgets', 'CreateBudget', { AccountId, Budget, NotificationsWithSubscribers: [toTopic(above(100))] })
  await call('ecs', 'CreateCluster', { clusterName: 'default' })
  await call(
    'ecs',
    'RegisterTaskDefinition',
    fargate({ containerDefinitions: [{ name: 'web', image: 'public.test/web:1' }] }),
  )
  await call('ecs', 'RunTask', {
    taskDefinition: 'web',
    launchType: 'FARGATE',
    networkConfiguration: network,
    count: 10,
  })
  await clock.advance(14 * 3_600_000)
  const { Budgets = [] } = (await call('budgets', 'DescribeBudgets', { AccountId })) as DescribeBudgetsResponse
  expect(Number(Budgets[0]?.CalculatedSpend?.ActualSpend?.Amount)).toBeGreaterThan(0.1)
  expect(woken).toHaveLength(times)
  if (times === 0) return
  expect(woken[0]).toMatchObject({
    woke: functionArn,
    event: { Records: [{ Sns: { Subject: 'AWS Budgets: team has exceeded your alert threshold' } }] },
  })
})
