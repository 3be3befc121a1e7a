import { expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { spoken } from '../../shared/cost/money.ts'
import { account } from '../../shared/guard/money.ts'
import { see } from '../../shared/guard/observe.ts'
import { sweepTasks } from '../../shared/sweep/tasks.ts'
import { config as configOf, service } from '../deploy/targets.ts'
import { simulatedWorld, taskDefinition } from '../simulated-world.ts'

const hour = 3600_000

const config: Config = {
  ...configOf(service()),
  // The local account charges 70 % less for Spot.
  cost: { multiplier: 1, refresh: true, spot: { discount: 0.7 } },
  budgets: [
    {
      name: 'all',
      limit: { from: 'aws', budget: 'team' },
      covers: [{ by: 'all' }],
      steps: [{ label: '1% of actual', percent: 1, of: 'actual', do: 'warn' }],
    },
  ],
}

test('what is metered day by day is what the account is charged, once AWS has caught up', async () => {
  const { world, clock, call, createService, budgets } = simulatedWorld({ at: '2026-03-01T00:00:00Z' })
  await createService('demo', 'web', 'public.example/web', { desiredCount: 2 })
  const arm = { runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' } }
  await call('ecs', 'RegisterTaskDefinition', { ...taskDefinition('reports', 'public.example/reports'), ...arm })
  await call('budgets', 'CreateBudget', {
    AccountId: '123456789012',
    Budget: { BudgetName: 'team', BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: '5', Unit: 'USD' } },
  })
  const start = async (assignPublicIp: string, provider: string) => {
    const answer = await call('ecs', 'RunTask', {
      cluster: 'demo',
      taskDefinition: 'reports',
      capacityProviderStrategy: [{ capacityProvider: provider, weight: 1 }],
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'], assignPublicIp } },
    })
    return (answer as { tasks: { taskArn: string }[] }).tasks[0]?.taskArn ?? ''
  }
  const look = async () => {
    await sweepTasks('demo', ['web'], config, world)
    return account(await see(config, world), new Map(), false, config, world, () => true)
  }
  await look()
  const alone: string[] = []
  for (let hours = 0; hours < 60; hours += 1) {
    if (hours % 7 === 0) alone.push(await start('DISABLED', hours % 2 === 0 ? 'FARGATE' : 'FARGATE_SPOT'))
    if (hours % 11 === 10) await call('ecs', 'StopTask', { cluster: 'demo', task: alone.shift() })
    if (hours === 30) await call('ecs', 'UpdateService', { cluster: 'demo', service: 'web', desiredCount: 4 })
    await clock.advance(0.9 * hour)
    await look()
    await clock.advance(0.1 * hour)
  }
  await call('ecs', 'UpdateService', { cluster: 'demo', service: 'web', desiredCount: 0 })
  for (const task of alone) await call('ecs', 'StopTask', { cluster: 'demo', task })
  await clock.advance(0.5 * hour)
  await look()
  await clock.advance(20 * hour)
  await budgets.refresh()
  const [state] = (await look()).budgets
  expect(state?.spend.metered).toEqual({ usd: expect.closeTo(3.7, 1) })
  expect(state?.spend.drift).toEqual({ usd: expect.closeTo(0, 3) })
  expect(state?.reached.map(({ detail }) => detail)).toEqual([
    `AWS reports ${spoken(state?.spend.reported ?? { unknown: '' })} of $5.00 (${Math.floor((state?.reached[0]?.amountUsd ?? 0) * 20)} %)`,
  ])
  expect(state?.spend.perHour).toEqual({ usd: 0 })
})
