/** What stopping a task or a service means: what it is, and what depends on it. */
import type { Wish } from '../events/control-message.ts'
import type { Config } from '../shared/config/config.ts'
import { type Deployment, deploymentsOf } from '../shared/deploy/records.ts'
import { RefusedError, RetryableError, type Service } from '../shared/ports.ts'
import type { TaskRecord } from '../shared/status/task-record.ts'
import { configIfAny, find } from './find.ts'
import { tagOf } from './image-name.ts'
import { oneOf } from './one-of.ts'
import type { Session } from './session.ts'
import { span, utc } from './times.ts'

export interface Stopping {
  wish: Extract<Wish, { do: 'stop-task' | 'stop-service' }>
  /** `Task f2cbf00c… in demo` */
  title: string
  /** What it is, name and value. */
  facts: [string, string][]
  /** What follows from stopping it, in sentences. */
  follows: string[]
}

/** Undefined where there is nothing to stop: it is stopped already. Throws where the name is of nothing, or of several. */
export async function whatToStop(
  name: string,
  because: string | undefined,
  session: Session,
): Promise<Stopping | undefined> {
  const found = await oneOf(await find(name, session), session)
  const reason = because === undefined ? {} : { because }
  if (found.is === 'service') {
    const { cluster, service } = found
    if (service.desiredCount === 0 && service.runningCount === 0 && service.pendingCount === 0) return undefined
    const wish = { do: 'stop-service' as const, cluster, service: service.name, ...reason }
    return { wish, ...aboutService(cluster, service, session) }
  }
  const { task } = found
  if (task.lastStatus === 'STOPPED' || task.lost) return undefined
  const wish = { do: 'stop-task' as const, cluster: task.cluster, task: task.arn, ...reason }
  return { wish, ...(await aboutTask(task, session)) }
}

function aboutService(cluster: string, service: Service, session: Session): Omit<Stopping, 'wish'> {
  const config = configIfAny(session)
  const at = session.stack.endpoint === undefined ? '' : ` --endpoint-url ${session.stack.endpoint}`
  const { name, desiredCount, runningCount, pendingCount, revision, createdAt } = service
  const targets = config.targets.filter(
    ({ run, ...at }) => run.kind === 'service' && run.service === name && at.cluster === cluster,
  )
  const facts: [string, string][] = [
    ['revision', revision.slice(revision.lastIndexOf('/') + 1)],
    ['copies', `${runningCount} running, ${pendingCount} pending, ${desiredCount} desired`],
    ...(createdAt ? [['created', utc(createdAt.toISOString())] as [string, string]] : []),
    ...targets.map(target => ['target', target.name] as [string, string]),
  ]
  const follows = [
    `Its count goes from ${desiredCount} to 0 and stays there; all its tasks are stopped.`,
    ...targets.map(target => `Pushes to ${target.name} are then registered, and verified when it wakes.`),
    `To bring it back: aws ecs update-service${at} --cluster ${cluster} --service ${name} --desired-count ${Math.max(1, desiredCount)}`,
    'Autoscaling, where it has any, may raise the count again.',
  ]
  return { title: `Service ${name} in ${cluster}`, facts, follows }
}

async function aboutTask(task: TaskRecord, session: Session): Promise<Omit<Stopping, 'wish'>> {
  const own = await deploymentOf(task, session)
  const protectedUntil = task.service === undefined ? undefined : await protection(task, session)
  const now = (await session.now()).getTime()
  const facts: [string, string][] = [
    ...task.containers.map(({ name, image, digest }): [string, string] => [name, image ?? digest ?? 'image not known']),
    [
      'status',
      `${task.lastStatus}, since ${utc(task.startedAt ?? task.at)} (${span(now - Date.parse(task.startedAt ?? task.at))})`,
    ],
    ...(task.target ? [['target', task.target] as [string, string]] : []),
    ...(own
      ? [
          [
            'deployment',
            `#${own.deployment.number} ${tagOf(own.deployment.image, own.deployment.target, configIfAny(session))}, ${own.deployment.state}`,
          ] as [string, string],
        ]
      : []),
    ...(task.service ? [['service', task.service] as [string, string]] : []),
    ...(protectedUntil ? [['protected', protectedUntil] as [string, string]] : []),
  ]
  const id = task.arn.slice(task.arn.lastIndexOf('/') + 1)
  return { title: `Task ${id} in ${task.cluster}`, facts, follows: [followsFrom(task, own, configIfAny(session))] }
}

/** The deployment that started a task, and whether as its `before` task. */
async function deploymentOf({ target, deployment: of }: TaskRecord, { stack }: Session) {
  if (!target || !of) return undefined
  let left = 60
  for await (const deployment of deploymentsOf(stack.table, target)) {
    if (deployment.id === of.id) return { deployment, isBefore: isBefore(deployment, of.attempt) }
    if (--left === 0) break
  }
  return undefined
}

function isBefore({ attempts }: Deployment, number: number): boolean {
  return attempts.find(attempt => attempt.number === number)?.purpose === 'before'
}

function followsFrom(task: TaskRecord, own: Awaited<ReturnType<typeof deploymentOf>>, config: Config): string {
  if (task.service !== undefined)
    return `Service ${task.service} starts another one in its place. To stop them all: farguard stop ${task.cluster}/${task.service}`
  const run = config.targets.find(({ name }) => name === task.target)?.run
  if (own && (own.isBefore || run?.kind === 'job')) {
    const what = own.isBefore ? 'It has to end well before' : 'It is the job of'
    return `${what} ${own.deployment.target} #${own.deployment.number}: that deployment ends here, as stopped.`
  }
  if (run?.kind === 'task')
    return `It is one of the ${run.count} copies of ${task.target}: the sweep starts another one.`
  return 'Nothing that Farguard knows of starts another one. What started it may.'
}

async function protection({ cluster, arn }: TaskRecord, { stack }: Session): Promise<string | undefined> {
  try {
    const until = (await stack.fleet.taskProtection(cluster, [arn])).get(arn)
    return until && `from scaling in until ${utc(until.toISOString())}; a stop does not heed that`
  } catch (error) {
    if (error instanceof RefusedError || error instanceof RetryableError) return 'not known: ECS could not be asked'
    throw error
  }
}
