/** Whether a simulation's cost for each timer stays as the number of timers grows. */
import { SimulatedClock } from '../local/account/clock.ts'
import { type Figure, median } from './figure.ts'

const few = 10_000
const many = 100_000

/** A heap's cost for each timer grows with the logarithm: a quarter more for ten times as many, and what the caches add. */
export async function measureClock(): Promise<Figure[]> {
  await simulate(few)
  const ratios: number[] = []
  const times: number[] = []
  for (let round = 0; round < 7; round++) {
    const fewMs = await simulate(few)
    const manyMs = await simulate(many)
    times.push(fewMs)
    ratios.push(manyMs / many / (fewMs / few))
  }
  const details = [`${few} timers in ${median(times).toFixed(1)} ms`]
  return [
    {
      what: `cost of a timer among ${many}, to one among ${few}`,
      value: median(ratios),
      unit: '×',
      atMost: 3,
      details,
    },
  ]
}

/** Sets timers out of order, cancels every third, and runs the rest. Gives the milliseconds it took. */
async function simulate(timers: number): Promise<number> {
  const clock = new SimulatedClock(0)
  let ran = 0
  const begunAt = performance.now()
  for (let index = 0; index < timers; index++) {
    const timer = clock.after((index * 7919) % timers, () => void ran++)
    if (index % 3 === 0) timer.cancel()
  }
  await clock.advance(timers)
  const ms = performance.now() - begunAt
  if (ran !== timers - Math.ceil(timers / 3)) throw new Error(`${ran} of ${timers} timers ran`)
  return ms
}
