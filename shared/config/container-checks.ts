/** What must be right between the containers of a task definition. */
import type { ContainerInput } from './container-schema.ts'
import type { DefinitionInput } from './definition-schema.ts'
import { entriesOf, isWritten, type Lenient } from './lenient.ts'
import { either, type Finding, type Path, quote } from './problems.ts'
import { readCpu, readMemory, readPort } from './quantities.ts'

type LenientContainer = Lenient<ContainerInput>
type Named = [name: string, container: LenientContainer]

/** All that is wrong within and between containers, as far as their fields are sound. */
export function checkContainers(path: Path, definition: Lenient<DefinitionInput>): Finding[] {
  const place = [...path, 'containers']
  const containers = entriesOf(definition.containers)
  const allSound = containers.length === Object.keys(definition.containers ?? {}).length
  return [
    ...(allSound ? checkEssential(place, containers) : []),
    ...checkPorts(place, containers),
    ...checkDependencies(place, containers, Object.keys(definition.containers ?? {})),
    ...checkShares(place, definition, containers),
    ...containers.flatMap(([name, container]) => checkContainer([...place, name], container)),
    ...(allSound ? checkFirelens(place, containers) : []),
  ]
}

function checkEssential(place: Path, containers: readonly Named[]): Finding[] {
  if (containers.length === 0 || containers.some(([, { essential }]) => essential !== false)) return []
  return [
    value(
      place,
      'no container is essential, so that the task would never end with one. Remove essential: false from one',
    ),
  ]
}

/** Containers of a task share one network: a port can be taken once. */
function checkPorts(place: Path, containers: readonly Named[]): Finding[] {
  const owners = new Map<string, string>()
  const names = new Set<string>()
  return containers.flatMap(([name, container]) =>
    (container.ports ?? []).flatMap((entry, index) => {
      const where = [...place, name, 'ports', index]
      const named = typeof entry === 'object' ? entry.name : undefined
      const written = typeof entry === 'object' ? entry.port : entry
      const port = written === undefined ? undefined : readPort(written)
      if (!port) return []
      const key = `${port.port}/${port.protocol}`
      const owner = owners.get(key)
      const findings =
        owner === undefined
          ? []
          : [value(where, `${key} is taken by ${owner}: containers of a task share their ports. Choose another`)]
      if (owner === undefined) owners.set(key, name)
      if (named !== undefined && names.has(named))
        findings.push(value([...where, 'name'], `${quote(named)} is the name of another port. Choose another`))
      if (named !== undefined) names.add(named)
      if (typeof entry === 'object' && isWritten(entry, 'appProtocol') && !isWritten(entry, 'name')) {
        findings.push(value([...where, 'appProtocol'], 'goes with a name only. Add name'))
      }
      return findings
    }),
  )
}

function checkDependencies(place: Path, containers: readonly Named[], known: readonly string[]): Finding[] {
  const byName = new Map(containers)
  const findings = containers.flatMap(([name, container]) =>
    entriesOf(container.dependsOn).flatMap(([other, condition]) => {
      const where = [...place, name, 'dependsOn', other]
      if (other === name) return [key(where, 'a container can not wait for itself. Remove it')]
      if (!known.includes(other))
        return [
          key(
            where,
            `${quote(other)} is none of the containers. Try ${either(known.filter(each => each !== name)) || 'removing it'}`,
          ),
        ]
      const target = byName.get(other)
      if (!target) return []
      if (condition === 'healthy' && !isWritten(target, 'healthCheck')) {
        return [value(where, `${other} has no health check to become healthy by. Add one, or try start`)]
      }
      if (
        (condition === 'complete' || condition === 'success') &&
        target.essential !== false &&
        !isBroken(target, 'essential')
      ) {
        return [
          value(
            where,
            `${other} is essential: the task would end when it does. Write essential: false there, or try start`,
          ),
        ]
      }
      return []
    }),
  )
  const circle = circleAmong(containers)
  if (circle)
    findings.push(
      key(
        [...place, circle[0] ?? '', 'dependsOn'],
        `the containers wait for each other: ${circle.join(' > ')}. Remove one of these`,
      ),
    )
  return findings
}

/** The names along the first circle of dependencies, its first one also at the end. */
function circleAmong(containers: readonly Named[]): string[] | undefined {
  const waitsFor = new Map(
    containers.map(([name, { dependsOn }]) => [name, Object.keys(dependsOn ?? {}).filter(other => other !== name)]),
  )
  const done = new Set<string>()
  const follow = (name: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name]
    if (done.has(name)) return undefined
    for (const other of waitsFor.get(name) ?? []) {
      const circle = follow(other, [...trail, name])
      if (circle) return circle
    }
    done.add(name)
    return undefined
  }
  for (const [name] of containers) {
    const circle = follow(name, [])
    if (circle) return circle
  }
  return undefined
}

