/** A run takes minutes: what was so when it planned may be over when it comes to it. */
import { expect, test } from 'vitest'
import { guard } from '../../shared/guard/guard.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'
import { writtenConfig } from './written-config.ts'

const minute = 60_000

test.each([
  {
    case: 'hours have begun',
    at: '2026-03-03T06:40:00Z',
    begins: '2026-03-03T06:58:00Z',
    written:
      'guard: { mode: enforce, clusters: [demo], minimumAge: 0s, limits: none, rules: [{ for: all, hours: Mon-Fri 07:00 - 20:00 UTC }] }',
  },
  {
    case: 'the day of a budget has ended',
    at: '2026-03-03T21:00:00Z',
    begins: '2026-03-03T23:58:00Z',
    written: `budgets: { day: { limit: $0.01 a day, covers: all, steps: [{ at: 100% of actual, do: stop all }] } }
guard: { mode: enforce, clusters: [demo], minimumAge: 0s, limits: none }`,
  },
])('nothing is stopped once $case', async ({ at, begins, written }) => {
  const { world, clock, push, createService, ecs } = simulatedWorld({ at, behaviour: () => ({ kind: 'runs' }) })
  const config = writtenConfig(written)
  push('acme/web', '1.0.0')
  for (const name of ['a', 'b']) await createService('demo', name, `${registryHost}/acme/web:1.0.0`)
  const means = { hasTime: () => true, pause: async () => {}, leaseMs: 5 * minute }
  const observing = { ...config, ...(config.guard && { guard: { ...config.guard, mode: 'observe' as const } }) }
  await guard('schedule', observing, world, means)
  await clock.advanceTo(Date.parse(begins))
  const run = await guard('schedule', config, world, { ...means, pause: () => clock.advance(3 * minute) })
  expect(run).toMatchObject({
    stopped: [{ workload: 'service:demo/a' }],
    failed: [],
    problems: [expect.stringMatching(/^service b in demo was not stopped: .* is over since /)],
  })
  expect(ecs.services().map(({ desiredCount }) => desiredCount)).toEqual([0, 1])
})
