/** A schedule of EventBridge Scheduler, on the account's clock. */
import type { Timer } from '../account/clock.ts'
import type { AccountContext } from '../account/context.ts'
import { scheduleExpression } from '../account/schedule-expression.ts'
import type { Schedule } from './resource.ts'

type Context = Pick<AccountContext, 'clock' | 'random' | 'accountId' | 'region'>

/**
 * Gives `fire` the event each time the schedule is due; a rate counts from now. Gives the function that stops it. AWS is up to a
 * minute late, here it is on time.
 */
export function runSchedule(context: Context, schedule: Schedule, fire: (event: unknown) => Promise<void>): () => void {
  if (!schedule.isEnabled) return () => undefined
  const { clock } = context
  const next = scheduleExpression(schedule.expression, schedule.timeZone)
  let timer: Timer | undefined
  function plan(from: Date): void {
    const due = next(from)
    if (!due) return
    timer = clock.after(due.getTime() - clock.now().getTime(), async () => {
      plan(due)
      await fire(eventOf(context, schedule, due))
    })
  }
  plan(clock.now())
  return () => timer?.cancel()
}

/** The schedule's own input, or the event that Scheduler makes when it has none. Throws SyntaxError for what is no JSON. */
export function eventOf(context: Context, { name, group, input }: Schedule, due: Date): unknown {
  const { random, region, accountId: account } = context
  const arn = `arn:aws:scheduler:${region}:${account}:schedule/${group}/${name}`
  const time = `${due.toISOString().slice(0, 19)}Z`
  const id = random.uuid()
  if (input !== undefined) {
    // https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    const attributes: Record<string, string> = {
      'schedule-arn': arn,
      'scheduled-time': time,
      'execution-id': id,
      'attempt-number': '1',
    }
    return JSON.parse(input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (whole, key) => attributes[key] ?? whole))
  }
  return {
    version: '0',
    id,
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account,
    time,
    region,
    resources: [arn],
    // Text, unlike an EventBridge rule's.
    detail: '{}',
  }
}
