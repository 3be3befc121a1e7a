import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { SimulatedClock } from '../../local/account/clock.ts'
import { pace } from '../../local/pace.ts'

const begun = '2026-03-01T00:00:00.000Z'
const nothing = () => undefined

/** Something of the account falls due every minute of its time. */
function busyClock() {
  const clock = new SimulatedClock(begun)
  const done = { count: 0 }
  const work = async () => {
    await turn()
    done.count++
    clock.after(60_000, work)
  }
  clock.after(60_000, work)
  return { clock, done }
}

describe('at the pace of the wall clock', () => {
  afterEach(() => void vi.useRealTimers())

  test.each([
    { speed: 1, after: '2026-03-01T00:00:10.000Z' },
    { speed: 60, after: '2026-03-01T00:10:00.000Z' },
    { speed: 43_200, after: '2026-03-06T00:00:00.000Z' },
  ])('ten seconds at $speed times its speed', async ({ speed, after }) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const clock = new SimulatedClock(begun)
    const stop = pace(clock, speed, nothing)
    await vi.advanceTimersByTimeAsync(10_000)
    await stop()
    expect(clock.now().toISOString()).toBe(after)
  })
})

test('where the machine does not keep up, it goes on as fast as it can, and is stopped at once', async () => {
  const { clock, done } = busyClock()
  const stop = pace(clock, 1e12, nothing)
  while (done.count < 40) await turn()
  const before = done.count
  await stop()
  expect(done.count - before).toBeLessThanOrEqual(15)
  const at = clock.now()
  await turn()
  expect(clock.now()).toEqual(at)
})

test('what fails is told, and time goes on', async () => {
  const { clock, done } = busyClock()
  clock.after(0, () => Promise.reject(new Error('broke')))
  const faults: unknown[] = []
  const stop = pace(clock, 1e9, error => faults.push(error))
  while (done.count < 2) await turn()
  await stop()
  expect(faults).toEqual([new Error('broke')])
})
