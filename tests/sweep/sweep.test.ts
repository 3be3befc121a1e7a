/** What a sweep leaves as it is to be, whatever was lost before. */
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../local/account/aws-error.ts'
import type { Config, Target } from '../../shared/config/config.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { carryOut } from '../../shared/intents/carry-out.ts'
import type { World } from '../../shared/ports.ts'
import { readTask } from '../../shared/status/task-record.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { config, job, service, task } from '../deploy/targets.ts'
import { listDeployments, registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'

const minute = 60_000

/** No event arrives and no look is taken: a sweep every five minutes is all there is. */
async function sweeps(simulated: SimulatedWorld, of: Config, times: number, world: World = simulated.world) {
  const reports = []
  for (let run = 0; run < times; run++) {
    reports.push(await sweep(of, world, () => true))
    await simulated.clock.advance(5 * minute)
  }
  return reports
}

function imagesThatRun({ ecs }: SimulatedWorld): string[] {
  return ecs
    .tasks()
    .filter(({ lastStatus }) => lastStatus === 'RUNNING')
    .flatMap(({ containers = [] }) => containers.map(({ image = '' }) => image.replace(/^.*@/, '')))
}

/** A worker that runs as it is to. */
async function worker(target: Target = task(), labels: Record<string, string> = {}) {
  const simulated = simulatedWorld()
  const good = simulated.push('acme/worker', 'v1', 'v1', labels).detail['image-digest']
  await sweeps(simulated, config(target), 4)
  expect(imagesThatRun(simulated)).toContain(good)
  return { ...simulated, target, good }
}

function failCopies({ ecs }: SimulatedWorld): void {
  for (const { taskArn = '', lastStatus } of ecs.tasks())
    if (lastStatus === 'RUNNING') ecs.fail(taskArn, { exitCode: 1 })
}

test('two images that failed for no fault of their own are not tried in turns for ever', async () => {
  const { target, ...simulated } = await worker()
  const { push, clock, world } = simulated
  push('acme/worker', 'v2', 'v2', { 'local.behaviour': 'fails-to-start secrets', of: 'v2' })
  await clock.advance(1000)
  push('acme/worker', 'v3', 'v3', { 'local.behaviour': 'fails-to-start secrets', of: 'v3' })
  await sweeps(simulated, config(target), 30)
  const tags = (await listDeployments(world.table, 'worker', 100)).map(({ image }) => image.tag)
  // `failed-before`: a push since, a release, or `farguard deploy` tries it again.
  expect(tags.sort()).toEqual([...new Set(tags)])
})

test('a target whose service does not exist does not stop the others of its repository', async () => {
  const simulated = simulatedWorld()
  await simulated.createService('demo', 'web', `${registryHost}/acme/web:0`)
  const digest = simulated.push('acme/web', '1.0.0').detail['image-digest']
  const both = config(service({ name: 'staging' }, { service: 'not-there' }), service())
  await sweeps(simulated, both, 3)
  expect(imagesThatRun(simulated)).toEqual([digest])
})

describe('a copy that ended, of the last good deployment', () => {
  test('is started again on that image, also when its revision was deregistered and a newer image had failed', async () => {
    const { target, good, ...simulated } = await worker()
    simulated.push('acme/worker', 'v2', 'v2', { 'local.behaviour': 'exits 1 after 5s' })
    await sweeps(simulated, config(target), 6)
    expect(imagesThatRun(simulated)).toEqual([good])
    const [failed, runs] = await listDeployments(simulated.world.table, 'worker', 2)
    expect(failed).toMatchObject({ state: 'rolled-back', ended: { quarantines: true } })
    await simulated.call('ecs', 'DeregisterTaskDefinition', { taskDefinition: runs?.revision?.arn })
    failCopies(simulated)
    await sweeps(simulated, config(target), 4)
    const started = simulated.ecs.tasks().filter(({ lastStatus }) => lastStatus !== 'STOPPED')
    expect(started.flatMap(({ containers = [] }) => containers.map(({ image }) => image?.replace(/^.*@/, '')))).toEqual(
      [good],
    )
  })

  test('is started again without another run of a before command, which farguard.yml got since', async () => {
    const { good, ...simulated } = await worker(task(), { 'local.before': 'exits 1 after 5s' })
    failCopies(simulated)
    await simulated.clock.advance(20 * minute)
    await sweeps(simulated, config(task({ before: { command: ['migrate'], timeoutMs: 30 * minute } })), 6)
    expect(imagesThatRun(simulated)).toEqual([good])
    expect(await listDeployments(simulated.world.table, 'worker', 2)).toMatchObject([{ state: 'succeeded' }])
  })

  test('and that ECS refuses to start again is asked for once a sweep, and the sweep says so', async () => {
    const { target, ...simulated } = await worker()
    failCopies(simulated)
    await simulated.clock.advance(20 * minute)
    refuseRunTask(simulated)
    simulated.calls.length = 0
    const reports = await sweeps(simulated, config(target), 2)
    expect(reports.flatMap(({ failed }) => failed).join('\n')).toContain('subnet')
    expect(simulated.calls.filter(name => name === 'ecs:RunTask')).toHaveLength(2)
  })

  test.each([
    { case: 'for which there is no capacity', refuse: noCapacity },
    { case: 'that ECS refuses', refuse: refuseRunTask },
  ])('and $case, leaves a record of bounded size', async ({ refuse }) => {
    const { target, ...simulated } = await worker()
    failCopies(simulated)
    await simulated.clock.advance(20 * minute)
    refuse(simulated)
    await sweeps(simulated, config(target), 30)
    const [newest] = await listDeployments(simulated.world.table, 'worker', 1)
    expect(newest?.attempts.length).toBeLessThanOrEqual(20)
  })
})

function refuseRunTask({ account }: SimulatedWorld): void {
  const error = new AwsError('InvalidParameterException', 'Error retrieving subnet information for subnet-0a1b2c3d')
  account.failNext('ecs:RunTask', ...Array(10_000).fill({ when: 'before', error }))
}

function noCapacity({ ecs }: SimulatedWorld): void {
  ecs.refuseCapacity({ capacityProvider: 'FARGATE', times: 1_000_000 })
}

test('a job that waits for capacity keeps a record of bounded size', async () => {
  const simulated = simulatedWorld()
  simulated.push('acme/nightly', 'n1')
  noCapacity(simulated)
  await sweeps(simulated, config(job()), 1)
  // As its looks come, each after a minute. A time-out may be a day, and an item of DynamoDB holds a few hundred attempts.
  for (let look = 0; look < 60; look++) {
    await carryOut({ kind: 'look', target: 'nightly', deployment: 1 }, config(job()), simulated.world)
    await simulated.clock.advance(minute)
  }
  const [newest] = await listDeployments(simulated.world.table, 'nightly', 1)
  expect(newest?.attempts.length).toBeLessThanOrEqual(30)
})

test('a copy that a second sweep started by a call that had failed for the first one is counted', async () => {
  const { target, good, ...simulated } = await worker()
  const { world, clock, ecs } = simulated
  failCopies(simulated)
  await clock.advance(20 * minute)
  ecs.refuseCapacity({ capacityProvider: 'FARGATE', times: 1 })
  const reached = Promise.withResolvers<void>()
  const recorded = Promise.withResolvers<void>()
  const second = runningTasksBy(world, async request => {
    reached.resolve()
    await recorded.promise
    return world.fleet.runTask(request)
  })
  let other: Promise<unknown> | undefined
  const first = runningTasksBy(world, async request => {
    const refused = await world.fleet.runTask(request)
    other = sweep(config(target), second, () => true)
    await reached.promise
    return refused
  })
  await sweep(config(target), first, () => true)
  recorded.resolve()
  await other
  await sweeps(simulated, config(target), 8)
  expect(imagesThatRun(simulated)).toEqual([good])
})

function runningTasksBy(world: World, runTask: World['fleet']['runTask']): World {
  return { ...world, fleet: { ...world.fleet, runTask } }
}

test('a rollout that finds no capacity is given up at its deadline, however often it was tried', async () => {
  const simulated = simulatedWorld()
  const { world, clock, push } = simulated
  push('acme/worker', 'v1')
  noCapacity(simulated)
  await sweeps(simulated, config(task()), 1)
  for (let look = 0; look < 20; look++) {
    await carryOut({ kind: 'look', target: 'worker', deployment: 1 }, config(task()), world)
    await clock.advance(minute)
  }
  expect(await listDeployments(world.table, 'worker', 1)).toMatchObject([
    { state: 'failed', ended: { reason: 'no-capacity' } },
  ])
})

test('copies above the count are stopped when farguard.yml asks for fewer', async () => {
  const { ...simulated } = await worker(task({}, { count: 3 }))
  expect(imagesThatRun(simulated)).toHaveLength(3)
  await sweeps(simulated, config(task({}, { count: 1 })), 6)
  expect(imagesThatRun(simulated)).toHaveLength(1)
})

test('copies are kept also when no sweep has the time for both a cluster and a target', async () => {
  const { target, good, ...simulated } = await worker()
  failCopies(simulated)
  for (let run = 0; run < 20; run++) {
    let begun = 0
    await sweep(config(target), simulated.world, () => begun++ < 1)
    await simulated.clock.advance(5 * minute)
  }
  expect(imagesThatRun(simulated)).toEqual([good])
})

test('an image in use that is deleted while events are lost is on record after the next sweep', async () => {
  const { target, good, ...simulated } = await worker()
  await simulated.call('ecr', 'BatchDeleteImage', { repositoryName: 'acme/worker', imageIds: [{ imageDigest: good }] })
  await sweeps(simulated, config(target), 2)
  expect((await readTarget(simulated.world.table, 'worker')).gate?.gone).toMatchObject([
    { digest: good, how: 'deleted' },
  ])
})

/** ECS does not know this task. */
function without(arn: string, world: World): World {
  const describeTasks: World['fleet']['describeTasks'] = (cluster, arns) =>
    world.fleet.describeTasks(
      cluster,
      arns.filter(each => each !== arn),
    )
  return { ...world, fleet: { ...world.fleet, describeTasks } }
}

test('a task that was lost runs on record again once ECS tells of it, and then the sweep is quiet', async () => {
  const { target, ...simulated } = await worker()
  const { world, ecs } = simulated
  const arn = ecs.tasks()[0]?.taskArn ?? ''
  await sweep(config(target), without(arn, world), () => true)
  expect(await readTask(world.table, arn)).toMatchObject({ lost: {} })
  await sweeps(simulated, config(target), 4)
  expect(await readTask(world.table, arn)).not.toHaveProperty('lost')
  const puts: string[] = []
  const counted: World = {
    ...world,
    table: {
      ...world.table,
      put(record, onlyIf) {
        puts.push(record.pk)
        return world.table.put(record, onlyIf)
      },
    },
  }
  await sweep(config(target), counted, () => true)
  expect(puts).toEqual([])
})

test('a task of a target that farguard.yml has no more is lost like any other', async () => {
  const { target, ...simulated } = await worker()
  const { world, ecs } = simulated
  const arn = ecs.tasks()[0]?.taskArn ?? ''
  ecs.fail(arn, { exitCode: 1 })
  // ECS forgets it; nobody has looked meanwhile.
  await simulated.clock.advance(90 * minute)
  await sweep(config(job()), world, () => true)
  expect(await readTask(world.table, arn)).toMatchObject({ lost: {} })
})
