import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../local/account/clock.ts'
import { memoryTable } from '../../local/memory-table.ts'
import { priceTable } from '../../shared/cost/price-table.ts'
import { readPrices, refreshPrices } from '../../shared/cost/prices.ts'
import type { RegionPrices } from '../../shared/ports.ts'
import { list } from './priced.ts'

const region = 'eu-central-1'
const settings = { multiplier: 1, refresh: true }
const hour = 3600_000

/** A Price List that answers as the test says, and counts. */
function priced(answer: () => RegionPrices | undefined) {
  const clock = new SimulatedClock('2026-03-01T22:00:00Z')
  const warnings: string[] = []
  let asked = 0
  const log = { info: () => {}, warn: (message: string) => void warnings.push(message), error: () => {} }
  const priceList = {
    pricesOf: async () => {
      asked += 1
      return answer()
    },
  }
  const world = { table: memoryTable(), clock, priceList, log }
  return { world, clock, warnings, asked: () => asked, refresh: () => refreshPrices(world, region, settings) }
}

test('before anything was asked, the committed table counts', async () => {
  const { world } = priced(() => list)
  expect(await readPrices(world.table, region, settings)).toMatchObject({ list: priceTable[region], source: 'table' })
  expect(await readPrices(world.table, 'xx-east-1', settings)).not.toHaveProperty('list')
})

test('the Price List counts once it was asked, and is asked once a day', async () => {
  const { world, clock, asked, refresh } = priced(() => list)
  const expected = { list, asOf: '2026-03-01T22:00:00.000Z', source: 'price-list' }
  expect(await refresh()).toMatchObject(expected)
  await clock.advance(23 * hour)
  expect(await refresh()).toMatchObject(expected)
  expect(await readPrices(world.table, region, settings)).toMatchObject(expected)
  expect(asked()).toBe(1)
  await clock.advance(hour)
  expect(await refresh()).toMatchObject({ asOf: '2026-03-02T22:00:00.000Z' })
  expect(asked()).toBe(2)
})

test('where asking is not allowed nobody asks, and what was asked before does not count', async () => {
  const { world, asked, refresh } = priced(() => list)
  await refresh()
  const never = { ...settings, refresh: false }
  expect(await refreshPrices(world, region, never)).toMatchObject({ source: 'table' })
  expect(await readPrices(world.table, region, never)).toMatchObject({ source: 'table' })
  expect(asked()).toBe(1)
})

describe('an answer that lacks something', () => {
  const { publicIpv4: _, linux, ...others } = list

  test('leaves the older price of that, be it of an earlier answer or of the table, and says so', async () => {
    let answer: RegionPrices = { ...others, linux: { x86: { perVcpu: 1, perGb: 1 } } }
    const { world, clock, refresh } = priced(() => answer)
    const first = await refresh()
    const { arm } = priceTable[region]?.linux ?? {}
    expect(first.list).toEqual({ ...answer, linux: { x86: { perVcpu: 1, perGb: 1 }, arm }, publicIpv4: 0.005 })
    expect(first).toMatchObject({ source: 'price-list', asOf: '2026-03-01T22:00:00.000Z' })
    expect(first.problem).toBe(
      'The Price List names no price of Linux on ARM, public IPv4 addresses in eu-central-1: the older one counts',
    )
    expect(await readPrices(world.table, region, settings)).toEqual(first)
    answer = list
    await clock.advance(24 * hour)
    expect(await refresh()).toMatchObject({ list })
    answer = { linux: { arm: { perVcpu: 2, perGb: 2 } } }
    await clock.advance(24 * hour)
    const cut = await refresh()
    expect(cut.list).toEqual({ ...list, linux: { ...linux, arm: { perVcpu: 2, perGb: 2 } } })
    expect(cut.problem).toContain('Linux on x86, Windows, ephemeral storage, public IPv4 addresses')
  })

  test('of what nobody ever named leaves it not known', async () => {
    const { refresh } = priced(() => ({ linux: { x86: { perVcpu: 1, perGb: 1 } } }))
    const { list: found } = await refresh()
    expect(found).not.toHaveProperty('windows')
    expect(found).not.toHaveProperty('storagePerGb')
  })
})

describe('a failure', () => {
  const failures: [string, () => RegionPrices | undefined][] = [
    [
      'an error',
      () => {
        throw new Error('pricing:GetProducts was denied')
      },
    ],
    ['nothing', () => undefined],
    ['prices of nothing that runs', () => ({ publicIpv4: 0.005 })],
  ]
  test.each(failures)('%s keeps what there was, is said, and counts as the try of its day', async (_, fail) => {
    let answer: () => RegionPrices | undefined = () => list
    const { world, clock, warnings, asked, refresh } = priced(() => answer())
    await refresh()
    answer = fail
    await clock.advance(24 * hour)
    const failed = await refresh()
    expect(failed).toMatchObject({ list, asOf: '2026-03-01T22:00:00.000Z', problem: expect.any(String) })
    expect(await readPrices(world.table, region, settings)).toEqual(failed)
    await clock.advance(hour)
    await refresh()
    expect(asked()).toBe(2)
    expect(warnings).toHaveLength(1)
    await clock.advance(23 * hour)
    answer = () => list
    expect(await refresh()).not.toHaveProperty('problem')
  })

  test('at the first try leaves the committed table', async () => {
    const { refresh } = priced(() => {
      throw new Error('pricing:GetProducts was denied')
    })
    const prices = await refresh()
    expect(prices).toMatchObject({ list: priceTable[region], source: 'table' })
    expect(prices.problem).toBe(
      'Prices of eu-central-1 were not refreshed at 2026-03-01T22:00:00.000Z: pricing:GetProducts was denied',
    )
  })
})
