/** What takes a look each must not take a round each. */
import { expect, test } from 'vitest'
import { bareConfig, type Config, type Guard } from '../../shared/config/config.ts'
import type { BudgetFacts } from '../../shared/guard/facts.ts'
import { plan, remember } from '../../shared/guard/planning.ts'
import type { GuardWorld } from '../../shared/ports.ts'
import { prices } from '../cost/priced.ts'
import { simulatedWorld } from '../simulated-world.ts'
import { service } from './workloads.ts'

const guard: Guard = {
  mode: 'enforce',
  clusters: ['demo'],
  everyMinutes: 15,
  report: { hour: 2, minute: 0, timeZone: 'UTC' },
  minimumAgeMs: 0,
  graceMs: 0,
  allowUnrestorable: false,
  rules: [],
}
const config: Config = { ...bareConfig, guard }
/** Half a dollar too much: any one service is enough. */
const overspent: BudgetFacts = {
  budget: { name: 'team', limit: { from: 'own', usd: 100, per: 'month' }, covers: [{ by: 'all' }], steps: [] },
  spend: {
    period: { from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' },
    limit: { usd: 100 },
    metered: { usd: 90 },
    perHour: { usd: 1 },
    projected: { usd: 100.5 },
  },
  reached: [
    {
      step: { label: '100% of projected', percent: 100, of: 'projected', do: 'stop-to-fit' },
      basis: 'projected',
      amountUsd: 100.5,
      detail: 'Farguard projects $100.50 of $100.00',
      key: 'k',
      hasActed: false,
    },
  ],
  unknown: [],
}

const size = { memoryMib: 512, architecture: 'x86_64', platformFamily: 'Linux', publicIp: false }
const longAgo = new Date('2026-01-01T00:00:00Z')

/** With one more that ECS protected in each round, 500 of them took 500 rounds over all that runs. */
test('five hundred services that ECS protects are asked about in a few rounds, and the one that it does not is stopped', async () => {
  const { world } = simulatedWorld({ at: '2026-03-10T12:00:00Z' })
  const all = Array.from({ length: 500 }, (_, nth) => service(`s${String(nth).padStart(3, '0')}`, 1))
  const asked: string[][] = []
  const watched: GuardWorld = {
    ...world,
    fleet: {
      ...world.fleet,
      async taskProtection(_cluster, arns) {
        asked.push([...arns])
        const until = new Date('2026-03-11T00:00:00Z')
        return new Map(arns.filter(arn => !arn.endsWith('/s4990')).map(arn => [arn, until]))
      },
    },
  }
  const seen = {
    tasks: new Map([['demo', all.flatMap(({ tasks }) => tasks.map(each => ({ ...each, ...size })))]]),
    services: new Map([['demo', all.flatMap(each => (each.service ? [{ ...each.service, createdAt: longAgo }] : []))]]),
    targets: new Map(),
    families: new Map(),
    problems: [],
  }
  const { decided } = await plan(seen, prices(), [overspent], await remember(watched), config, watched)
  const stopped = decided.plan.lines.filter(({ verdict }) => verdict.is === 'stop')
  expect(stopped.map(({ workload }) => workload)).toEqual(['service:demo/s499'])
  expect(asked.length).toBeLessThan(15)
  expect(new Set(asked.flat()).size).toBe(asked.flat().length)
})
