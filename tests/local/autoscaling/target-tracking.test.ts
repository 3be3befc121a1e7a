import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Movement,
  type Tracked,
  type Tracking,
  together,
  track,
} from '../../../local/account/autoscaling/target-tracking.ts'

const minute = 60_000
const now = Date.parse('2026-03-01T22:00:00Z')

const tracking: Tracking = {
  targetValue: 50,
  scaleOutCooldownMs: 5 * minute,
  scaleInCooldownMs: 5 * minute,
  isScaleInDisabled: false,
}
const of = (value: number | undefined, count: number) => Array.from({ length: count }, () => value)
const tracked = (more: Partial<Tracked>): Tracked => ({ desired: 4, min: 1, max: 10, minutes: [], now, ...more })

const out = (to: number): Movement => ({ kind: 'out', to })
const inTo = (to: number): Movement => ({ kind: 'in', to })
const stay: Movement = { kind: 'stay' }

describe('target tracking', () => {
  test.each<{ case: string; with?: Partial<Tracking>; given: Partial<Tracked>; expect: Movement }>([
    { case: 'no minutes at all', given: {}, expect: stay },
    { case: 'two minutes above', given: { minutes: of(90, 2) }, expect: stay },
    { case: 'three minutes above: in proportion', given: { minutes: of(90, 3) }, expect: out(8) },
    { case: 'above, with one that lacks', given: { minutes: [90, undefined, 90] }, expect: stay },
    {
      case: 'above, with the last two on their way',
      given: { minutes: [...of(90, 3), ...of(undefined, 2)] },
      expect: out(8),
    },
    { case: 'above, and nothing since', given: { minutes: [...of(90, 3), ...of(undefined, 3)] }, expect: stay },
    {
      case: 'below, with the last two on their way',
      given: { minutes: [...of(10, 15), ...of(undefined, 2)] },
      expect: inTo(1),
    },
    { case: 'below, and nothing since', given: { minutes: [...of(10, 15), ...of(undefined, 3)] }, expect: stay },
    { case: 'at the target', given: { minutes: of(50, 15) }, expect: stay },
    { case: 'above, at the maximum', given: { minutes: of(90, 3), max: 4 }, expect: stay },
    { case: 'above, near the maximum', given: { minutes: of(90, 3), max: 5 }, expect: out(5) },
    { case: 'above, when set beyond the maximum by hand', given: { minutes: of(90, 3), desired: 12 }, expect: stay },
    {
      case: 'above, when set below the minimum by hand',
      given: { minutes: of(60, 3), desired: 0, min: 2 },
      expect: out(2),
    },
    {
      case: 'above again while what was added comes up',
      given: { minutes: of(90, 3), desired: 8, lastOut: { at: now - minute, from: 4 } },
      expect: stay,
    },
    {
      case: 'above by more than what was added',
      given: { minutes: of(120, 3), desired: 8, lastOut: { at: now - minute, from: 4 } },
      expect: out(10),
    },
    {
      case: 'above after the cooldown',
      given: { minutes: of(60, 3), desired: 8, lastOut: { at: now - 5 * minute, from: 4 } },
      expect: out(10),
    },
    { case: 'fourteen minutes below', given: { minutes: of(10, 14) }, expect: stay },
    { case: 'fifteen minutes below', given: { minutes: of(10, 15) }, expect: inTo(1) },
    { case: 'below, by the busiest minute', given: { minutes: [30, ...of(10, 14)] }, expect: inTo(3) },
    { case: 'a little below', given: { minutes: of(46, 15) }, expect: stay },
    { case: 'below, at the minimum', given: { minutes: of(10, 15), min: 4 }, expect: stay },
    {
      case: 'below, when set below the minimum by hand',
      given: { minutes: of(10, 15), desired: 1, min: 3 },
      expect: stay,
    },
    {
      case: 'below, when set beyond the maximum by hand',
      given: { minutes: of(44, 15), desired: 12 },
      expect: inTo(10),
    },
    {
      case: 'below, with scaling in disabled',
      with: { isScaleInDisabled: true },
      given: { minutes: of(10, 15) },
      expect: stay,
    },
    {
      case: 'below, soon after scaling in',
      given: { minutes: of(10, 15), lastIn: { at: now - minute } },
      expect: stay,
    },
    {
      case: 'below, long after scaling in',
      given: { minutes: of(10, 15), lastIn: { at: now - 5 * minute } },
      expect: inTo(1),
    },
  ])('$case', ({ with: more, given, expect: movement }) => {
    expect(track({ ...tracking, ...more }, tracked(given))).toEqual(movement)
  })

  test('never moves a service within its bounds out of them, nor the other way than it says', () => {
    const facts = fc.record({
      min: fc.nat(5),
      more: fc.nat(10),
      desired: fc.nat(30),
      minutes: fc.array(fc.option(fc.double({ min: 0, max: 400, noNaN: true }), { nil: undefined }), { maxLength: 15 }),
    })
    fc.assert(
      fc.property(facts, ({ min, more, desired, minutes }) => {
        const movement = track(tracking, tracked({ min, max: min + more, desired, minutes }))
        if (movement.kind === 'stay') return
        expect(movement.to).toBeGreaterThanOrEqual(min)
        expect(movement.to).toBeLessThanOrEqual(min + more)
        expect(Math.sign(movement.to - desired)).toBe(movement.kind === 'out' ? 1 : -1)
      }),
    )
  })

  test.each<{ case: string; movements: Movement[]; disabled?: number; expect: Movement }>([
    { case: 'one says out', movements: [out(5), inTo(2)], expect: out(5) },
    { case: 'both say out', movements: [out(5), out(7)], expect: out(7) },
    { case: 'one says in', movements: [inTo(2), stay], expect: stay },
    { case: 'both say in', movements: [inTo(2), inTo(3)], expect: inTo(3) },
    { case: 'one says in, the other may not', movements: [inTo(2), stay], disabled: 1, expect: inTo(2) },
    { case: 'none', movements: [], expect: stay },
  ])('of several policies $case', ({ movements, disabled, expect: movement }) => {
    const all = movements.map((one, nth) => ({ movement: one, isScaleInDisabled: nth === disabled }))
    expect(together(all)).toEqual(movement)
  })
})
