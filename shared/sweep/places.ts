/** Where targets are and were: tasks of those that farguard.yml has no more, or has elsewhere, may still be on record as running. */
import type { Config } from '../config/config.ts'
import type { Table } from '../ports.ts'

const schema = 1
const key = { pk: 'SWEEP', sk: 'PLACES' }

/** `cluster/target`: neither name has a slash in it. */
type Named = string

export class Places {
  readonly #table: Table
  readonly #version: number
  readonly #before: readonly Named[]
  readonly #configured: ReadonlySet<Named>
  readonly #over = new Set<Named>()

  private constructor(table: Table, version: number, before: readonly Named[], { targets }: Config) {
    this.#table = table
    this.#version = version
    this.#before = before
    this.#configured = new Set(targets.map(({ name, cluster }) => `${cluster}/${name}`))
  }

  static async read(table: Table, config: Config): Promise<Places> {
    const record = await table.get(key.pk, key.sk)
    return new Places(table, record?.version ?? 0, (record?.places as Named[] | undefined) ?? [], config)
  }

  /** Names of the targets that run in a cluster, or did. */
  targetsIn(cluster: string): string[] {
    return this.#all().flatMap(place => {
      const [of, target = ''] = place.split('/')
      return of === cluster ? [target] : []
    })
  }

  /** The records take nothing of this target to run in this cluster. */
  areEmpty(cluster: string, target: string): void {
    this.#over.add(`${cluster}/${target}`)
  }

  /** Puts on record where to look the next time; nothing where that is as it was. */
  async write(now: Date): Promise<void> {
    const next = this.#all().filter(place => this.#configured.has(place) || !this.#over.has(place))
    if (next.join() === this.#before.join()) return
    const record = { ...key, schema, version: this.#version + 1, at: now.toISOString(), places: next }
    await this.#table.put(record, 'any')
  }

  #all(): Named[] {
    return [...new Set([...this.#before, ...this.#configured])].sort()
  }
}
