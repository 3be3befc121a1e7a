import { describe, expect, test } from 'vitest'
import { priceTable, tableDate } from '../../shared/cost/price-table.ts'
import { type Priced, rateOf } from '../../shared/cost/rate.ts'
import { list, prices, running, without } from './priced.ts'

const spot = { capacityProvider: 'FARGATE_SPOT' }
const windows = { platformFamily: 'Windows Server 2022 Core' }

describe('an hour costs', () => {
  test.each<[string, Partial<Priced>, Parameters<typeof prices>, number]>([
    ['Linux on x86', {}, [], 1],
    ['a quarter of a vCPU and half a GB', { cpu: 256, memoryMib: 512 }, [], 0.3],
    ['ARM', { architecture: 'arm64' }, [], 0.5],
    ['ARM, as a task definition words it', { architecture: 'ARM64', platformFamily: 'LINUX' }, [], 0.5],
    ['Windows, with its licence', windows, [], 3],
    ['Windows, as a task definition words it', { platformFamily: 'WINDOWS_SERVER_2019_FULL' }, [], 3],
    ['20 GB of storage', { ephemeralStorageGib: 20 }, [], 1],
    ['120 GB of storage', { ephemeralStorageGib: 120 }, [], 2],
    ['a public address', { publicIp: true }, [], 1.05],
    ['a discount, of all of it', { publicIp: true, ephemeralStorageGib: 120 }, [{}, { multiplier: 0.8 }], 1.64],
    ['a discount on the licence too', windows, [{}, { multiplier: 0.5 }], 1.5],
    ['Spot, by its discount', spot, [{}, { spot: { discount: 0.7 } }], 0.3],
    ['Spot on ARM', { ...spot, architecture: 'arm64' }, [{}, { spot: { discount: 0.7 } }], 0.15],
    [
      'Spot and a discount, storage without the Spot one',
      { ...spot, ephemeralStorageGib: 120 },
      [{}, { spot: { discount: 0.5 }, multiplier: 0.8 }],
      1.2,
    ],
    [
      'Spot by rates that are paid as they are',
      spot,
      [{}, { spot: { rates: { 'eu-central-1': { perVcpu: 0.2, perGb: 0.1 } } }, multiplier: 0.5 }],
      0.3,
    ],
    ['on demand, where Spot has a price', { capacityProvider: 'FARGATE' }, [{}, { spot: { discount: 0.7 } }], 1],
  ])('%s', (_, of, [more, settings], usd) => {
    const { perHour } = rateOf({ ...running(), ...of }, prices(more, settings))
    expect(perHour).toEqual({ usd: expect.closeTo(usd, 12) })
  })
})

describe('not known, and why', () => {
  const { storagePerGb: _, ...noStorage } = list
  const { publicIpv4: __, ...noAddress } = list
  test.each<[string, Partial<Priced>, Parameters<typeof prices>, RegExp]>([
    ['no size', { cpu: Number.NaN }, [], /^ECS does not tell its CPU and memory$/],
    ['no memory', { memoryMib: 0 }, [], /^ECS does not tell its CPU and memory$/],
    ['an unknown system', { platformFamily: 'Plan 9' }, [], /platform family Plan 9/],
    ['an unknown processor', { architecture: 'riscv64' }, [], /processor riscv64/],
    [
      'ARM where the list has none',
      { architecture: 'arm64' },
      [{ list: { linux: {} } }],
      /Linux on ARM in eu-central-1/,
    ],
    ['Windows where the list has none', windows, [{ list: { linux: {} } }], /Windows in eu-central-1/],
    [
      'storage where the list has none',
      { ephemeralStorageGib: 21 },
      [{ list: noStorage }],
      /ephemeral storage above 20 GB/,
    ],
    [
      'an address where the list has none',
      { publicIp: true },
      [{ list: noAddress }],
      /public IPv4 address in eu-central-1/,
    ],
    ['Spot without a setting', spot, [], /Set cost\.spot in farguard\.yml/],
    ['Spot without a rate here', spot, [{}, { spot: { rates: {} } }], /Set cost\.spot\.rates\.eu-central-1/],
    ['Spot on Windows', { ...spot, ...windows }, [{}, { spot: { discount: 0.7 } }], /no Spot price of Windows/],
  ])('%s', (_, of, [more, settings], unknown) => {
    const { perHour } = rateOf({ ...running(), ...of }, prices(more, settings))
    expect(perHour).toEqual({ unknown: expect.stringMatching(unknown) })
  })

  test('a Region that nothing is known of, with what came of asking', () => {
    const { list: _list, ...bare } = prices({ region: 'xx-east-1', problem: 'The Price List was denied' })
    expect(rateOf(running(), bare).perHour).toEqual({
      unknown: 'No price of Fargate in xx-east-1 is known. The Price List was denied',
    })
  })
})

test('what ECS does not say is taken as a task definition that is silent on it, and said', () => {
  const silent = without(running(), 'architecture', 'platformFamily')
  const { perHour, assumes, leavesOut } = rateOf(silent, prices())
  expect(perHour).toEqual({ usd: 1 })
  expect(assumes).toHaveLength(2)
  expect(leavesOut).toEqual(['public IPv4 addresses'])
  expect(rateOf({ ...running(), publicIp: false }, prices())).toEqual({
    perHour: { usd: 1 },
    assumes: [],
    leavesOut: [],
  })
  expect(rateOf({ ...without(running(), 'architecture'), ...windows }, prices()).assumes).toEqual([])
})

describe('the committed table', () => {
  test('the smallest task in us-east-1 costs a month what AWS says it does: $9.01 of 730 hours', () => {
    const { perHour } = rateOf(running({ cpu: 256, memoryMib: 512 }), prices({ list: priceTable['us-east-1'] ?? {} }))
    expect(perHour).toEqual({ usd: expect.closeTo(9.01 / 730, 5) })
  })

  test.each(Object.entries(priceTable))(
    '%s: ARM is cheaper than x86, memory than CPU, and nothing is free',
    (_, region) => {
      const { x86, arm } = region.linux ?? {}
      expect(x86?.perVcpu).toBeGreaterThan(arm?.perVcpu ?? 0)
      expect(x86?.perGb).toBeGreaterThan(arm?.perGb ?? 0)
      const figures = JSON.stringify(region).match(/[\d.]+(?=[,}])/g) ?? []
      for (const figure of figures.map(Number)) {
        expect(figure).toBeGreaterThan(0)
        expect(figure).toBeLessThan(0.2)
      }
      expect(x86?.perVcpu).toBeGreaterThan(5 * (x86?.perGb ?? 1))
    },
  )

  test('says of when it is', () => expect(new Date(tableDate).toISOString()).toBe(`${tableDate}T00:00:00.000Z`))
})
