/** Services and what became of their rollouts, through the SDK on the local account. */
import { expect, test } from 'vitest'
import { registryHost, simulatedWorld, taskDefinition } from '../simulated-world.ts'

const breaker = (rollback: boolean) => ({
  deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback } },
})

/** web runs 1.0.0, settled. */
async function serving(more: Record<string, unknown> = {}) {
  const simulated = simulatedWorld()
  const { push, createService, call, clock, world, calls } = simulated
  const good = push('acme/web', '1.0.0').detail['image-digest']
  await createService('demo', 'web', `${registryHost}/acme/web@${good}`, more)
  await clock.advance(30 * 60_000)
  /** The ARN of a new revision that runs this version, whose image can't be pulled if it `isBad`. */
  async function revisionOf(version: string, isBad = false): Promise<string> {
    const labels = isBad ? { 'local.behaviour': 'fails-to-start' } : {}
    const digest = push('acme/web', version, version, labels).detail['image-digest']
    await call('ecs', 'RegisterTaskDefinition', taskDefinition('web', `${registryHost}/acme/web@${digest}`))
    const found = await world.fleet.describeTaskDefinition('web')
    calls.length = 0
    return found?.arn ?? ''
  }
  const { fleet } = world
  const first = (await fleet.describeTaskDefinition('web:1'))?.arn ?? ''
  return { ...simulated, fleet, revisionOf, first }
}

