/** The account's bill and Farguard's meter are written apart: over the same random tasks they must come to the same. */
import type { DescribeBudgetResponse, TimeUnit } from '@aws-sdk/client-budgets'
import type { RunTaskResponse } from '@aws-sdk/client-ecs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sumOf } from '../../../shared/cost/amount.ts'
import { costOf, type Span } from '../../../shared/cost/meter.ts'
import { priceTable, tableDate } from '../../../shared/cost/price-table.ts'
import type { Prices } from '../../../shared/cost/prices.ts'
import type { Task } from '../../../shared/ports.ts'
import { accountId, region, type SimulatedWorld, simulatedWorld, taskDefinition } from '../../simulated-world.ts'
import { network } from '../ecs/ecs-account.ts'
import { monthly } from './budgets-account.ts'

const prices: Prices = {
  region,
  ...(priceTable[region] && { list: priceTable[region] }),
  asOf: tableDate,
  source: 'table',
  settings: { multiplier: 1, spot: { discount: 0.7 }, refresh: false },
}

interface Start {
  size: [cpu: string, memory: string]
  isArm: boolean
  isSpot: boolean
  count: number
  /** Seconds after which they are stopped, when their images are being pulled at least; and after which the next start comes. */
  lasts: number
  pause: number
}

const starts = fc.array(
  fc.record<Start>({
    size: fc.constantFrom(['1024', '2048'], ['4096', '8192'], ['16384', '32768']),
    isArm: fc.boolean(),
    isSpot: fc.boolean(),
    count: fc.integer({ min: 1, max: 10 }),
    lasts: fc.integer({ min: 60, max: 1400 }),
    pause: fc.integer({ min: 0, max: 300 }),
  }),
  { minLength: 1, maxLength: 6 },
)

test('the same tasks cost the same, split at midnight, whenever AWS refreshed', async () => {
  await fc.assert(
    fc.asyncProperty(
      starts,
      fc.array(fc.integer({ min: 1, max: 3500 }), { maxLength: 4 }),
      async (given, refreshes) => {
        const simulated = simulatedWorld({ at: '2026-03-31T23:30:00.123Z' })
        const { clock, budgets } = simulated
        for (const TimeUnit of ['ANNUALLY', 'MONTHLY'] as const) await createBudget(simulated, TimeUnit)
        for (const seconds of refreshes) clock.after(seconds * 1000, () => budgets.refresh())
        for (const start of given) await launch(simulated, start)
        // All has stopped by then, and the first has not been forgotten, as ECS forgets it after an hour.
        await clock.advanceTo(Date.parse('2026-04-01T00:29:30Z'))
        await budgets.refresh()
        const tasks = await stoppedTasks(simulated)
        expect(tasks.length).toBe(given.reduce((sum, { count }) => sum + count, 0))
        const ours = (span?: Span) => sumOf(tasks.map(task => costOf(task, prices, clock.now(), span)))
        const midnight = Date.parse('2026-04-01T00:00:00Z')
        expect(ours()).toEqual({ usd: expect.closeTo(await actual(simulated, 'ANNUALLY'), 2) })
        const april = ours({ from: midnight, to: midnight * 2 })
        expect(april).toEqual({ usd: expect.closeTo(await actual(simulated, 'MONTHLY'), 2) })
      },
    ),
    { numRuns: 30 },
  )
})

async function createBudget({ call }: SimulatedWorld, TimeUnit: TimeUnit): Promise<void> {
  await call('budgets', 'CreateBudget', { AccountId: accountId, Budget: monthly({ BudgetName: TimeUnit, TimeUnit }) })
}

async function actual({ call }: SimulatedWorld, BudgetName: string): Promise<number> {
  const answer = await call('budgets', 'DescribeBudget', { AccountId: accountId, BudgetName })
  return Number((answer as DescribeBudgetResponse).Budget?.CalculatedSpend?.ActualSpend?.Amount)
}

/** Starts some tasks, which are stopped in a while, and waits a little. */
async function launch({ call, clock }: SimulatedWorld, start: Start): Promise<void> {
  const { size, isArm, isSpot, count, lasts, pause } = start
  await call('ecs', 'RegisterTaskDefinition', {
    ...taskDefinition('any', 'public.test/any:1'),
    ...{ cpu: size[0], memory: size[1] },
    ...(isArm && { runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' } }),
  })
  const capacity = isSpot
    ? { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }] }
    : { launchType: 'FARGATE' }
  const run = { cluster: 'demo', taskDefinition: 'any', count, networkConfiguration: network, ...capacity }
  const { tasks = [] } = (await call('ecs', 'RunTask', run)) as RunTaskResponse
  clock.after(lasts * 1000, async () => {
    for (const { taskArn } of tasks) await call('ecs', 'StopTask', { cluster: 'demo', task: taskArn })
  })
  await clock.advance(pause * 1000)
}

async function stoppedTasks({ world: { fleet } }: SimulatedWorld): Promise<Task[]> {
  const tasks: Task[] = []
  for await (const arns of fleet.listTasks('demo', 'stopped')) tasks.push(...(await fleet.describeTasks('demo', arns)))
  return tasks
}
