import { describe, expect, test } from 'vitest'
import { type Copies, monthlyAddition, sizeOf } from '../../shared/cost/additions.ts'
import { prices, running } from './priced.ts'

/** A dollar an hour each. */
const copies = (count: number, of: Parameters<typeof running>[0] = {}): Copies => ({ size: running(of), count })

describe('a deployment adds a month', () => {
  test.each<[string, Copies[], Copies[], number]>([
    ['all of it, where nothing ran', [], [copies(2)], 1460],
    ['nothing, of the same size and number', [copies(3)], [copies(3)], 0],
    ['what the larger size costs more', [copies(2)], [copies(2, { memoryMib: 2048 })], 292],
    ['less than nothing, on ARM', [copies(2)], [copies(2, { architecture: 'arm64' })], -730],
    ['nothing as long as there are no copies', [copies(0)], [copies(0, { platformFamily: 'Plan 9' })], 0],
  ])('%s', (_, before, after, usd) =>
    expect(monthlyAddition(before, after, prices())).toEqual({ usd: expect.closeTo(usd, 6) }),
  )

  test.each<[string, Copies[], Copies[]]>([
    ['before', [copies(1, { platformFamily: 'Plan 9' })], [copies(1)]],
    ['after', [copies(1)], [copies(1, { capacityProvider: 'FARGATE_SPOT' })]],
  ])('not known where the price %s is not', (_, before, after) =>
    expect(monthlyAddition(before, after, prices())).toEqual({ unknown: expect.any(String) }),
  )
})

test.each([
  [
    'as DescribeTaskDefinition words it',
    {
      cpu: '256',
      memory: '512',
      ephemeralStorage: { sizeInGiB: 40 },
      runtimePlatform: { operatingSystemFamily: 'LINUX', cpuArchitecture: 'ARM64' },
    },
    { cpu: 256, memoryMib: 512, ephemeralStorageGib: 40, platformFamily: 'LINUX', architecture: 'ARM64' },
  ],
  ['as people write it', { cpu: '.5 vCPU', memory: '1 GB' }, { cpu: 512, memoryMib: 1024 }],
  ['silent', {}, {}],
  ['odd', { cpu: ['256'], memory: 'much', runtimePlatform: 'linux' }, {}],
])('the size of a revision: %s', (_, definition, size) => {
  const family = { family: 'web', containerDefinitions: [] }
  expect(sizeOf({ ...family, ...definition }, { publicIp: true })).toEqual({ ...size, publicIp: true })
})
