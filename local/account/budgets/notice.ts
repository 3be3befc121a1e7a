/** The text of a budget's notification, laid out as AWS lays it out: plain text, which no program should rely on. */
import { type CheckedBudget, limitIn } from './budget-rules.ts'
import { type NotificationRecord, thresholdAmount } from './notifications.ts'
import type { Period } from './periods.ts'

export interface Notice {
  accountId: string
  budget: CheckedBudget
  notification: NotificationRecord
  period: Period
  amount: number
  at: Date
}

/** The subject and message that subscribers get. */
export function noticeText(notice: Notice): { subject: string; message: string } {
  const { accountId, budget, notification, period, amount, at } = notice
  const { BudgetName: name, TimeUnit } = budget
  const limit = limitIn(budget, period)
  const inUnit = (value: number) => (limit?.Unit === 'USD' ? `$${value.toFixed(2)}` : `${value} ${limit?.Unit}`)
  const [operator, sign] = operators[notification.operator]
  const threshold = inUnit(thresholdAmount(notification, Number(limit?.Amount)))
  const of = `${notification.type} ${titles[budget.BudgetType ?? ''] ?? 'Usage'}`
  const isDaily = TimeUnit === 'DAILY'
  const day = at.toLocaleDateString('en-US', { year: 'numeric', month: 'long', day: '2-digit', timeZone: 'UTC' })
  const asked =
    `You requested that we alert you when the ${of} associated with your ${name} budget is ${operator} ${threshold} ` +
    `${isDaily ? 'per day' : `for the current ${spans[TimeUnit]}`}.`
  const found = `${isDaily ? 'Yesterday, the' : 'The'} ${of} associated with this budget is ${inUnit(amount)}.`
  const lines = [
    `AWS Budget Notification ${day}`,
    `AWS Account ${accountId}`,
    '',
    'Dear AWS Customer,',
    '',
    `${asked} ${found} You can find additional details below and by accessing the AWS Budgets dashboard [1].`,
    '',
    `Budget Name: ${name}`,
    `Budget Type: ${titles[budget.BudgetType ?? ''] ?? 'Usage'}`,
    `Budgeted Amount: ${inUnit(Number(limit?.Amount))}`,
    `Alert Type: ${notification.type}`,
    `Alert Threshold: ${sign} ${threshold}`,
    `${notification.type} Amount: ${inUnit(amount)}`,
    '',
    '[1] https://console.aws.amazon.com/costmanagement/home#/budgets',
    '',
  ]
  return { subject: subjectOf(name), message: lines.join('\n') }
}

const operators = {
  GREATER_THAN: ['greater than', '>'],
  LESS_THAN: ['less than', '<'],
  EQUAL_TO: ['equal to', '='],
} as const

const titles: Readonly<Record<string, string>> = { COST: 'Cost' }

const spans: Readonly<Record<string, string>> = {
  MONTHLY: 'month',
  QUARTERLY: 'quarter',
  ANNUALLY: 'year',
  CUSTOM: 'period',
}

/** SNS takes subjects of at most 100 printable ASCII characters, and budgets may have longer and other names. */
function subjectOf(name: string): string {
  const subject = `AWS Budgets: ${name} has exceeded your alert threshold`
  return subject.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)
}
