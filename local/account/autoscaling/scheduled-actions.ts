/** Scheduled actions: other bounds for a service at their time. */
import type {
  DeleteScheduledActionRequest,
  DescribeScheduledActionsRequest,
  PutScheduledActionRequest,
  ScheduledAction,
} from '@aws-sdk/client-application-auto-scaling'
import { Temporal } from 'temporal-polyfill'
import type { Timer } from '../clock.ts'
import type { AccountContext } from '../context.ts'
import { type Next, scheduleExpression } from '../schedule-expression.ts'
import { invalid, notFound, pageOf, refuseOtherThanServices } from './refusals.ts'
import type { TargetRecord } from './targets.ts'

export interface ActionRecord {
  name: string
  resourceId: string
  arn: string
  createdAt: Date
  schedule: string
  timeZone?: string
  startAt?: Date
  endAt?: Date
  bounds: { min?: number; max?: number }
}

interface Planned {
  action: ActionRecord
  timer?: Timer
}

export class ScheduledActions {
  readonly #context: Omit<AccountContext, 'emit'>
  readonly #onDue: (action: ActionRecord) => Promise<void>
  readonly #planned = new Map<string, Planned>()

  /** `onDue`: carries an action out at its time, unless that is suspended. */
  constructor(context: Omit<AccountContext, 'emit'>, onDue: (action: ActionRecord) => Promise<void>) {
    this.#context = context
    this.#onDue = onDue
  }

  /** Of an action that exists, the schedule and the bounds stay where they are not given; its start, end and zone do not. */
  put(target: TargetRecord, input: PutScheduledActionRequest): void {
    const { resourceId } = target
    const name = input.ScheduledActionName ?? ''
    if (!/^[^|:/]{1,256}$/.test(name))
      throw invalid(`Value '${name}' at 'scheduledActionName' has 1 to 256 characters, no : / |.`)
    const known = this.#planned.get(keyOf(resourceId, name))?.action
    const { MinCapacity: min, MaxCapacity: max } = input.ScalableTargetAction ?? {}
    const bounds = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
    const action: ActionRecord = {
      name,
      resourceId,
      arn: known?.arn ?? this.#newArn(target, name),
      createdAt: known?.createdAt ?? this.#context.clock.now(),
      schedule: input.Schedule ?? known?.schedule ?? '',
      ...(input.Timezone !== undefined && { timeZone: input.Timezone }),
      ...(input.StartTime && { startAt: input.StartTime }),
      ...(input.EndTime && { endAt: input.EndTime }),
      bounds: input.ScalableTargetAction ? bounds : (known?.bounds ?? {}),
    }
    refuseInvalid(action)
    this.#cancel(keyOf(resourceId, name))
    const planned: Planned = { action }
    this.#planned.set(keyOf(resourceId, name), planned)
    this.#plan(planned, nextOf(action), firstOf(action, this.#context.clock.now()))
  }

  /** Throws ObjectNotFoundException. */
  remove(input: DeleteScheduledActionRequest): void {
    const key = keyOf(input.ResourceId ?? '', input.ScheduledActionName ?? '')
    if (!this.#planned.has(key)) throw notFound(`scheduled action ${input.ScheduledActionName}`, input)
    this.#cancel(key)
  }

  removeAllOf(resourceId: string): void {
    for (const [key, { action }] of this.#planned) if (action.resourceId === resourceId) this.#cancel(key)
  }

  describe(input: DescribeScheduledActionsRequest) {
    refuseOtherThanServices(input)
    const { ResourceId, ScheduledActionNames: names } = input
    const found = [...this.#planned.values()]
      .map(({ action }) => action)
      .filter(({ resourceId }) => ResourceId === undefined || resourceId === ResourceId)
      .filter(({ name }) => !names?.length || names.includes(name))
    const { items, ...next } = pageOf(found, ({ resourceId, name }) => keyOf(resourceId, name), input)
    return { ScheduledActions: items.map(answer), ...next }
  }

  #plan(planned: Planned, next: Next, due: Date | undefined): void {
    const { clock } = this.#context
    const { action } = planned
    if (!due || (action.endAt && due > action.endAt)) return
    planned.timer = clock.after(due.getTime() - clock.now().getTime(), async () => {
      this.#plan(planned, next, next(due))
      await this.#onDue(action)
    })
  }

  #cancel(key: string): void {
    this.#planned.get(key)?.timer?.cancel()
    this.#planned.delete(key)
  }

  #newArn({ arn, resourceId }: TargetRecord, name: string): string {
    const { region, accountId } = this.#context
    const id = arn.replace(/^.*\//, '')
    return `arn:aws:autoscaling:${region}:${accountId}:scheduledAction:${id}:resource/ecs/${resourceId}:scheduledActionName/${name}`
  }
}

const keyOf = (resourceId: string, name: string) => `${resourceId} ${name}`

function refuseInvalid({ schedule, bounds, startAt, endAt, ...action }: ActionRecord): void {
  if (schedule === '') throw invalid('Schedule is needed for a new scheduled action.')
  const { min, max } = bounds
  if (min === undefined && max === undefined)
    throw invalid('ScalableTargetAction must have a MinCapacity, a MaxCapacity or both.')
  if ((min ?? 0) < 0 || (max ?? 0) < 0 || (min ?? 0) > (max ?? Number.POSITIVE_INFINITY))
    throw invalid(`Maximum capacity cannot be less than minimum capacity, nor either less than 0: ${min}, ${max}.`)
  if (startAt && endAt && startAt >= endAt) throw invalid('StartTime must be before EndTime.')
  try {
    nextOf({ schedule, ...action })
  } catch (error) {
    throw invalid(`Schedule: ${(error as Error).message}`)
  }
}

/** Throws Error with what is wrong with the expression. */
function nextOf({ schedule, timeZone = 'UTC' }: Pick<ActionRecord, 'schedule' | 'timeZone'>): Next {
  const [, once] = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(schedule) ?? []
  if (once === undefined) {
    if (/^at\(/.test(schedule)) throw new Error(`"${schedule}" is no time. Try at(2026-03-01T22:00:00)`)
    return scheduleExpression(schedule, timeZone)
  }
  const at = new Date(Temporal.PlainDateTime.from(once).toZonedDateTime(timeZone).epochMilliseconds)
  return moment => (at > moment ? at : undefined)
}

/** What was due before now is not made up for; a rate that is to begin later begins with that moment. */
function firstOf(action: ActionRecord, now: Date): Date | undefined {
  const { schedule, startAt } = action
  const next = nextOf(action)
  if (!startAt || startAt <= now) return next(now)
  return schedule.startsWith('rate') ? startAt : next(new Date(startAt.getTime() - 1000))
}

function answer({
  name,
  resourceId,
  arn,
  createdAt,
  schedule,
  timeZone,
  startAt,
  endAt,
  bounds,
}: ActionRecord): ScheduledAction {
  const { min, max } = bounds
  return {
    ScheduledActionName: name,
    ScheduledActionARN: arn,
    ServiceNamespace: 'ecs',
    Schedule: schedule,
    ...(timeZone !== undefined && { Timezone: timeZone }),
    ResourceId: resourceId,
    ScalableDimension: 'ecs:service:DesiredCount',
    ...(startAt && { StartTime: startAt }),
    ...(endAt && { EndTime: endAt }),
    ScalableTargetAction: {
      ...(min !== undefined && { MinCapacity: min }),
      ...(max !== undefined && { MaxCapacity: max }),
    },
    CreationTime: createdAt,
  }
}
