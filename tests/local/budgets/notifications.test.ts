import type { Notification } from '@aws-sdk/client-budgets'
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../../local/account/aws-error.ts'
import { above, accountId, budgetsAccount, topic, toTopic } from './budgets-account.ts'

const day = 24 * 3600
const below = (percent: number) => above(percent, { ComparisonOperator: 'LESS_THAN' })
const forecasted = (percent: number) => above(percent, { NotificationType: 'FORECASTED' })

function notifying(...notifications: Notification[]) {
  const account = budgetsAccount()
  account.create({}, { NotificationsWithSubscribers: notifications.map(toTopic) })
  return account
}

test('says so in AWS’s plain text, to the topic', async () => {
  const account = notifying(above(80))
  account.budgets.pin('team', { actual: 81.239 })
  await account.budgets.refresh()
  expect(account.published).toEqual([
    {
      topicArn: topic,
      budgetArn: `arn:aws:budgets::${accountId}:budget/team`,
      subject: 'AWS Budgets: team has exceeded your alert threshold',
      message: [
        'AWS Budget Notification March 01, 2026',
        `AWS Account ${accountId}`,
        '',
        'Dear AWS Customer,',
        '',
        'You requested that we alert you when the ACTUAL Cost associated with your team budget is greater than $80.00 for the current month. The ACTUAL Cost associated with this budget is $81.24. You can find additional details below and by accessing the AWS Budgets dashboard [1].',
        '',
        'Budget Name: team',
        'Budget Type: Cost',
        'Budgeted Amount: $100.00',
        'Alert Type: ACTUAL',
        'Alert Threshold: > $80.00',
        'ACTUAL Amount: $81.24',
        '',
        '[1] https://console.aws.amazon.com/costmanagement/home#/budgets',
        '',
      ].join('\n'),
    },
  ])
})

test.each<[string, Notification, { actual: number; forecast?: number }, boolean]>([
  ['at the threshold is not above it', above(80), { actual: 80 }, false],
  ['above', above(80), { actual: 80.001 }, true],
  ['an absolute threshold', above(12, { ThresholdType: 'ABSOLUTE_VALUE' }), { actual: 13 }, true],
  ['a percentage is the default', above(12), { actual: 11.9 }, false],
  ['below', below(50), { actual: 49 }, true],
  ['equal', above(50, { ComparisonOperator: 'EQUAL_TO' }), { actual: 50 }, true],
  ['the forecast', forecasted(100), { actual: 1, forecast: 101 }, true],
  ['actual is not asked for a forecast', forecasted(100), { actual: 500, forecast: 99 }, false],
  ['no forecast passes nothing', forecasted(0), { actual: 500 }, false],
  ['not even from below', { ...below(50), NotificationType: 'FORECASTED' }, { actual: 0 }, false],
  ['credits pass no threshold', above(0), { actual: -5 }, false],
])('%s', async (_, notification, figures, isTold) => {
  const account = notifying(notification)
  account.budgets.pin('team', figures)
  await account.budgets.refresh()
  expect(account.published).toHaveLength(isTold ? 1 : 0)
  const { Notifications } = account.call<{ Notifications: Notification[] }>('DescribeNotificationsForBudget', {
    AccountId: accountId,
    BudgetName: 'team',
  })
  expect(Notifications[0]?.NotificationState).toBe(isTold ? 'ALARM' : 'OK')
})

describe('how often', () => {
  async function told(notification: Notification, amounts: number[]) {
    const account = notifying(notification)
    const counts: number[] = []
    for (const amount of amounts) {
      account.budgets.pin('team', { actual: amount, forecast: amount })
      await account.budgets.refresh()
      counts.push(account.published.length)
    }
    return { account, counts }
  }

  test('actual: once a period and threshold, though it falls below and passes again', async () => {
    const { account, counts } = await told(above(80), [79, 81, 121, 70, 81])
    expect(counts).toEqual([0, 1, 1, 1, 1])
    await account.ecs.advance(31 * day)
    expect(account.published).toHaveLength(2)
    await account.ecs.advance(20 * day)
    expect(account.published).toHaveLength(2)
  })

  test('a forecast: each time that it passes', async () => {
    expect((await told(forecasted(80), [79, 81, 121, 70, 81])).counts).toEqual([0, 1, 1, 1, 2])
  })

  test('each threshold by itself', async () => {
    const account = notifying(above(50), above(80), above(100))
    account.budgets.pin('team', { actual: 90 })
    await account.budgets.refresh()
    const thresholds = account.published.map(({ message }) => /Alert Threshold: > (.*)/.exec(message)?.[1])
    expect(thresholds).toEqual(['$50.00', '$80.00'])
  })
})

test('real cost passes a threshold at a refresh, hours after it was spent', async () => {
  const account = budgetsAccount()
  const limit = { BudgetLimit: { Amount: '1', Unit: 'USD' } }
  account.create(limit, { NotificationsWithSubscribers: [toTopic(above(100))] })
  account.ecs.register({ cpu: '16384', memory: '32768' })
  account.ecs.run()
  await account.ecs.advance(2 * 3600)
  expect(account.published).toEqual([])
  await account.ecs.advance(12 * 3600)
  expect(account.published).toHaveLength(1)
})

test('of a daily budget: yesterday’s cost', async () => {
  const account = budgetsAccount()
  const daily = { TimeUnit: 'DAILY' as const, BudgetLimit: { Amount: '1', Unit: 'USD' } }
  account.create(daily, { NotificationsWithSubscribers: [toTopic(above(100))] })
  account.ecs.register({ cpu: '1024', memory: '2048' })
  account.ecs.run()
  // From 22:00 on 1 March: that day's two hours are no dollar, the next day's 24 are.
  await account.ecs.advance(25 * 3600)
  expect(account.published).toEqual([])
  await account.ecs.advance(14 * 3600)
  expect(account.published.map(({ message }) => /You requested.*? You/.exec(message)?.[0])).toEqual([
    'You requested that we alert you when the ACTUAL Cost associated with your team budget is greater than $1.00 per day. Yesterday, the ACTUAL Cost associated with this budget is $1.36. You',
  ])
})

test.each([
  ['a topic that does not let Budgets publish', new AwsError('AuthorizationErrorException', 'no'), undefined],
  ['a bug', new TypeError('bug'), 'bug'],
])('%s', async (_, error, thrown) => {
  const account = budgetsAccount({
    publish() {
      throw error
    },
  })
  account.create({}, { NotificationsWithSubscribers: [toTopic(above(80))] })
  account.create({ BudgetName: 'zebra' })
  for (const name of ['team', 'zebra']) account.budgets.pin(name, { actual: 90 })
  account.budgets.pin('zebra', undefined)
  if (thrown) return expect(account.budgets.refresh()).rejects.toThrow(thrown)
  await account.budgets.refresh()
  // The message is lost, and the other budgets are refreshed all the same.
  expect(account.reported('zebra')).toEqual({ actual: 0 })
})

test('a name that a subject can’t hold is cut and replaced, in the subject only', async () => {
  const account = budgetsAccount()
  const BudgetName = `Köln ${'x'.repeat(95)}`
  account.create({ BudgetName }, { NotificationsWithSubscribers: [toTopic(above(80))] })
  account.budgets.pin(BudgetName, { actual: 90 })
  await account.budgets.refresh()
  expect(account.published[0]?.subject).toMatch(/^AWS Budgets: K\?ln x{82}$/)
  expect(account.published[0]?.message).toContain(`Budget Name: ${BudgetName}\n`)
})
