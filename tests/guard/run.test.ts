/** Whole guard runs against the local account: what is found, done, on record, and put back. */
import { describe, expect, test } from 'vitest'
import { bareConfig, type Config, type Guard } from '../../shared/config/config.ts'
import { readPrices } from '../../shared/cost/prices.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { why } from '../../shared/deploy/why.ts'
import { guard } from '../../shared/guard/guard.ts'
import { takeLease } from '../../shared/guard/lease.ts'
import { priceDeployments } from '../../shared/guard/price-deployments.ts'
import { findParked, readActions, readSavings } from '../../shared/guard/records.ts'
import { undoWorkload } from '../../shared/guard/undo.ts'
import { guardWish } from '../../shared/guard/wishes.ts'
import { type Condition, RetryableError, type StoredRecord } from '../../shared/ports.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { finish } from '../deploy/rollouts.ts'
import { service, task } from '../deploy/targets.ts'
import { simulatedWorld } from '../simulated-world.ts'

const hour = 3_600_000

const enforcing: Guard = {
  mode: 'enforce',
  clusters: ['demo'],
  everyMinutes: 15,
  report: { hour: 2, minute: 0, timeZone: 'UTC' },
  minimumAgeMs: hour / 2,
  graceMs: 0,
  allowUnrestorable: false,
  rules: [{ for: { by: 'all' }, label: 'all', idle: { cpuPercent: 3, windowMs: 2 * hour, coverage: 0.9 } }],
}

const means = { hasTime: () => true, pause: async () => {}, leaseMs: 300_000 }
const configOf = (of: Partial<Guard> = {}): Config => ({ ...bareConfig, guard: { ...enforcing, ...of } })

async function idleService(activity = 'idle') {
  const simulated = simulatedWorld({ behaviour: () => ({ kind: 'runs' }) })
  simulated.push('acme/web', '1.0.0', activity, { 'local.activity': activity })
  await simulated.createService('demo', 'web', `123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme/web:1.0.0`, {
    desiredCount: 2,
  })
  return simulated
}

describe('one run at a time', () => {
  test('a lease that is held is respected, and one whose run has died is not kept; a report that came meanwhile is made up for', async () => {
    const { world, clock } = simulatedWorld()
    await takeLease(world.table, 300_000, clock.now())
    expect(await guard('report', configOf(), world, means)).toEqual({
      skipped: expect.stringMatching(/^run 20260301-220000 is under way/),
    })
    await clock.advance(300_001)
    expect(await guard('schedule', configOf(), world, means)).toMatchObject({ trigger: 'report' })
    expect(await guard('schedule', configOf(), world, means)).toMatchObject({ trigger: 'schedule' })
  })
})

describe('a task that ECS tells no time of', () => {
  test('is as old as its record', async () => {
    const { world, clock, call } = simulatedWorld({ behaviour: () => ({ kind: 'runs' }) })
    await call('ecs', 'RegisterTaskDefinition', {
      family: 'stray',
      cpu: '256',
      memory: '512',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      containerDefinitions: [{ name: 'app', image: 'public.ecr.aws/docker/library/busybox:stable' }],
    })
    await call('ecs', 'RunTask', {
      cluster: 'demo',
      taskDefinition: 'stray',
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'] } },
    })
    const describeTasks: typeof world.fleet.describeTasks = async (cluster, arns) =>
      (await world.fleet.describeTasks(cluster, arns)).map(
        ({ createdAt: _c, startedAt: _s, pullStartedAt: _p, pullStoppedAt: _q, connectivityAt: _n, ...task }) => task,
      )
    const timeless = { ...world, fleet: { ...world.fleet, describeTasks } }
    const rules: Guard['rules'] = [{ for: { by: 'all' }, label: 'all', maxLifetimeMs: 2 * hour }]
    const its = configOf({ rules, allowUnrestorable: true })
    await clock.advance(hour)
    expect(await guard('schedule', its, timeless, means)).toMatchObject({ stopped: [], counts: { notJudged: 1 } })
    await sweep(its, timeless, () => true)
    await clock.advance(hour)
    expect(await guard('schedule', its, timeless, means)).toMatchObject({ stopped: [], counts: { keep: 1 } })
    await clock.advance(1.1 * hour)
    expect(await guard('schedule', its, timeless, means)).toMatchObject({ stopped: [{ reason: 'lived-too-long' }] })
  })
})

