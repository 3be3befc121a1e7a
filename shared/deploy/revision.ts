/** The task definition that a deployment runs: what runs now, or what farguard.yml says, with only the image changed. */
import { createHash } from 'node:crypto'
import type { Target } from '../config/config.ts'
import type { ContainerDefinition, TaskDefinition } from '../ports.ts'
import { parseImageReference } from './image-reference.ts'
import { Problem } from './problem.ts'

/** The container of `definition` that runs the target's image. Throws Problem when that can't be told. */
export function containerOf(definition: TaskDefinition, target: Target): ContainerDefinition {
  const containers = definition.containerDefinitions
  const names = containers.map(each => each.name).join(', ')
  if (target.container !== undefined) {
    const named = containers.find(each => each.name === target.container)
    if (named) return named
    throw noContainer(`has no container ${target.container}, only ${names}. Correct targets.${target.name}.container`)
  }
  const imageless = containers.filter(each => each.image === undefined)
  const ofRepository = containers.filter(
    each => each.image !== undefined && parseImageReference(each.image).repository === target.repository,
  )
  const essential = containers.filter(each => each.essential !== false)
  const only = [imageless, ofRepository, essential].find(those => those.length === 1)?.[0]
  if (only) return only
  throw noContainer(
    `has several containers that ${target.repository} could be for: ${names}. Name one as targets.${target.name}.container`,
  )

  function noContainer(what: string): Problem {
    return new Problem('refuse', 'container-not-found', `Task definition ${definition.family} ${what}.`)
  }
}

/** The same definition, `container` on `image`, everything else as it was. */
export function withImage(definition: TaskDefinition, container: ContainerDefinition, image: string): TaskDefinition {
  return {
    ...definition,
    containerDefinitions: definition.containerDefinitions.map(each => (each === container ? { ...each, image } : each)),
  }
}

/**
 * What makes two definitions the same revision, as 64 hex digits. ECS fills in defaults when it describes a revision, so what
 * it answers can't be compared: only what we registered, by this.
 */
export function fingerprintOf(definition: TaskDefinition): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(definition)))
    .digest('hex')
}

/** Members in alphabetical order, at every depth; the order of lists is theirs. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(
    members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]),
  )
}
