/** Right before a stop: whether what the plan was made of still holds. One run may take minutes, and people act meanwhile. */
import type { Config, Guard } from '../config/config.ts'
import { readTarget } from '../deploy/records.ts'
import type { GuardWorld, Service, Task } from '../ports.ts'
import { findKeep } from './records.ts'
import { settingsFor } from './settings.ts'
import type { Workload } from './workload.ts'
import { rolloutMoves, serviceMoves } from './workloads.ts'

/** `is: 'as-planned'`: with what ECS answers of it now. */
export type Recheck =
  | { is: 'as-planned'; service?: Service; tasks: readonly Task[] }
  | { is: 'not-needed' | 'protected'; detail: string }

export async function recheck(workload: Workload, config: Config, guard: Guard, world: GuardWorld): Promise<Recheck> {
  const kept = await findKeep(world.table, workload.id, world.clock.now())
  if (kept) return { is: 'protected', detail: `${kept.by} keeps it until ${kept.until}: ${kept.because}` }
  return workload.service
    ? ofService(workload, workload.service, config, guard, world)
    : ofTasks(workload, config, guard, world)
}

async function ofService(
  workload: Workload,
  { name }: Service,
  config: Config,
  guard: Guard,
  world: GuardWorld,
): Promise<Recheck> {
  const { cluster } = workload.subject
  const service = await world.fleet.describeService(cluster, name)
  if (!service || service.status === 'INACTIVE') return { is: 'not-needed', detail: 'the service is gone' }
  if (service.desiredCount === 0) return { is: 'not-needed', detail: 'it is at 0 copies already' }
  const moves = serviceMoves(service) ?? (await targetMoves(workload, config, world))
  if (moves) return { is: 'protected', detail: moves.detail }
  const tags = whyTagsProtect(workload, service.tags, guard)
  if (tags !== undefined) return { is: 'protected', detail: tags }
  const arns = workload.tasks.map(({ arn }) => arn)
  const protection = whyEcsProtects(workload.tasks, await world.fleet.taskProtection(cluster, arns))
  if (protection !== undefined) return { is: 'protected', detail: protection }
  return { is: 'as-planned', service, tasks: workload.tasks }
}

async function ofTasks(workload: Workload, config: Config, guard: Guard, world: GuardWorld): Promise<Recheck> {
  const { cluster } = workload.subject
  const arns = workload.tasks.map(({ arn }) => arn)
  const tasks = (await world.fleet.describeTasks(cluster, arns)).filter(
    ({ desiredStatus, lastStatus }) => desiredStatus !== 'STOPPED' && lastStatus !== 'STOPPED',
  )
  if (tasks.length === 0) return { is: 'not-needed', detail: 'it has ended by itself' }
  const moves = workload.kind === 'copies' ? await targetMoves(workload, config, world) : undefined
  if (moves) return { is: 'protected', detail: moves.detail }
  for (const { tags } of tasks) {
    const why = whyTagsProtect(workload, tags, guard)
    if (why !== undefined) return { is: 'protected', detail: why }
  }
  return { is: 'as-planned', tasks }
}

async function targetMoves({ subject }: Workload, { targets }: Config, world: GuardWorld) {
  const target = targets.find(({ name }) => name === subject.target)
  return target && rolloutMoves(target, await readTarget(world.table, target.name))
}

function whyTagsProtect(
  { subject, kind }: Workload,
  tags: Record<string, string> | undefined,
  guard: Guard,
): string | undefined {
  const { tags: _planned, ...bare } = subject
  const settings = settingsFor({ subject: { ...bare, ...(tags && { tags }) }, kind }, guard.rules)
  if (settings.unreadable.length > 0) return 'its tags could not be read: they may protect it'
  return settings.isProtected ? `by the rule for ${settings.from.isProtected}` : undefined
}

/** ECS's own protection of a service's tasks, as it was asked for. */
export function whyEcsProtects(tasks: readonly Task[], until: ReadonlyMap<string, Date>): string | undefined {
  const found = tasks.filter(({ arn }) => until.has(arn))
  const [first] = found
  if (!first) return undefined
  const others = found.length > 1 ? ` and ${found.length - 1} more` : ''
  const end = until.get(first.arn)?.toISOString()
  return `ECS protects its task ${first.arn.slice(first.arn.lastIndexOf('/') + 1)}${others} until ${end}`
}
