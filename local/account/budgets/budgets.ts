/** AWS Budgets of the local account: what AWS says that it costs, hours late, and the notifications of that. */
import type {
  Budget,
  CreateBudgetRequest,
  CreateNotificationRequest,
  CreateSubscriberRequest,
  DeleteNotificationRequest,
  DeleteSubscriberRequest,
  DescribeBudgetRequest,
  DescribeBudgetsRequest,
  DescribeNotificationsForBudgetRequest,
  DescribeSubscribersForNotificationRequest,
  UpdateBudgetRequest,
} from '@aws-sdk/client-budgets'
import { AwsError } from '../aws-error.ts'
import type { AccountContext, AccountService } from '../context.ts'
import type { Ecs } from '../ecs/ecs.ts'
import { page } from '../page.ts'
import { Bill } from './bill.ts'
import { amountText, checkedBudget, limitIn } from './budget-rules.ts'
import { addNotification, addSubscriber, findNotification, notificationAnswer } from './notifications.ts'
import { type BudgetRecord, currentPeriod, type Figures, type RefreshWorld, refreshBudget } from './refresh.ts'

const hour = 3_600_000
const day = 24 * hour

/** AWS refreshes up to three times a day, 8 to 12 hours apart. */
const refreshes = { atLeastMs: 8 * hour, atMostMs: 12 * hour }

/** AWS wants about five weeks of data before it forecasts. */
const usualForecastAfterMs = 35 * day

export interface BudgetsWorld extends Pick<RefreshWorld, 'publish'> {
  ecs: Pick<Ecs, 'watchTasks'>
  /** How much data a forecast wants; five weeks unless told. */
  forecastAfterMs?: number | undefined
}

/** Budgets, with what tests and the console may do beyond the API. */
export interface Budgets extends AccountService {
  /** Books a credit, which counts against ECS's cost from the next refresh on. */
  credit(usd: number): void
  /** A budget says these figures from now on, whatever was spent; without them, from the next refresh on, what was spent. */
  pin(name: string, figures: Figures | undefined): void
  /** Refreshes every budget now, hours before its time. */
  refresh(): Promise<void>
}

