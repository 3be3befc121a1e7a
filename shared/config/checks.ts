/** What must be right between the parts of farguard.yml: rules that no single field can know. */
import { checkDefinition } from './definition-checks.ts'
import { entriesOf, isWritten, type Lenient } from './lenient.ts'
import { type Finding, type Path, quote } from './problems.ts'
import { checkRollout } from './rollout-checks.ts'
import type { FileInput, TargetInput } from './schema.ts'

/** All that is wrong between and within targets, as far as their fields are sound. */
export function checkTargets(file: Lenient<FileInput> | undefined): Finding[] {
  const targets = entriesOf(file?.targets)
  return [...targets.flatMap(([name, target]) => checkTarget(name, target)), ...sharedServices(targets)]
}

type LenientTarget = Lenient<TargetInput>

/** Two targets on one service would deploy over each other for ever. */
function sharedServices(targets: readonly [string, LenientTarget][]): Finding[] {
  const first = new Map<string, string>()
  return targets.flatMap(([name, target]) => {
    if (target.run !== 'service') return []
    if (
      ['service', 'cluster'].some(key => isWritten(target, key as 'service') && target[key as 'service'] === undefined)
    )
      return []
    const [cluster, service] = [target.cluster ?? 'default', target.service ?? name]
    const owner = first.get(`${cluster}/${service}`)
    if (owner === undefined) {
      first.set(`${cluster}/${service}`, name)
      return []
    }
    const message = `service ${quote(service)} in cluster ${quote(cluster)} is ${owner}'s already. Name another service, or keep one of the two`
    return [value(['targets', name, ...(isWritten(target, 'service') ? ['service'] : [])], message)]
  })
}

function checkTarget(name: string, target: LenientTarget): Finding[] {
  const path = ['targets', name]
  const definition = typeof target.taskDefinition === 'object' ? target.taskDefinition : undefined
  return [
    ...(target.run === 'service' ? notForServices(path, target) : []),
    ...(target.run === 'task' || target.run === 'job' ? checkStandalone(path, target) : []),
    ...(definition ? checkDefinition([...path, 'taskDefinition'], definition) : []),
    ...(definition ? checkPushedContainer(path, target, definition) : []),
    ...checkNetwork([...path, 'network'], target.network),
    ...checkRollout(path, target),
  ]
}

function notForServices(path: Path, target: LenientTarget): Finding[] {
  const owned = {
    count: 'its desired count',
    capacity: 'its launch type or capacity providers',
    network: 'its network',
  } as const
  return Object.entries(owned)
    .filter(([key]) => isWritten(target, key as keyof typeof owned))
    .map(([key, what]) => ({
      path: [...path, key],
      at: 'key',
      message: `a service has ${what} of its own in ECS, and keeps it. Remove this key`,
    }))
}

function checkStandalone(path: Path, target: LenientTarget): Finding[] {
  const findings: Finding[] = []
  if (isWritten(target, 'service')) {
    findings.push({
      path: [...path, 'service'],
      at: 'key',
      message: `only a service target has one. Remove this key, or write run: service`,
    })
  }
  if (target.run === 'job' && isWritten(target, 'count')) {
    findings.push({
      path: [...path, 'count'],
      at: 'key',
      message: 'a job runs once for each push. Remove this key, or write run: task',
    })
  }
  if (!isWritten(target, 'network')) {
    findings.push(
      value(
        [...path, 'network'],
        `is missing: a ${target.run} runs in no network without one. Try { subnets: [subnet-0a1b2c3d4e5f67890] }`,
      ),
    )
  }
  if (!isWritten(target, 'taskDefinition')) {
    findings.push(
      value(
        [...path, 'taskDefinition'],
        `is missing: a ${target.run} has no service to take it from. Try the name of a family, or write it out`,
      ),
    )
  }
  const system = typeof target.taskDefinition === 'object' ? target.taskDefinition.operatingSystem : undefined
  if (system?.startsWith('windows') && target.capacity?.startsWith('spot')) {
    findings.push(value([...path, 'capacity'], 'Fargate Spot does not run Windows. Try on-demand'))
  }
  return findings
}

type LenientDefinition = Exclude<NonNullable<LenientTarget['taskDefinition']>, string>

/** The one container without an image runs what was pushed. */
function checkPushedContainer(path: Path, target: LenientTarget, definition: LenientDefinition): Finding[] {
  if (!definition.containers) return []
  const containers = Object.entries(definition.containers)
  const place = [...path, 'taskDefinition', 'containers']
  const pushed = containers
    .filter(([, container]) => container !== undefined && !isWritten(container, 'image'))
    .map(([name]) => name)
  const unsound = containers.some(([, container]) => container === undefined)
  const findings: Finding[] = []
  if (pushed.length === 0 && containers.length > 0 && !unsound) {
    findings.push(
      value(
        place,
        'each container has an image of its own, so that none would run the pushed one. Remove image from one',
      ),
    )
  }
  if (pushed.length > 1) {
    const others = pushed.slice(1)
    findings.push(
      ...others.map(name =>
        value(
          [...place, name],
          `has no image, as ${pushed[0]} has none: only one runs the pushed image. Give this one an image`,
        ),
      ),
    )
  }
  const named = target.container
  if (named === undefined) return findings
  if (!containers.some(([name]) => name === named)) {
    findings.push(
      value(
        [...path, 'container'],
        `${quote(named)} is none of this definition's containers. Try ${pushed[0] ?? containers[0]?.[0] ?? 'app'}`,
      ),
    )
  } else if (pushed.length === 1 && pushed[0] !== named) {
    findings.push(
      value(
        [...path, 'container'],
        `${quote(named)} has an image of its own; the pushed one runs in ${pushed[0]}. Try ${pushed[0]}`,
      ),
    )
  }
  return findings
}

function checkNetwork(path: Path, network: LenientTarget['network']): Finding[] {
  return (['subnets', 'securityGroups'] as const).flatMap(key => {
    const ids = network?.[key] ?? []
    return ids.flatMap((id, index) =>
      id !== undefined && ids.indexOf(id) < index
        ? [value([...path, key, index], `${id} is in the list twice. Keep one`)]
        : [],
    )
  })
}

function value(path: Path, message: string): Finding {
  return { path, at: 'value', message }
}