/** So many tasks that nobody of ours started, each idle to nobody's knowledge. */
async function strays(count: number) {
  const simulated = simulatedWorld({ behaviour: () => ({ kind: 'runs' }) })
  const { call, clock } = simulated
  await call('ecs', 'RegisterTaskDefinition', {
    family: 'stray',
    cpu: '256',
    memory: '512',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    containerDefinitions: [{ name: 'app', image: 'public.ecr.aws/docker/library/busybox:stable' }],
  })
  for (let started = 0; started < count; started += 10)
    await call('ecs', 'RunTask', {
      cluster: 'demo',
      taskDefinition: 'stray',
      launchType: 'FARGATE',
      count: Math.min(10, count - started),
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'] } },
    })
  await clock.advance(3 * hour)
  return simulated
}

const twoHours: Guard['rules'] = [{ for: { by: 'all' }, label: 'all', maxLifetimeMs: 2 * hour }]

describe('standalone tasks', () => {
  const its = configOf({ rules: twoHours, allowUnrestorable: true })

  test('that ECS did not stop have saved nothing; once it did, they have', async () => {
    const { world } = await strays(1)
    const stopTask = async () => {
      throw new RetryableError('ecs:StopTask: slow down')
    }
    const deaf = { ...world, fleet: { ...world.fleet, stopTask } }
    expect(await guard('schedule', its, deaf, means)).toMatchObject({ stopped: [], failed: [{ reason: 'failed' }] })
    expect(await readSavings(world.table)).toEqual([])
    await guard('schedule', its, world, means)
    expect(await readSavings(world.table)).toMatchObject([{ to: '2026-04-01T00:00:00.000Z' }])
  })

  test('that run are not said to have been stopped', async () => {
    const { world } = await strays(1)
    const arns: string[] = []
    for await (const page of world.fleet.listTasks('demo', 'running')) arns.push(...page)
    const workload = `task:demo/${arns[0]?.split('/').at(-1)}`
    const undone = await undoWorkload(workload, { by: 'ada', because: 'oops' }, its, world)
    expect(undone).toEqual({ woken: [], said: [`${workload} runs: nothing has stopped it`] })
  })

  test('in hundreds are counted, and the first fifty named: a record has an end', async () => {
    const { world } = await strays(60)
    const run = await guard(
      'schedule',
      configOf({ rules: twoHours, allowUnrestorable: true, mode: 'observe' }),
      world,
      means,
    )
    if ('skipped' in run) throw new Error(run.skipped)
    expect([run.counts.stop, run.stopped.length]).toEqual([60, 50])
  })
})

test('a run that dies while it acts does not let a warning begin anew', async () => {
  const { world, clock } = await strays(1)
  const rules: Guard['rules'] = [...twoHours]
  const warning = configOf({ rules, allowUnrestorable: true, graceMs: hour })
  const dying = {
    ...world,
    fleet: world.fleet,
    table: {
      ...world.table,
      put: async (record: StoredRecord, onlyIf: Condition) => {
        if (record.pk === 'GUARD' && record.sk === 'LAST') throw new Error('died')
        return world.table.put(record, onlyIf)
      },
    },
  }
  await expect(guard('schedule', warning, dying, means)).rejects.toThrow('died')
  await clock.advance(hour)
  expect(await guard('schedule', warning, world, means)).toMatchObject({ stopped: [{ reason: 'lived-too-long' }] })
})

test('who keeps something anew is told what was said before', async () => {
  const { world, clock } = simulatedWorld()
  const ask = (by: string, hours: number) => {
    const until = new Date(clock.now().getTime() + hours * hour).toISOString()
    const at = clock.now().toISOString()
    const wish = { do: 'keep' as const, workload: 'service:demo/web', until }
    return guardWish(wish, { kind: 'intent', id: by, at, by, wish }, configOf(), world)
  }
  expect((await ask('ada', 20)).detail).not.toMatch(/no longer/)
  expect((await ask('bob', 1)).detail).toMatch(/no longer until .* as ada said/)
})

describe('a deployment', () => {
  test('says on its record what it adds a month, and why tells it', async () => {
    const { world, clock, push } = simulatedWorld()
    const network = { subnets: ['subnet-0a1b2c3d'], securityGroups: [], publicIp: true }
    const target = task({ name: 'worker', repository: 'acme/worker', tags: { kind: 'newest' } }, { count: 2, network })
    const its: Config = { ...bareConfig, targets: [target] }
    await deployImage(push('acme/worker', '1'), its, world)
    await finish(target, { clock, world })
    await guard('schedule', its, world, means)
    const { newest } = await readTarget(world.table, 'worker')
    // Two of 0.25 vCPU and 0.5 GB with an address each, by eu-central-1's list prices of x86, 730 hours.
    const perHour = 2 * (0.25 * 0.04656 + 0.5 * 0.00511 + 0.005)
    expect(newest).toMatchObject({ state: 'succeeded', addsPerMonth: { usd: expect.closeTo(730 * perHour, 6) } })
    const [story] = await why({ repository: 'acme/worker', tag: '1' }, 5, world.table)
    expect(story?.since.map(({ what }) => what)).toContain('succeeded; adds $28.02 a month')
  })
})