/** `context.random` is drawn from only once there is a budget: an account without one is what it was. */
export function createBudgets(
  context: Omit<AccountContext, 'emit'>,
  { ecs, forecastAfterMs = usualForecastAfterMs, publish }: BudgetsWorld,
): Budgets {
  const { clock, random } = context
  const records = new Map<string, BudgetRecord>()
  const bill = new Bill(context.region)
  ecs.watchTasks(task => bill.note(task))
  const world: RefreshWorld = { context, bill, forecastAfterMs, publish }
  let isRefreshing = false

  async function refresh(): Promise<void> {
    bill.accrue(clock.now())
    for (const [name, record] of records) {
      if (clock.now() >= record.budget.TimePeriod.End) records.delete(name)
      else await refreshBudget(record, world)
    }
  }

  /** Goes on for as long as there are budgets. */
  function planRefresh(): void {
    isRefreshing = true
    clock.after(refreshes.atLeastMs + random.next() * (refreshes.atMostMs - refreshes.atLeastMs), async () => {
      await refresh()
      if (records.size > 0) planRefresh()
      else isRefreshing = false
    })
  }

  /** Throws when the account is another one, or has no such budget. */
  function find({ AccountId, BudgetName = '' }: { AccountId?: string | undefined; BudgetName?: string | undefined }) {
    onlyOwn(AccountId, context.accountId)
    const record = records.get(BudgetName)
    if (!record)
      throw new AwsError('NotFoundException', `Unable to get budget: ${BudgetName} - the budget doesn't exist.`)
    return record
  }

  const answer = (record: BudgetRecord) => budgetAnswer(record, clock.now())

  return {
    operations: {
      CreateBudget(input: CreateBudgetRequest) {
        onlyOwn(input.AccountId, context.accountId)
        if (input.ResourceTags?.length) throw invalid('The local account does not model ResourceTags of CreateBudget.')
        const budget = checkedBudget(input.Budget as Budget, clock.now())
        if (records.has(budget.BudgetName))
          throw new AwsError(
            'DuplicateRecordException',
            `Error creating budget: ${budget.BudgetName} - the budget already exists.`,
          )
        const record: BudgetRecord = { budget, notifications: [], reported: { actual: 0 } }
        for (const { Notification, Subscribers } of input.NotificationsWithSubscribers ?? [])
          addNotification(budget, record.notifications, Notification, Subscribers ?? [])
        records.set(budget.BudgetName, record)
        if (!isRefreshing) planRefresh()
        return {}
      },
      UpdateBudget({ AccountId, NewBudget }: UpdateBudgetRequest) {
        const record = find({ AccountId, BudgetName: NewBudget?.BudgetName })
        record.budget = checkedBudget(NewBudget as Budget, clock.now())
        return {}
      },
      DeleteBudget(input: DescribeBudgetRequest) {
        records.delete(find(input).budget.BudgetName)
        return {}
      },
      DescribeBudget: (input: DescribeBudgetRequest) => ({ Budget: answer(find(input)) }),
      DescribeBudgets(input: DescribeBudgetsRequest) {
        onlyOwn(input.AccountId, context.accountId)
        const { items, ...next } = page(sorted([...records.values()], nameOf), nameOf, input, 1000)
        return { Budgets: items.map(answer), ...next }
      },
      CreateNotification(input: CreateNotificationRequest) {
        const { budget, notifications } = find(input)
        addNotification(budget, notifications, input.Notification, input.Subscribers ?? [])
        return {}
      },
      DeleteNotification(input: DeleteNotificationRequest) {
        const record = find(input)
        const gone = findNotification(record.notifications, input.Notification)
        record.notifications = record.notifications.filter(one => one !== gone)
        return {}
      },
      DescribeNotificationsForBudget(input: DescribeNotificationsForBudgetRequest) {
        const all = find(input).notifications.map(notificationAnswer)
        const { items, ...next } = page(sorted(all, JSON.stringify), JSON.stringify, input, 100)
        return { Notifications: items, ...next }
      },
      CreateSubscriber(input: CreateSubscriberRequest) {
        addSubscriber(findNotification(find(input).notifications, input.Notification), input.Subscriber)
        return {}
      },
      DeleteSubscriber(input: DeleteSubscriberRequest) {
        const record = findNotification(find(input).notifications, input.Notification)
        const left = record.subscribers.filter(({ Address }) => Address !== input.Subscriber?.Address)
        if (left.length === record.subscribers.length)
          throw new AwsError('NotFoundException', `${input.Subscriber?.Address} is not subscribed.`)
        record.subscribers = left
        return {}
      },
      DescribeSubscribersForNotification(input: DescribeSubscribersForNotificationRequest) {
        const { subscribers } = findNotification(find(input).notifications, input.Notification)
        const addressOf = ({ Address = '' }: { Address?: string | undefined }) => Address
        const { items, ...next } = page(sorted(subscribers, addressOf), addressOf, input, 100)
        return { Subscribers: items, ...next }
      },
    },
    credit: usd => bill.credit(usd, clock.now()),
    pin(name, figures) {
      const record = find({ AccountId: context.accountId, BudgetName: name })
      if (figures) record.reported = record.pinned = figures
      else delete record.pinned
    },
    refresh,
  }
}

function onlyOwn(asked: string | undefined, own: string): void {
  if (asked !== own)
    throw new AwsError('AccessDeniedException', `Account ${asked} is not this account, which is ${own}.`)
}

/** As AWS describes it: with what was reported last, and of planned limits also the one that holds now. */
function budgetAnswer({ budget, reported }: BudgetRecord, now: Date): Budget {
  const limit = limitIn(budget, currentPeriod(budget, now))
  const spend = (amount: number) => ({ Amount: amountText(amount), Unit: limit?.Unit ?? 'USD' })
  return {
    ...budget,
    ...(limit && { BudgetLimit: limit }),
    CalculatedSpend: {
      ActualSpend: spend(reported.actual),
      ...(reported.forecast !== undefined && { ForecastedSpend: spend(reported.forecast) }),
    },
  }
}

const nameOf = ({ budget }: BudgetRecord) => budget.BudgetName

function sorted<Item>(items: readonly Item[], key: (item: Item) => string): Item[] {
  return items.toSorted((one, other) => (key(one) < key(other) ? -1 : 1))
}

const invalid = (message: string) => new AwsError('InvalidParameterException', message)
