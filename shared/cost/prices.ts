/** What Fargate costs here: the Price List's figures where they are on record, else the committed table's. */
import type { CostSettings } from '../config/config.ts'
import type { GuardWorld, RegionPrices, StoredRecord, Table } from '../ports.ts'
import { priceTable, tableDate } from './price-table.ts'

export interface Prices {
  region: string
  /** Absent: nothing is known of this Region. */
  list?: RegionPrices
  /** When the figures were the list's, ISO 8601. */
  asOf: string
  source: 'table' | 'price-list'
  /** Why they are not newer, in one line for people. */
  problem?: string
  settings: CostSettings
}

/** What is on record of a Region's prices. */
interface Asked {
  /** The last try, whatever came of it. */
  triedAt: string
  list?: RegionPrices
  asOf?: string
  failed?: string
}

const pk = 'PRICES'
const schema = 1
const dayMs = 24 * 3600_000

export async function readPrices(table: Table, region: string, settings: CostSettings): Promise<Prices> {
  const asked = (await table.get(pk, region)) as (StoredRecord & Asked) | undefined
  return pricesOf(region, settings, settings.refresh ? asked : undefined)
}

function pricesOf(region: string, settings: CostSettings, asked: Asked | undefined): Prices {
  const { list, asOf, failed } = asked ?? {}
  const problem = failed === undefined ? {} : { problem: failed }
  if (list && asOf !== undefined) return { region, list, asOf, source: 'price-list', ...problem, settings }
  const committed = priceTable[region]
  return { region, ...(committed && { list: committed }), asOf: tableDate, source: 'table', ...problem, settings }
}

/** Asks the Price List where that is allowed and a day has passed since the last try. What is known stays when it fails, and the failure is said. */
export async function refreshPrices(
  world: Pick<GuardWorld, 'table' | 'clock' | 'priceList' | 'log'>,
  region: string,
  settings: CostSettings,
): Promise<Prices> {
  const seen = (await world.table.get(pk, region)) as (StoredRecord & Asked) | undefined
  const now = world.clock.now()
  if (!settings.refresh) return pricesOf(region, settings, undefined)
  if (seen && Math.abs(now.getTime() - Date.parse(seen.triedAt)) < dayMs) return pricesOf(region, settings, seen)
  const asked = await ask(world, region, seen)
  const version = (seen?.version ?? 0) + 1
  const record = { ...asked, pk, sk: region, schema, version, at: asked.triedAt }
  // Where somebody else asked meanwhile, both answers are as good.
  await world.table.put(record, seen ? { version: seen.version } : 'absent')
  return pricesOf(region, settings, asked)
}

async function ask(
  { clock, priceList, log }: Pick<GuardWorld, 'clock' | 'priceList' | 'log'>,
  region: string,
  seen: Asked | undefined,
): Promise<Asked> {
  const triedAt = clock.now().toISOString()
  const kept = { ...(seen?.list && { list: seen.list }), ...(seen?.asOf !== undefined && { asOf: seen.asOf }) }
  try {
    const list = await priceList.pricesOf(region)
    if (list?.linux?.x86 ?? list?.linux?.arm ?? list?.windows)
      return { triedAt, asOf: triedAt, ...filled(list, seen?.list ?? priceTable[region], region) }
    const failed = `The Price List names no price of Fargate in ${region}: the figures are older ones`
    log.warn('no prices', { region })
    return { triedAt, ...kept, failed }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    log.warn('prices not refreshed', { region, error: said })
    return { triedAt, ...kept, failed: `Prices of ${region} were not refreshed at ${triedAt}: ${said}` }
  }
}

/** An answer that was cut, or has two prices of one thing, takes nothing away that was known: what it lacks stays as it was, and that is said. */
function filled(list: RegionPrices = {}, older: RegionPrices = {}, region: string): Pick<Asked, 'list' | 'failed'> {
  const linux = { ...older.linux, ...list.linux }
  const all = { ...older, ...list, ...(Object.keys(linux).length > 0 && { linux }) }
  const lacking = Object.keys(names).filter(name => partOf(older, name) && !partOf(list, name))
  if (lacking.length === 0) return { list: all }
  const what = lacking.map(name => names[name as Part]).join(', ')
  return { list: all, failed: `The Price List names no price of ${what} in ${region}: the older one counts` }
}

const names = {
  x86: 'Linux on x86',
  arm: 'Linux on ARM',
  windows: 'Windows',
  storagePerGb: 'ephemeral storage',
  publicIpv4: 'public IPv4 addresses',
}

type Part = keyof typeof names

function partOf({ linux, ...others }: RegionPrices, name: string): unknown {
  return { ...linux, ...others }[name as Part]
}