test('deployments whose services are gone keep no other one from being priced', async () => {
  const { world, clock, push } = simulatedWorld()
  const worker = task({ name: 'worker', repository: 'acme/worker', tags: { kind: 'newest' } })
  await deployImage(push('acme/worker', '1'), { ...bareConfig, targets: [worker] }, world)
  await finish(worker, { clock, world })
  const known = await readTarget(world.table, 'worker')
  const gone = Array.from({ length: 30 }, (_, nth) => service({ name: `gone-${nth}`, cluster: 'demo' }))
  const its: Config = { ...bareConfig, targets: [...gone, worker] }
  const seen = { services: new Map(), targets: new Map(its.targets.map(({ name }) => [name, known])) }
  const prices = await readPrices(world.table, 'eu-central-1', bareConfig.cost)
  expect(await priceDeployments(seen, prices, its, world)).toEqual([])
  expect((await readTarget(world.table, 'worker')).newest?.addsPerMonth).toEqual({ usd: expect.any(Number) })
})

describe('an idle service', () => {
  test('is stopped, with its autoscaling suspended, and put back as it was', async () => {
    const simulated = await idleService()
    const { world, clock, call } = simulated
    await call('application-autoscaling', 'RegisterScalableTarget', {
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
      ResourceId: 'service/demo/web',
      MinCapacity: 1,
      MaxCapacity: 4,
    })
    await clock.advance(5 * hour)
    const run = await guard('schedule', configOf(), world, means)
    expect(run).toMatchObject({ stopped: [{ workload: 'service:demo/web', reason: 'idle' }], failed: [], problems: [] })
    expect((await world.fleet.describeService('demo', 'web'))?.desiredCount).toBe(0)
    const parked = await findParked(world.table, 'service:demo/web')
    expect(parked).toMatchObject({ state: 'parked', was: { desiredCount: 2, scaling: { min: 1, max: 4 } } })
    const scaled = async () => (await world.scaling.targetsOf('demo', ['web'])).get('web')?.suspended
    expect(await scaled()).toEqual({ in: true, out: true, scheduled: true })
    await clock.advance(hour)
    expect((await world.fleet.describeService('demo', 'web'))?.runningCount).toBe(0)

    const undone = await undoWorkload('service:demo/web', { by: 'ada', because: 'needed' }, configOf(), world)
    expect(undone.woken).toMatchObject([{ workload: 'service:demo/web', desiredCount: 2, changed: [] }])
    expect((await world.fleet.describeService('demo', 'web'))?.desiredCount).toBe(2)
    expect(await scaled()).toEqual({ in: false, out: false, scheduled: false })
    const [saving] = await readSavings(world.table)
    expect(saving).toMatchObject({ workload: 'service:demo/web', to: clock.now().toISOString() })
    if (!('id' in run)) throw new Error('no run')
    expect(await readActions(world.table, run.id)).toMatchObject([{ state: 'done', before: '2 copies' }])
  })

  test('whose autoscaling goes on all the same is not stopped: it would be started again', async () => {
    const { world, clock, call } = await idleService()
    await call('application-autoscaling', 'RegisterScalableTarget', {
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
      ResourceId: 'service/demo/web',
      MinCapacity: 1,
      MaxCapacity: 4,
    })
    await clock.advance(5 * hour)
    const deaf = { ...world, scaling: { ...world.scaling, suspend: async () => {} } }
    const run = await guard('schedule', configOf(), deaf, means)
    expect(run).toMatchObject({
      stopped: [],
      failed: [{ workload: 'service:demo/web', detail: expect.stringMatching(/autoscaling/) }],
    })
    expect((await world.fleet.describeService('demo', 'web'))?.desiredCount).toBe(2)
    // The next run, that AWS listens to, stops it, and knows what was there before.
    expect(await guard('schedule', configOf(), world, means)).toMatchObject({
      stopped: [{ workload: 'service:demo/web' }],
    })
    expect(await findParked(world.table, 'service:demo/web')).toMatchObject({
      was: { desiredCount: 2, scaling: { suspended: { in: false, out: false, scheduled: false } } },
    })
  })

  test('that is busy is left alone', async () => {
    const { world, clock } = await idleService('busy')
    await clock.advance(5 * hour)
    expect(await guard('schedule', configOf(), world, means)).toMatchObject({ stopped: [], counts: { keep: 1 } })
  })
})
