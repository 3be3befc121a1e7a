/** Repairs whatever events missed: tasks on record, rollouts brought on, copies that are missing, images that nobody deployed. */
import { clustersOf } from '../config/clusters.ts'
import type { Config, Target } from '../config/config.ts'
import { carryOn } from '../deploy/advance.ts'
import { noticeMissing } from '../deploy/in-use.ts'
import type { KnownTarget } from '../deploy/records.ts'
import { deployBest, imagesOf } from '../deploy/sweep-images.ts'
import type { World } from '../ports.ts'
import { keepCopies, type OwnTask } from './copies.ts'
import { knownServices } from './known-services.ts'
import { Places } from './places.ts'
import { keepService } from './services.ts'
import { sweepTasks } from './tasks.ts'
import { readRest, recordRepairs, writeRest } from './work-list.ts'

export interface SweepReport {
  /** What was not as it should be and is mended, or on its way; one line each. */
  repaired: string[]
  /** What could not be looked at or mended: the next sweep comes to it again. */
  failed: string[]
  /** Not begun, because too little time was left: the next sweep begins with it. */
  left: string[]
}

/** One thing to look at: `cluster:demo`, `target:web`, `repository:acme/web`. */
type Unit = string

/** `hasTime`: false once nothing further is to be begun. Two sweeps of a quiet account in a row write nothing the second time. */
export async function sweep(config: Config, world: World, hasTime: () => boolean): Promise<SweepReport> {
  const report: SweepReport = { repaired: [], failed: [], left: [] }
  const rest = await readRest(world.table)
  const units = inOrder(unitsOf(config), rest?.units ?? [])
  const places = await Places.read(world.table, config)
  const run = new Sweep(config, places, world, report)
  for (const [index, unit] of units.entries()) {
    if (!hasTime()) {
      report.left = units.slice(index)
      break
    }
    await run.look(unit)
  }
  await writeRest(world.table, report.left, rest, world.clock.now())
  await places.write(world.clock.now())
  await recordRepairs(world.table, report, world.clock.now())
  const { repaired, failed, left } = report
  world.log.info('swept', { repaired, failed, ...(left.length > 0 && { left: left.length }) })
  return report
}

/** Clusters first: what rollouts and copies are judged by is on record then. */
function unitsOf(config: Config): Unit[] {
  const { targets } = config
  const clusters = clustersOf(config).map(name => `cluster:${name}`)
  const repositories = new Set(targets.map(({ repository }) => `repository:${repository}`))
  return [...clusters, ...targets.map(({ name }) => `target:${name}`), ...repositories]
}

/** What the last sweep had no time for comes first, so that no end of a long list is never reached. */
function inOrder(units: readonly Unit[], rest: readonly Unit[]): Unit[] {
  const first = rest.filter(unit => units.includes(unit))
  return [...first, ...units.filter(unit => !first.includes(unit))]
}

class Sweep {
  readonly #config: Config
  readonly #places: Places
  readonly #world: World
  readonly #report: SweepReport
  /** Tasks that Farguard started, by target; of the clusters that were looked at. */
  readonly #own = new Map<string, OwnTask[]>()
  readonly #services: World
  /** What is on record of the targets that were looked at and are settled. Whoever acts reads it again. */
  readonly #known = new Map<string, KnownTarget>()

  constructor(config: Config, places: Places, world: World, report: SweepReport) {
    this.#config = config
    this.#places = places
    this.#world = world
    this.#report = report
    this.#services = knownServices(config, world)
  }

  /** A unit that fails keeps no other one from its turn. */
  async look(unit: Unit): Promise<void> {
    const [kind, name = ''] = unit.split(/:(.*)/s)
    try {
      if (kind === 'cluster') await this.#cluster(name)
      else if (kind === 'target') await this.#target(name)
      else await this.#repository(name)
    } catch (error) {
      this.#world.log.error('not swept', { unit, error })
      this.#report.failed.push(`${unit}: ${error instanceof Error ? error.message : error}`)
    }
  }

  async #cluster(cluster: string): Promise<void> {
    const targets = this.#places.targetsIn(cluster)
    const { repaired, own, without } = await sweepTasks(cluster, targets, this.#config, this.#world)
    for (const target of without) this.#places.areEmpty(cluster, target)
    for (const each of own) this.#own.set(each.target, [...(this.#own.get(each.target) ?? []), each])
    for (const { name, cluster: of } of this.#config.targets)
      if (of === cluster && !this.#own.has(name)) this.#own.set(name, [])
    this.#report.repaired.push(...repaired)
  }

  async #target(name: string): Promise<void> {
    const target = this.#find(name)
    const { outcome, hasMoved, settled } = await carryOn(target, this.#world)
    if (hasMoved)
      this.#report.repaired.push(
        `target ${name}: its rollout went on: ${'detail' in outcome ? outcome.detail : outcome.kind}`,
      )
    if (outcome.kind === 'retryable' || outcome.kind === 'permanent')
      this.#report.failed.push(`target ${name}: ${outcome.detail}`)
    if (!settled) return
    this.#known.set(name, settled)
    this.#report.repaired.push(
      ...(await keepCopies(target, settled, this.#own.get(name), this.#world)),
      ...(await keepService(target, settled, this.#services, this.#world)),
    )
  }

  async #repository(repository: string): Promise<void> {
    const targets = this.#config.targets.filter(target => target.repository === repository)
    const images = await imagesOf(repository, this.#world)
    const outcomes = await deployBest(images, targets, this.#world, { services: this.#services, known: this.#known })
    for (const [name, outcome] of outcomes) {
      if (outcome.kind === 'done') this.#report.repaired.push(`target ${name}: ${outcome.what}`)
      if (outcome.kind === 'retryable' || outcome.kind === 'permanent')
        this.#report.failed.push(`target ${name}: ${outcome.detail}`)
    }
    this.#report.repaired.push(...(await noticeMissing(repository, images, targets, this.#known, this.#world)))
  }

  #find(name: string): Target {
    const target = this.#config.targets.find(each => each.name === name)
    if (target) return target
    throw new TypeError(`There is no target ${name} to sweep`)
  }
}
