/** Where the containers of tasks write: group and stream in CloudWatch Logs, by their task definitions. */
import type { ContainerDefinition, Fleet, Task, TaskDefinitionRevision } from '../../shared/ports.ts'

export interface Stream {
  /** Id of the task. */
  task: string
  container: string
  group: string
  stream: string
}

export interface Streams {
  streams: Stream[]
  /** Why others can't be read, a sentence each. */
  without: string[]
  /** Names of all containers. */
  containers: string[]
}

/** `container`: this one only. */
export async function streamsOf(tasks: readonly Task[], container: string | undefined, fleet: Fleet): Promise<Streams> {
  const known = new Map<string, TaskDefinitionRevision | undefined>()
  const streams: Stream[] = []
  const without = new Set<string>()
  const containers = new Set<string>()
  for (const { arn, revision } of tasks) {
    const id = arn.slice(arn.lastIndexOf('/') + 1)
    if (revision === undefined) {
      without.add(`It is not on record which revision task ${id} runs.`)
      continue
    }
    if (!known.has(revision)) known.set(revision, await fleet.describeTaskDefinition(revision))
    const definition = known.get(revision)?.definition
    if (!definition) without.add(`ECS does not know revision ${revision} of task ${id} any more.`)
    for (const each of definition?.containerDefinitions ?? []) {
      containers.add(each.name)
      if (container !== undefined && each.name !== container) continue
      const place = placeOf(each, arn)
      if (typeof place === 'string') without.add(place)
      else streams.push({ task: id, container: each.name, ...place })
    }
  }
  return { streams, without: [...without], containers: [...containers] }
}

interface LogConfiguration {
  logDriver?: string
  options?: Record<string, string>
}

/** Group and stream; or why there are none to be read. */
function placeOf(
  { name, logConfiguration }: ContainerDefinition,
  arn: string,
): { group: string; stream: string } | string {
  const { logDriver, options = {} } = (logConfiguration ?? {}) as LogConfiguration
  if (logDriver === undefined)
    return `Container ${name} has no logConfiguration: what it writes is kept nowhere. Give it awslogs.`
  if (logDriver !== 'awslogs') return `Container ${name} logs by ${logDriver}, not to CloudWatch Logs: look there.`
  const { 'awslogs-group': group, 'awslogs-stream-prefix': prefix, 'awslogs-region': region } = options
  const [, , , ownRegion, , ownId] = arn.split(':')
  if (group === undefined || prefix === undefined)
    return `Container ${name} has awslogs without a group and stream prefix, which Fargate needs.`
  if (region !== undefined && ownRegion && region !== ownRegion)
    return `Container ${name} logs to group ${group} in Region ${region}, where this command does not look.`
  return { group, stream: `${prefix}/${name}/${ownId?.slice(ownId.lastIndexOf('/') + 1)}` }
}