/** What containers take must fit into the task. */
function checkShares(place: Path, definition: Lenient<DefinitionInput>, containers: readonly Named[]): Finding[] {
  const findings: Finding[] = []
  const cpu = definition.cpu === undefined ? undefined : readCpu(definition.cpu)
  const memory = definition.memory === undefined ? undefined : readMemory(definition.memory)
  const cpuTaken = containers.reduce((sum, [, container]) => sum + (container.cpu ?? 0), 0)
  if (cpu !== undefined && cpuTaken > cpu) {
    findings.push(
      value(place, `take ${cpuTaken} CPU units together, and the task has ${cpu}. Lower them, or raise the task's cpu`),
    )
  }
  let reserved = 0
  for (const [name, container] of containers) {
    const limit = container.memory === undefined ? undefined : readMemory(container.memory)
    const kept = container.memoryReservation === undefined ? undefined : readMemory(container.memoryReservation)
    reserved += kept ?? limit ?? 0
    if (memory !== undefined && limit !== undefined && limit > memory) {
      findings.push(
        value(
          [...place, name, 'memory'],
          `${limit} MiB is more than the task's ${memory}. Lower it, or raise the task's memory`,
        ),
      )
    }
    if (limit !== undefined && kept !== undefined && kept > limit) {
      findings.push(
        value([...place, name, 'memoryReservation'], `${kept} MiB is more than its memory of ${limit}. Lower it`),
      )
    }
  }
  const oneAlone = findings.some(finding => finding.path.at(-1) === 'memory')
  if (memory !== undefined && reserved > memory && !oneAlone) {
    findings.push(
      value(place, `take ${reserved} MiB together, and the task has ${memory}. Lower them, or raise the task's memory`),
    )
  }
  return findings
}

function checkContainer(path: Path, container: LenientContainer): Finding[] {
  return [
    ...checkVariables(path, container),
    ...checkHealthCheck(path, container),
    ...checkLogging(path, container),
    ...checkLimits(path, container),
  ]
}

function checkVariables(path: Path, container: LenientContainer): Finding[] {
  const both = Object.keys(container.secrets ?? {}).filter(name => Object.hasOwn(container.environment ?? {}, name))
  const findings = both.map(name =>
    key([...path, 'secrets', name], 'is in environment too, and a variable has one value. Keep one'),
  )
  if (isWritten(container, 'repositoryCredentials') && !isWritten(container, 'image')) {
    findings.push(
      key([...path, 'repositoryCredentials'], 'the pushed image comes from ECR, which needs none. Remove this key'),
    )
  }
  return findings
}

function checkHealthCheck(path: Path, container: LenientContainer): Finding[] {
  const command = container.healthCheck?.command
  if (!Array.isArray(command)) return []
  const [first, ...rest]: (string | undefined)[] = command
  const where = [...path, 'healthCheck', 'command']
  if (first === undefined) return []
  if (first !== 'CMD' && first !== 'CMD-SHELL')
    return [
      value([...where, 0], `a list begins with CMD or CMD-SHELL. Try [CMD, ${first}${rest.length > 0 ? ', …' : ''}]`),
    ]
  if (rest.length === 0)
    return [value(where, `${first} says nothing to run. Try [CMD-SHELL, curl -f http://localhost:8080/health]`)]
  if (first === 'CMD-SHELL' && rest.length > 1)
    return [value(where, 'CMD-SHELL takes one text. Put the command into one, or begin with CMD')]
  return []
}

function checkLogging(path: Path, container: LenientContainer): Finding[] {
  const logging = container.logging
  if (logging?.driver !== 'awslogs' || isBroken(logging, 'options')) return []
  const missing = ['awslogs-group', 'awslogs-region', 'awslogs-stream-prefix'].filter(
    option => !Object.hasOwn(logging.options ?? {}, option),
  )
  if (missing.length === 0) return []
  return [
    value(
      [...path, 'logging', 'options'],
      `on Fargate awslogs wants ${missing.join(', ')} too. Add ${missing.length === 1 ? 'it' : 'them'}`,
    ),
  ]
}

function checkLimits(path: Path, container: LenientContainer): Finding[] {
  const nofile = container.ulimits?.nofile
  if (
    typeof nofile !== 'object' ||
    nofile.soft === undefined ||
    nofile.hard === undefined ||
    nofile.soft <= nofile.hard
  )
    return []
  return [
    value(
      [...path, 'ulimits', 'nofile', 'soft'],
      `${nofile.soft} is above the hard limit of ${nofile.hard}. Try ${nofile.hard}`,
    ),
  ]
}

function checkFirelens(place: Path, containers: readonly Named[]): Finding[] {
  const routers = containers.filter(([, container]) => isWritten(container, 'firelens')).map(([name]) => name)
  const users = containers.filter(([, container]) => container.logging?.driver === 'awsfirelens').map(([name]) => name)
  const findings = routers
    .slice(1)
    .map(name => key([...place, name, 'firelens'], `${routers[0]} is the log router already. Keep one`))
  if (routers.length > 0) return findings
  return users.map(name =>
    value(
      [...place, name, 'logging', 'driver'],
      'awsfirelens wants a container that routes the logs. Add one with firelens: { type: fluentbit }',
    ),
  )
}

/** Written, but with a value that is reported already. */
function isBroken<Key extends string>(map: { readonly [K in Key]?: unknown }, name: Key): boolean {
  return isWritten(map, name) && map[name] === undefined
}

function value(path: Path, message: string): Finding {
  return { path, at: 'value', message }
}

function key(path: Path, message: string): Finding {
  return { path, at: 'key', message }
}
