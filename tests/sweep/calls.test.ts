/** What a sweep and a judgement cost, and what they take for granted of ECS. */
import { describe, expect, test } from 'vitest'
import { judgeCopies } from '../../shared/deploy/verify.ts'
import type { Table } from '../../shared/ports.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { config, task } from '../deploy/targets.ts'
import { listDeployments, simulatedWorld } from '../simulated-world.ts'

const minute = 60_000

test('copies of which ECS tells no start come to an end at the deadline', async () => {
  const simulated = simulatedWorld()
  const target = task()
  simulated.push('acme/worker', 'v1')
  await sweep(config(target), simulated.world, () => true)
  await simulated.clock.advance(20 * minute)
  const [deployment] = await listDeployments(simulated.world.table, 'worker', 1)
  if (!deployment) throw new Error('nothing was deployed')
  const arns = deployment.attempts.flatMap(({ outcome }) => outcome?.tasks ?? [])
  const described = await simulated.world.fleet.describeTasks('demo', arns)
  // moto tells no times of a task at all.
  const facts = described.map(({ startedAt: _, ...rest }) => ({ arn: rest.arn, is: 'live' as const, task: rest }))
  expect(facts).toHaveLength(1)
  expect(judgeCopies(deployment, target, facts, simulated.clock.now())).toEqual({ is: 'succeeded' })
})

describe('a sweep', () => {
  const names = ['one', 'two', 'three', 'four']
  const targets = names.map(name => task({ name }))

  async function account() {
    const simulated = simulatedWorld()
    simulated.push('acme/worker', 'v1')
    for (let sweeps = 0; sweeps < 4; sweeps++) {
      await sweep(config(...targets), simulated.world, () => true)
      await simulated.clock.advance(5 * minute)
    }
    return simulated
  }

  test('reads each target once when nothing is to be done', async () => {
    const { world } = await account()
    const asked: string[] = []
    const query: Table['query'] = question => {
      if (question.by === 'pk') asked.push(question.equals)
      return world.table.query(question)
    }
    const report = await sweep(config(...targets), { ...world, table: { ...world.table, query } }, () => true)
    expect(report.repaired).toEqual([])
    expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted())
  })

  test('writes several tasks at a time that are not on record', async () => {
    const simulated = simulatedWorld()
    await simulated.createService('demo', 'web', 'public.ecr.aws/nginx:1', { desiredCount: 40 })
    await simulated.clock.advance(5 * minute)
    const { world } = simulated
    let [underWay, most, written] = [0, 0, 0]
    const put: Table['put'] = async (record, onlyIf) => {
      most = Math.max(most, ++underWay)
      // Whoever else writes has begun by then.
      await new Promise(resolve => setImmediate(resolve))
      underWay--
      written++
      return world.table.put(record, onlyIf)
    }
    await sweep(config(task()), { ...world, table: { ...world.table, put } }, () => true)
    expect(written).toBeGreaterThanOrEqual(40)
    expect(most).toBeGreaterThan(1)
  })
})
