import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../local/account/clock.ts'

const start = Date.parse('2026-03-01T22:00:00Z')

/** A clock, and the names of the timers that ran with the time each saw. */
function clockWithRecord() {
  const clock = new SimulatedClock(start)
  const ran: [string, number][] = []
  const note = (name: string) => () => void ran.push([name, clock.now().getTime() - start])
  return { clock, ran, note }
}

describe('the order of timers', () => {
  test('by time, and at one time in the order in which they were set', async () => {
    const { clock, ran, note } = clockWithRecord()
    for (const name of ['a', 'b', 'c', 'd', 'e']) clock.after(20, note(name))
    clock.after(10, note('early'))
    clock.after(30, note('late'))
    await clock.advance(30)
    expect(ran).toEqual([['early', 10], ...['a', 'b', 'c', 'd', 'e'].map(name => [name, 20]), ['late', 30]])
  })

  test('a timer set by another runs in the same advance when its time is reached, behind what was due then', async () => {
    const { clock, ran, note } = clockWithRecord()
    clock.after(10, () => {
      note('first')()
      clock.after(0, note('at once'))
      clock.after(5, note('a little later'))
      clock.after(100, note('not reached'))
    })
    clock.after(10, note('second'))
    await clock.advance(20)
    expect(ran).toEqual([
      ['first', 10],
      ['second', 10],
      ['at once', 10],
      ['a little later', 15],
    ])
    expect(clock.nextDue).toBe(start + 110)
  })

  test('whatever is set and cancelled: the same as sorting what is left by time, then by when it was set', async () => {
    const plan = fc.array(fc.record({ delay: fc.integer({ min: -5, max: 40 }), isCancelled: fc.boolean() }))
    await fc.assert(
      fc.asyncProperty(plan, async timers => {
        const { clock, ran, note } = clockWithRecord()
        const set = timers.map(({ delay }, index) => clock.after(delay, note(String(index))))
        timers.forEach(({ isCancelled }, index) => {
          if (isCancelled) set[index]?.cancel()
        })
        const left = timers.flatMap(({ delay, isCancelled }, index): [string, number][] =>
          isCancelled ? [] : [[String(index), Math.max(0, delay)]],
        )
        // Array.sort keeps equals as they stood.
        const expected = left.sort(([, a], [, b]) => a - b)
        expect(clock.nextDue).toBe(expected[0] && start + expected[0][1])
        await clock.advance(20)
        expect(ran).toEqual(expected.filter(([, at]) => at <= 20))
        await clock.advance(20)
        expect(ran).toEqual(expected)
        expect(clock.nextDue).toBeUndefined()
      }),
    )
  })
})

describe('cancelling', () => {
  test('a cancelled timer neither runs nor is due next', async () => {
    const { clock, ran, note } = clockWithRecord()
    const first = clock.after(10, note('first'))
    clock.after(20, note('second'))
    expect(clock.nextDue).toBe(start + 10)
    first.cancel()
    expect(clock.nextDue).toBe(start + 20)
    await clock.advance(100)
    expect(ran).toEqual([['second', 20]])
    expect(clock.nextDue).toBeUndefined()
  })

  test('one timer may cancel another that is due at the same moment', async () => {
    const { clock, ran, note } = clockWithRecord()
    clock.after(10, () => second.cancel())
    const second = clock.after(10, note('second'))
    await clock.advance(10)
    expect(ran).toEqual([])
  })

  test('after it ran, or twice: nothing happens to the others', async () => {
    const { clock, ran, note } = clockWithRecord()
    const first = clock.after(10, note('first'))
    clock.after(20, note('second'))
    await clock.advance(10)
    first.cancel()
    first.cancel()
    await clock.advance(10)
    expect(ran).toEqual([
      ['first', 10],
      ['second', 20],
    ])
  })
})

describe('advancing', () => {
  test('each timer runs to its end before the next, and time stands still meanwhile', async () => {
    const { clock, ran, note } = clockWithRecord()
    clock.after(10, async () => {
      note('begins')()
      await new Promise(setImmediate)
      note('ends')()
    })
    clock.after(11, note('next'))
    await clock.advance(50)
    expect(ran).toEqual([
      ['begins', 10],
      ['ends', 10],
      ['next', 11],
    ])
    expect(clock.now().getTime()).toBe(start + 50)
  })

  test('an advance during an advance waits for its end', async () => {
    const { clock, ran, note } = clockWithRecord()
    let inner: Promise<void> | undefined
    clock.after(10, async () => {
      inner = clock.advanceTo(start + 30).then(note('inner advance'))
      await new Promise(setImmediate)
      note('timer')()
    })
    clock.after(25, note('in the inner one'))
    await clock.advance(20).then(note('outer advance'))
    await inner
    expect(ran).toEqual([
      ['timer', 10],
      ['outer advance', 20],
      ['in the inner one', 25],
      ['inner advance', 30],
    ])
  })

  test('to a moment that is past: runs what is due now, and time does not go back', async () => {
    const { clock, ran, note } = clockWithRecord()
    await clock.advance(10)
    clock.after(0, note('due now'))
    await clock.advanceTo(start)
    expect(ran).toEqual([['due now', 10]])
    expect(clock.now().getTime()).toBe(start + 10)
  })

  test('a timer that throws fails its own advance, not those after it, and no other timer is lost', async () => {
    const { clock, ran, note } = clockWithRecord()
    clock.after(10, () => {
      throw new Error('a broken timer')
    })
    clock.after(10, note('beside it'))
    clock.after(15, note('behind it'))
    await expect(clock.advance(12)).rejects.toThrow('a broken timer')
    await clock.advance(10)
    expect(ran.map(([name]) => name)).toEqual(['beside it', 'behind it'])
  })
})

test('100,000 timers, set in disorder and every third cancelled, run in order in a moment', async () => {
  const clock = new SimulatedClock(start)
  const seen: number[] = []
  for (let index = 0; index < 100_000; index++) {
    // 7919 has no divisor in common with 100,000: each delay comes once.
    const timer = clock.after((index * 7919) % 100_000, () => void seen.push(clock.now().getTime()))
    if (index % 3 === 0) timer.cancel()
  }
  await clock.advance(100_000)
  expect(seen).toHaveLength(66_666)
  expect(seen.every((at, index) => index === 0 || at > (seen[index - 1] ?? 0))).toBe(true)
}, 5_000)

test.each([
  {
    case: 'a beginning that is no time',
    what: () => new SimulatedClock('yesterday'),
    says: /"yesterday" is not a time/,
  },
  { case: 'a delay that is no number', what: () => new SimulatedClock(0).after(Number.NaN, () => {}), says: /got NaN/ },
])('$case is refused', ({ what, says }) => {
  expect(what).toThrow(says)
})
