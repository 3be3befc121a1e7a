/** The notifications of a budget, and their subscribers. */
import type { Notification, Subscriber } from '@aws-sdk/client-budgets'
import { AwsError } from '../aws-error.ts'
import type { CheckedBudget } from './budget-rules.ts'

export interface NotificationRecord {
  type: 'ACTUAL' | 'FORECASTED'
  operator: 'GREATER_THAN' | 'LESS_THAN' | 'EQUAL_TO'
  threshold: number
  /** Otherwise of the amount itself. */
  isPercentage: boolean
  /** Whether the last refresh found the threshold passed. */
  isInAlarm: boolean
  subscribers: Subscriber[]
  /** The start of the period that it was last sent in, epoch milliseconds. */
  sentIn?: number
}

const mostNotifications = 10
const mostEmails = 10

/** Adds a notification to those of its budget; throws where AWS would refuse it. */
export function addNotification(
  budget: CheckedBudget,
  records: NotificationRecord[],
  asked: Notification | undefined,
  subscribers: readonly Subscriber[],
): void {
  const record = { ...checked(asked), isInAlarm: false, subscribers: [...subscribers] }
  if (budget.TimeUnit === 'DAILY' && record.type === 'FORECASTED')
    throw invalid('A daily budget has no forecast: notify of ACTUAL.')
  if (records.some(one => isSame(one, record)))
    throw new AwsError('DuplicateRecordException', `${budget.BudgetName} has this notification already.`)
  if (records.length >= mostNotifications)
    throw new AwsError('CreationLimitExceededException', `A budget has at most ${mostNotifications} notifications.`)
  checkSubscribers(record.subscribers)
  records.push(record)
}

/** The record of a notification; throws NotFoundException. */
export function findNotification(
  records: readonly NotificationRecord[],
  asked: Notification | undefined,
): NotificationRecord {
  const wanted = checked(asked)
  const found = records.find(one => isSame(one, wanted))
  if (!found) throw new AwsError('NotFoundException', 'Unable to find the notification.')
  return found
}

/** Adds a subscriber to a notification; throws where AWS would refuse it. */
export function addSubscriber({ subscribers }: NotificationRecord, added: Subscriber | undefined): void {
  const subscriber = { SubscriptionType: added?.SubscriptionType, Address: added?.Address }
  if (subscribers.some(one => one.Address === subscriber.Address))
    throw new AwsError('DuplicateRecordException', `${subscriber.Address} is subscribed already.`)
  checkSubscribers([...subscribers, subscriber])
  subscribers.push(subscriber)
}

/** As AWS describes it. */
export function notificationAnswer(record: NotificationRecord): Notification {
  return {
    NotificationType: record.type,
    ComparisonOperator: record.operator,
    Threshold: record.threshold,
    ThresholdType: record.isPercentage ? 'PERCENTAGE' : 'ABSOLUTE_VALUE',
    NotificationState: record.isInAlarm ? 'ALARM' : 'OK',
  }
}

/** The amount that the notification compares with. */
export function thresholdAmount({ threshold, isPercentage }: NotificationRecord, limit: number): number {
  return isPercentage ? (limit * threshold) / 100 : threshold
}

type Asked = Pick<NotificationRecord, 'type' | 'operator' | 'threshold' | 'isPercentage'>

function checked({
  NotificationType,
  ComparisonOperator,
  Threshold,
  ThresholdType,
}: Partial<Notification> = {}): Asked {
  const [type, operator, threshold] = [NotificationType, ComparisonOperator, Threshold ?? Number.NaN]
  if (type !== 'ACTUAL' && type !== 'FORECASTED')
    throw invalid(`NotificationType is ACTUAL or FORECASTED, not "${type}".`)
  if (operator !== 'GREATER_THAN' && operator !== 'LESS_THAN' && operator !== 'EQUAL_TO')
    throw invalid(`ComparisonOperator is GREATER_THAN, LESS_THAN or EQUAL_TO, not "${operator}".`)
  if (!(threshold >= 0 && threshold <= 15e12)) throw invalid('Threshold is between 0 and 15000000000000.')
  if (ThresholdType !== undefined && ThresholdType !== 'PERCENTAGE' && ThresholdType !== 'ABSOLUTE_VALUE')
    throw invalid(`ThresholdType is PERCENTAGE or ABSOLUTE_VALUE, not "${ThresholdType}".`)
  return { type, operator, threshold, isPercentage: ThresholdType !== 'ABSOLUTE_VALUE' }
}

const isSame = (one: Asked, other: Asked) =>
  one.type === other.type &&
  one.operator === other.operator &&
  one.threshold === other.threshold &&
  one.isPercentage === other.isPercentage

/** One SNS topic and ten addresses of mail at most, and at least one of either. */
function checkSubscribers(subscribers: readonly Subscriber[]): void {
  if (subscribers.length === 0) throw invalid('A notification needs at least one subscriber.')
  for (const { SubscriptionType: type, Address: address = '' } of subscribers) {
    if (type !== 'SNS' && type !== 'EMAIL') throw invalid(`SubscriptionType is SNS or EMAIL, not "${type}".`)
    const isValid = type === 'SNS' ? /^arn:[^:]+:sns:[^:]+:\d{12}:\S+$/ : /^[^@\s]+@[^@\s]+$/
    if (!isValid.test(address)) throw invalid(`"${address}" is not the address of an ${type} subscriber.`)
  }
  const emails = subscribers.filter(({ SubscriptionType }) => SubscriptionType === 'EMAIL').length
  if (subscribers.length - emails > 1 || emails > mostEmails)
    throw new AwsError(
      'CreationLimitExceededException',
      `A notification has at most one SNS subscriber and ${mostEmails} e-mail subscribers.`,
    )
}

const invalid = (message: string) => new AwsError('InvalidParameterException', message)
