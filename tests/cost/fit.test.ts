import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Importance } from '../../shared/config/config.ts'
import { type Candidate, fitting } from '../../shared/cost/fit.ts'

const candidate = (id: string, perHourUsd: number, importance: Importance = 'normal', canStop = true): Candidate => ({
  id,
  perHourUsd,
  importance,
  canStop,
})

const five = [
  candidate('web', 4, 'critical'),
  candidate('api', 3),
  candidate('batch', 2),
  candidate('dev-b', 1, 'expendable'),
  candidate('dev-a', 1, 'expendable'),
]

describe('what is stopped for ten hours', () => {
  test.each<[string, number, Candidate[], string[] | undefined]>([
    ['nothing, when nothing is too much', 0, five, []],
    ['nothing, when it is less than nothing', -5, five, []],
    ['one that is expendable, by its name', 10, five, ['dev-a']],
    ['both', 11, five, ['dev-a', 'dev-b']],
    [
      'a normal one only when the expendable ones are not enough, and then those that are needed still',
      25,
      five,
      ['api'],
    ],
    ['the dearest first', 35, five, ['api', 'dev-a']],
    ['all that may be', 70, five, ['api', 'batch', 'dev-a', 'dev-b']],
    ['none, when even that is not enough', 70.01, five, undefined],
    ['none, when what would be enough is protected', 10, [candidate('web', 4, 'normal', false)], undefined],
    ['none, when there is nothing', 1, [], undefined],
    ['none of what costs nothing', 1, [candidate('free', 0)], undefined],
  ])('%s', (_, excess, candidates, ids) => {
    const set = fitting(candidates, 10, excess)
    expect(set && [...set].toSorted()).toEqual(ids)
  })

  test('at the very end of a period nothing can be saved', () => {
    expect(fitting(five, 0, 1)).toBeUndefined()
    expect(fitting(five, 0, 0)).toEqual(new Set())
  })
})

test('whatever runs: it fits, nothing in it is spare, nothing is taken that must not be, and no normal one where expendable ones do', () => {
  const candidates = fc.uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 3 }),
      importance: fc.constantFrom<Importance>('expendable', 'normal', 'critical'),
      perHourUsd: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.double({ min: 0, max: 5, noNaN: true })),
      canStop: fc.boolean(),
    }),
    { selector: ({ id }) => id, maxLength: 12 },
  )
  const sum = (of: readonly Candidate[]) => of.reduce((total, { perHourUsd }) => total + perHourUsd * 3, 0)
  const cent = 1e-5
  fc.assert(
    fc.property(candidates, fc.double({ min: 0.01, max: 60, noNaN: true }), (all, excess) => {
      const allowed = all.filter(({ canStop, importance }) => canStop && importance !== 'critical')
      const set = fitting(all, 3, excess)
      if (!set) {
        expect(sum(allowed)).toBeLessThan(excess + cent)
        return
      }
      const chosen = all.filter(({ id }) => set.has(id))
      expect(chosen).toHaveLength(set.size)
      for (const each of chosen) expect(allowed).toContain(each)
      expect(sum(chosen)).toBeGreaterThan(excess - cent)
      for (const each of chosen) expect(sum(chosen.filter(other => other !== each))).toBeLessThan(excess + cent)
      if (chosen.some(({ importance }) => importance === 'normal'))
        expect(sum(allowed.filter(({ importance }) => importance === 'expendable'))).toBeLessThan(excess + cent)
      const shuffled = all.toReversed()
      expect(fitting(shuffled, 3, excess)).toEqual(set)
    }),
  )
})

test('of 100,000 workloads', () => {
  const all = Array.from({ length: 100_000 }, (_, nth) =>
    candidate(`task:demo/${nth}`, (nth % 977) / 100, nth % 3 === 0 ? 'expendable' : 'normal'),
  )
  const total = all.reduce((sum, { perHourUsd }) => sum + perHourUsd, 0)
  const before = process.cpuUsage()
  expect(fitting(all, 1, total * 0.9)?.size).toBeGreaterThan(50_000)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1000).toBeLessThan(1000)
})
