/** What must be right between the parts of a task definition: what ECS would refuse at the first push is said here. */
import { checkContainers } from './container-checks.ts'
import type { DefinitionInput } from './definition-schema.ts'
import { cpuSizes, memoriesFor } from './fargate-sizes.ts'
import { entriesOf, isWritten, type Lenient } from './lenient.ts'
import { either, type Finding, type Path, quote } from './problems.ts'
import { readCpu, readMemory } from './quantities.ts'

type LenientDefinition = Lenient<DefinitionInput>

/** All that is wrong within a definition, as far as its fields are sound. */
export function checkDefinition(path: Path, definition: LenientDefinition): Finding[] {
  return [
    ...checkSize(path, definition),
    ...checkWindows(path, definition),
    ...checkVolumes(path, definition),
    ...checkContainers(path, definition),
  ]
}

function checkSize(path: Path, definition: LenientDefinition): Finding[] {
  if (definition.cpu === undefined) return []
  const windows = definition.operatingSystem?.startsWith('windows') ?? false
  const os = windows ? 'windows' : 'linux'
  const cpu = readCpu(definition.cpu)
  if (cpu === undefined) return []
  const sizes = cpuSizes(os)
  if (!sizes.includes(cpu)) {
    const message = `${cpu} CPU units are no size of Fargate${windows ? ' for Windows' : ''}. Try ${either(neighbours(cpu, sizes))}`
    return [value([...path, 'cpu'], message)]
  }
  const memory = definition.memory === undefined ? undefined : readMemory(definition.memory)
  const memories = memoriesFor(cpu, os)
  if (memory === undefined || memories.includes(memory)) return []
  const near = memories.length <= 4 ? memories : neighbours(memory, memories)
  return [value([...path, 'memory'], `${memory} MiB does not go with ${cpu} CPU units. Try ${either(near)}`)]
}

function neighbours(wanted: number, sizes: readonly number[]): number[] {
  const [below, above] = [sizes.findLast(size => size < wanted), sizes.find(size => size > wanted)]
  return [below, above].filter(size => size !== undefined)
}

/** From the ECS developer guide: considerations for Windows containers on Fargate. */
function checkWindows(path: Path, definition: LenientDefinition): Finding[] {
  if (!definition.operatingSystem?.startsWith('windows')) return []
  const findings: Finding[] = []
  if (definition.architecture === 'arm64')
    findings.push(value([...path, 'architecture'], 'Fargate runs Windows on x86_64 only. Try x86_64'))
  if (isWritten(definition, 'ephemeralStorage')) {
    findings.push({
      path: [...path, 'ephemeralStorage'],
      at: 'key',
      message: 'can not be chosen for Windows. Remove this key',
    })
  }
  for (const [name, volume] of entriesOf(definition.volumes)) {
    if (isWritten(volume, 'efs'))
      findings.push(value([...path, 'volumes', name, 'efs'], 'Fargate has no EFS for Windows. Remove this volume'))
  }
  for (const [name, container] of entriesOf(definition.containers)) {
    const linuxOnly = (['linuxParameters', 'user', 'ulimits', 'firelens'] as const).filter(key =>
      isWritten(container, key),
    )
    findings.push(
      ...linuxOnly.map(
        (key): Finding => ({
          path: [...path, 'containers', name, key],
          at: 'key',
          message: 'is for Linux only. Remove this key',
        }),
      ),
    )
  }
  return findings
}

function checkVolumes(path: Path, definition: LenientDefinition): Finding[] {
  const findings: Finding[] = []
  const declared = Object.keys(definition.volumes ?? {})
  const volumesAreSound = !isWritten(definition, 'volumes') || definition.volumes !== undefined
  const mounted = new Set<string>()
  for (const [name, container] of entriesOf(definition.containers)) {
    for (const [index, mount] of (container.mounts ?? []).entries()) {
      if (mount?.volume === undefined) continue
      mounted.add(mount.volume)
      if (!volumesAreSound || declared.includes(mount.volume)) continue
      const hint = declared.length > 0 ? `Try ${either(declared)}` : `Add volumes: { ${mount.volume}: {} }`
      findings.push(
        value(
          [...path, 'containers', name, 'mounts', index, 'volume'],
          `${quote(mount.volume)} is none of the volumes. ${hint}`,
        ),
      )
    }
  }
  for (const [name, volume] of entriesOf(definition.volumes)) {
    if (!mounted.has(name) && containersAreSound(definition)) {
      findings.push({
        path: [...path, 'volumes', name],
        at: 'key',
        message: 'no container mounts this volume. Add it to the mounts of one, or remove it',
      })
    }
    findings.push(...checkEfs([...path, 'volumes', name, 'efs'], volume.efs))
  }
  return findings
}

function containersAreSound(definition: LenientDefinition): boolean {
  if (!definition.containers) return false
  return Object.values(definition.containers).every(
    container =>
      container && (!isWritten(container, 'mounts') || container.mounts?.every(mount => mount?.volume !== undefined)),
  )
}

function checkEfs(path: Path, efs: NonNullable<NonNullable<LenientDefinition['volumes']>[string]>['efs']): Finding[] {
  if (!efs) return []
  const findings: Finding[] = []
  if (efs.transitEncryption === false && (isWritten(efs, 'accessPoint') || efs.iam === true)) {
    findings.push(value([...path, 'transitEncryption'], 'an access point and IAM want encrypted traffic. Try true'))
  }
  if (isWritten(efs, 'accessPoint') && efs.rootDirectory !== undefined && efs.rootDirectory !== '/') {
    findings.push(value([...path, 'rootDirectory'], 'the access point has its own. Remove this key'))
  }
  return findings
}

function value(path: Path, message: string): Finding {
  return { path, at: 'value', message }
}
