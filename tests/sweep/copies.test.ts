/** Copies, services and tasks that the sweep keeps as they are to be. */
import { describe, expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { readTask } from '../../shared/status/task-record.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { config, job, service, task } from '../deploy/targets.ts'
import { listDeployments, registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'

const minute = 60_000

async function sweeps({ world, clock }: SimulatedWorld, of: Config, times: number) {
  const reports = []
  for (let run = 0; run < times; run++) {
    reports.push(await sweep(of, world, () => true))
    await clock.advance(5 * minute)
  }
  return reports
}

const running = ({ ecs }: SimulatedWorld) => ecs.tasks().filter(({ lastStatus }) => lastStatus === 'RUNNING')

describe('copies above the count', () => {
  test('are stopped, the newest first, once', async () => {
    const simulated = simulatedWorld()
    simulated.push('acme/worker', 'v1')
    await sweeps(simulated, config(task({}, { count: 2 })), 4)
    const oldest = running(simulated).map(({ taskArn }) => taskArn)
    await sweeps(simulated, config(task({}, { count: 4 })), 4)
    expect(running(simulated)).toHaveLength(4)
    const reports = await sweeps(simulated, config(task({}, { count: 2 })), 4)
    expect(
      running(simulated)
        .map(({ taskArn }) => taskArn)
        .sort(),
    ).toEqual(oldest.sort())
    const said = reports.flatMap(({ repaired }) => repaired.filter(line => line.startsWith('target')))
    expect(said).toEqual([expect.stringContaining('2 copies above its 2')])
    await sweeps(simulated, config(task({}, { count: 3 })), 4)
    expect(running(simulated)).toHaveLength(3)
  })
})

test('copies that run, and that nobody put on record, are not started again where their cluster was not looked at', async () => {
  const simulated = simulatedWorld()
  const of = config(task({}, { count: 2 }))
  simulated.push('acme/worker', 'v1')
  const only = async (unit: string, times: number) => {
    for (let run = 0; run < times; run++) {
      const { world } = simulated
      await world.table.put(
        { pk: 'SWEEP', sk: 'REST', schema: 1, version: 1, at: world.clock.now().toISOString(), units: [unit] },
        'any',
      )
      let begun = 0
      await sweep(of, world, () => begun++ < 1)
      await simulated.clock.advance(5 * minute)
    }
  }
  await only('repository:acme/worker', 1)
  await only('target:worker', 6)
  expect((await listDeployments(simulated.world.table, 'worker', 1))[0]).toMatchObject({ state: 'succeeded' })
  expect(running(simulated)).toHaveLength(2)
  expect(simulated.ecs.tasks()).toHaveLength(2)
})

describe('a settled service', () => {
  async function settled() {
    const simulated = simulatedWorld()
    await simulated.createService('demo', 'web', `${registryHost}/acme/web:0`)
    const of = config(service())
    const revisionOf = async () => (await simulated.world.fleet.describeService('demo', 'web'))?.revision
    const revisions: (string | undefined)[] = []
    for (const tag of ['1.0.0', '1.1.0']) {
      simulated.push('acme/web', tag)
      await sweep(of, simulated.world, () => true)
      await simulated.clock.advance(3 * minute)
      await sweep(of, simulated.world, () => true)
      revisions.push(await revisionOf())
    }
    expect((await readTarget(simulated.world.table, 'web')).newest).toMatchObject({ state: 'succeeded' })
    const put = (revision = '') => simulated.world.fleet.updateService({ cluster: 'demo', service: 'web', revision })
    return { ...simulated, of, revisions, revisionOf, put }
  }

  test('that a late call put on an older revision of ours is put right, once', async () => {
    const { of, revisions, revisionOf, put, ...simulated } = await settled()
    await put(revisions[0])
    const reports = await sweeps(simulated, of, 2)
    expect(await revisionOf()).toBe(revisions[1])
    expect(reports.map(({ repaired }) => repaired.filter(line => line.includes('put right')).length)).toEqual([1, 0])
  })

  test('that somebody put on a revision of their own is left alone', async () => {
    const { of, put, revisionOf, call, ...simulated } = await settled()
    const definition = { family: 'web', cpu: '256', memory: '512', networkMode: 'awsvpc' }
    const container = { name: 'app', image: `${registryHost}/acme/web:hotfix`, essential: true }
    const executionRoleArn = 'arn:aws:iam::123456789012:role/pull'
    const made = await call('ecs', 'RegisterTaskDefinition', {
      ...definition,
      executionRoleArn,
      requiresCompatibilities: ['FARGATE'],
      containerDefinitions: [container],
    })
    const theirs = (made as { taskDefinition: { taskDefinitionArn: string } }).taskDefinition.taskDefinitionArn
    await put(theirs)
    await sweeps({ ...simulated, call }, of, 2)
    expect(await revisionOf()).toBe(theirs)
  })
})

test('tasks of a target that farguard.yml has no more are looked after until none is on record as running', async () => {
  const simulated = simulatedWorld()
  const { world, ecs, clock } = simulated
  simulated.push('acme/worker', 'v1')
  await sweeps(simulated, config(task(), job()), 3)
  const arn = ecs.tasks()[0]?.taskArn ?? ''
  const places = async () => (await world.table.get('SWEEP', 'PLACES'))?.places
  expect(await places()).toEqual(['demo/nightly', 'demo/worker'])
  ecs.fail(arn, { exitCode: 1 })
  await clock.advance(90 * minute)
  await sweeps(simulated, config(job()), 1)
  expect(await readTask(world.table, arn)).toMatchObject({ lost: {} })
  await sweeps(simulated, config(job()), 1)
  expect(await places()).toEqual(['demo/nightly'])
})

test('a task that was lost runs on record again once ECS tells of it, and then it is no news', async () => {
  const simulated = simulatedWorld()
  const { world, ecs } = simulated
  simulated.push('acme/web', '0')
  await simulated.createService('demo', 'web', `${registryHost}/acme/web:0`)
  const of = config(service())
  await sweeps(simulated, of, 4)
  const arn = running(simulated)[0]?.taskArn ?? ''
  const describeTasks: typeof world.fleet.describeTasks = async (cluster, arns) =>
    (await world.fleet.describeTasks(cluster, arns)).filter(each => each.arn !== arn)
  await sweep(of, { ...world, fleet: { ...world.fleet, describeTasks } }, () => true)
  expect(await readTask(world.table, arn)).toMatchObject({ lost: {} })
  const [first, second] = await sweeps(simulated, of, 2)
  expect(await readTask(world.table, arn)).not.toHaveProperty('lost')
  expect(first?.repaired).toEqual([expect.stringContaining(arn.slice(arn.lastIndexOf('/') + 1))])
  expect(second?.repaired).toEqual([])
  expect(ecs.tasks().find(({ taskArn }) => taskArn === arn)).toMatchObject({ lastStatus: 'RUNNING' })
})