test('a service with its counts, its network and its deployments', async () => {
  const { fleet, first } = await serving({
    desiredCount: 2,
    networkConfiguration: {
      awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'], assignPublicIp: 'ENABLED' },
    },
  })
  expect(await fleet.describeService('demo', 'web')).toMatchObject({
    name: 'web',
    status: 'ACTIVE',
    launchType: 'FARGATE',
    controller: 'ECS',
    revision: first,
    desiredCount: 2,
    runningCount: 2,
    pendingCount: 0,
    network: { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'], publicIp: true },
    deployments: [{ status: 'PRIMARY', revision: first, rolloutState: 'COMPLETED', failedTasks: 0 }],
  })
})

test('services in any number, ten a call; what does not exist is absent, a cluster too', async () => {
  const { fleet, createService, push, calls } = await serving()
  push('acme/worker', '1.0.0')
  const names = Array.from({ length: 12 }, (_, nth) => `worker-${nth}`)
  for (const name of names) await createService('demo', name, `${registryHost}/acme/worker:1.0.0`, { desiredCount: 0 })
  calls.length = 0
  const found = await fleet.describeServices('demo', [...names, 'none', 'web', ...names])
  expect(found.map(({ name }) => name).toSorted()).toEqual([...names, 'web'].toSorted())
  expect(calls).toEqual(['ecs:DescribeServices', 'ecs:DescribeServices'])
  expect(await fleet.describeServices('none', names)).toEqual([])
  expect(await fleet.describeService('demo', 'none')).toBeUndefined()
  expect(await fleet.describeServices('demo', [])).toEqual([])
})

test('names of services, a hundred a page; none of a cluster that does not exist', async () => {
  const { fleet, createService, calls } = await serving()
  const names = Array.from({ length: 100 }, (_, nth) => `worker-${nth}`)
  for (const name of names) await createService('demo', name, `${registryHost}/acme/web:1.0.0`, { desiredCount: 0 })
  calls.length = 0
  const pages: (readonly string[])[] = []
  for await (const page of fleet.listServices('demo')) pages.push(page)
  expect(pages.map(({ length }) => length)).toEqual([100, 1])
  expect(pages.flat().toSorted()).toEqual([...names, 'web'].toSorted())
  expect(calls).toEqual(['ecs:ListServices', 'ecs:ListServices'])
  for await (const page of fleet.listServices('none')) expect(page).toEqual([])
})

test('tags of a service, as it was made with them', async () => {
  const { fleet, createService } = await serving()
  const tags = [{ key: 'team', value: 'data' }]
  await createService('demo', 'tagged', `${registryHost}/acme/web:1.0.0`, { desiredCount: 0, tags })
  expect(await fleet.describeService('demo', 'tagged')).toHaveProperty('tags', { team: 'data' })
  expect(await fleet.describeService('demo', 'web')).toHaveProperty('tags', {})
})

test('a desired count is set, and nothing else changes', async () => {
  const { fleet, first, clock } = await serving()
  await fleet.setDesiredCount('demo', 'web', 0)
  await clock.advance(5 * 60_000)
  const parked = await fleet.describeService('demo', 'web')
  expect(parked).toMatchObject({ desiredCount: 0, runningCount: 0, revision: first })
  expect(parked?.deployments).toHaveLength(1)
})

test('the same revision rolls out anew only when that is forced', async () => {
  const { fleet, first, clock } = await serving()
  const [before] = (await fleet.describeService('demo', 'web'))?.deployments ?? []
  const change = { cluster: 'demo', service: 'web', revision: first }
  expect((await fleet.updateService(change)).deployments.map(({ id }) => id)).toEqual([before?.id])
  const { deployments } = await fleet.updateService({ ...change, isForced: true })
  expect(deployments.find(({ status }) => status === 'PRIMARY')?.id).not.toBe(before?.id)
  await clock.advance(30 * 60_000)
  expect((await fleet.describeService('demo', 'web'))?.deployments).toHaveLength(1)
})

test('a rollout under way, and its success', async () => {
  const { fleet, revisionOf, clock, calls } = await serving()
  const revision = await revisionOf('1.1.0')
  const since = clock.now()
  await fleet.updateService({ cluster: 'demo', service: 'web', revision })
  await clock.advance(5_000)
  expect(await fleet.serviceRollout('demo', 'web', revision, since)).toMatchObject({ status: 'IN_PROGRESS' })
  await clock.advance(30 * 60_000)
  calls.length = 0
  const rollout = await fleet.serviceRollout('demo', 'web', revision, since)
  expect(rollout).toMatchObject({ status: 'SUCCESSFUL', startedAt: expect.any(Date), finishedAt: expect.any(Date) })
  expect(rollout?.arn).toMatch(/^arn:aws:ecs:eu-central-1:\d{12}:service-deployment\/demo\/web\//)
  expect(rollout).not.toHaveProperty('rolledBackTo')
  expect(calls).toEqual([
    'ecs:ListServiceDeployments',
    'ecs:DescribeServiceRevisions',
    'ecs:DescribeServiceDeployments',
  ])
})

test('one that the circuit breaker rolled back: said with its reason and where it went back to, however steady the service is', async () => {
  const { fleet, revisionOf, first, clock } = await serving(breaker(true))
  const revision = await revisionOf('1.1.0', true)
  const since = clock.now()
  await fleet.updateService({ cluster: 'demo', service: 'web', revision })
  await clock.advance(60 * 60_000)
  expect(await fleet.describeService('demo', 'web')).toMatchObject({ revision: first, runningCount: 1 })
  expect(await fleet.serviceRollout('demo', 'web', revision, since)).toMatchObject({
    status: 'ROLLBACK_SUCCESSFUL',
    reason: expect.stringMatching(/circuit breaker/i),
    rolledBackTo: first,
  })
})

test('one that it gave up without going back', async () => {
  const { fleet, revisionOf, clock } = await serving(breaker(false))
  const revision = await revisionOf('1.1.0', true)
  const since = clock.now()
  await fleet.updateService({ cluster: 'demo', service: 'web', revision })
  await clock.advance(60 * 60_000)
  const service = await fleet.describeService('demo', 'web')
  expect(service?.deployments.find(each => each.revision === revision)).toMatchObject({
    rolloutState: 'FAILED',
    rolloutReason: expect.stringMatching(/circuit breaker/i),
    failedTasks: expect.any(Number),
  })
  const rollout = await fleet.serviceRollout('demo', 'web', revision, since)
  expect(rollout?.status).toBe('STOPPED')
  expect(rollout).not.toHaveProperty('rolledBackTo')
})

test('of several of the same revision the newest since then; of an earlier one, nothing', async () => {
  const { fleet, first, revisionOf, clock } = await serving()
  const revision = await revisionOf('1.1.0')
  const change = { cluster: 'demo', service: 'web', revision }
  const since = clock.now()
  await fleet.updateService(change)
  await clock.advance(30 * 60_000)
  const earlier = await fleet.serviceRollout('demo', 'web', revision, since)
  await fleet.updateService({ ...change, isForced: true })
  await clock.advance(5_000)
  const later = await fleet.serviceRollout('demo', 'web', revision, since)
  expect(later?.arn).not.toBe(earlier?.arn)
  expect(later).toMatchObject({ status: 'IN_PROGRESS' })
  await clock.advance(30 * 60_000)
  expect(await fleet.serviceRollout('demo', 'web', revision, clock.now())).toBeUndefined()
  expect(await fleet.serviceRollout('demo', 'web', first, since)).toBeUndefined()
})

test("a clock of ours that is ahead of ECS's by less than a minute misses nothing", async () => {
  const { fleet, revisionOf, clock } = await serving()
  const revision = await revisionOf('1.1.0')
  await fleet.updateService({ cluster: 'demo', service: 'web', revision })
  const ahead = (ms: number) => new Date(clock.now().getTime() + ms)
  await clock.advance(1_000)
  expect(await fleet.serviceRollout('demo', 'web', revision, ahead(50_000))).toBeDefined()
  expect(await fleet.serviceRollout('demo', 'web', revision, ahead(120_000))).toBeUndefined()
})

test('a service that does not exist is refused, which is not the same as none listed', async () => {
  const { fleet, first, clock } = await serving()
  await expect(fleet.serviceRollout('demo', 'none', first, clock.now())).rejects.toMatchObject({
    name: 'RefusedError',
    code: 'ServiceNotFoundException',
  })
})
