import type { DeploymentConfiguration } from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import { failureThreshold } from '../../../local/account/ecs/circuit-breaker.ts'
import { container, ecsAccount } from './ecs-account.ts'
import { create, deployImage, history, live, named, update, withService } from './shop-service.ts'

const breaker = (given: object = {}) => ({
  deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true, ...given } },
})
const noRollback = breaker({ rollback: false })

/** Images named `broken` can't be pulled; those named `crash` exit at once, those named `sick` fail their health checks. */
const world = {
  imageExists: (image: string) => !image.includes('broken'),
  behaviour: (image: string) =>
    image.includes('crash')
      ? ({ kind: 'exits', code: 1, afterMs: 500 } as const)
      : image.includes('sick')
        ? ({ kind: 'unhealthy' } as const)
        : ({ kind: 'runs' } as const),
}
const healthCheck = { command: ['CMD', 'true'], interval: 10, retries: 2 }

const idOf = (account: ReturnType<typeof ecsAccount>) => account.service('shop').deployments?.[0]?.id ?? ''
const hour = 3600

describe('the threshold of failures', () => {
  test.each<{ desired: number; threshold?: object; expect: number }>([
    { desired: 0, expect: 3 },
    { desired: 1, expect: 3 },
    { desired: 6, expect: 3 },
    { desired: 7, expect: 4 },
    { desired: 25, expect: 13 },
    { desired: 400, expect: 200 },
    { desired: 1000, expect: 200 },
    { desired: 100, threshold: { type: 'BOUNDED_PERCENT', value: 10 }, expect: 10 },
    { desired: 1000, threshold: { type: 'UNBOUNDED_PERCENT', value: 50 }, expect: 500 },
    { desired: 2, threshold: { type: 'UNBOUNDED_PERCENT', value: 10 }, expect: 1 },
    { desired: 0, threshold: { type: 'UNBOUNDED_PERCENT', value: 50 }, expect: 1 },
    { desired: 1000, threshold: { type: 'COUNT', value: 1 }, expect: 1 },
  ])('of $desired tasks with $threshold is $expect', ({ desired, threshold, expect: failures }) => {
    const configuration = {
      deploymentCircuitBreaker: {
        enable: true,
        rollback: false,
        ...(threshold && { thresholdConfiguration: threshold }),
      },
    } as DeploymentConfiguration
    expect(failureThreshold(configuration, desired)).toBe(failures)
  })
})

test('a service shows the circuit breaker that it has, and keeps it over other changes', () => {
  const account = withService({}, breaker())
  const { deploymentConfiguration } = update(account, { deploymentConfiguration: { maximumPercent: 150 } })
  expect(deploymentConfiguration).toMatchObject({
    deploymentCircuitBreaker: { enable: true, rollback: true, resetOnHealthyTask: true },
    maximumPercent: 150,
    minimumHealthyPercent: 100,
  })
})

describe('a bad image with a circuit breaker that rolls back', () => {
  test('fails after three tasks, and the last deployment that completed is the primary one again', async () => {
    const account = withService(world, breaker())
    await account.advance(60)
    const good = account.service('shop')
    const tasks = live(account).map(task => task.taskArn)
    deployImage(account, 'acme/broken:1')
    const badId = idOf(account)
    await account.advance(hour)
    expect(account.ecs.tasks().filter(task => task.stopCode === 'TaskFailedToStart').length).toBeGreaterThanOrEqual(3)
    expect(account.service('shop')).toMatchObject({
      taskDefinition: good.taskDefinition,
      runningCount: 2,
      deployments: [{ id: good.deployments?.[0]?.id, status: 'PRIMARY', rolloutState: 'COMPLETED' }],
    })
    expect(account.service('shop').deployments).toHaveLength(1)
    expect(live(account).map(task => task.taskArn)).toEqual(tasks)
    const told = account.events
      .filter(event => event['detail-type'] === 'ECS Deployment State Change')
      .map(({ detail }) => [detail.eventType, detail.eventName, detail.deploymentId, detail.reason])
      .slice(2)
    const goodId = good.deployments?.[0]?.id
    expect(told).toEqual([
      ['INFO', 'SERVICE_DEPLOYMENT_IN_PROGRESS', badId, `ECS deployment ${badId} in progress.`],
      ['ERROR', 'SERVICE_DEPLOYMENT_FAILED', badId, 'ECS deployment circuit breaker: tasks failed to start.'],
      [
        'INFO',
        'SERVICE_DEPLOYMENT_IN_PROGRESS',
        goodId,
        `ECS deployment circuit breaker: rolling back to deploymentId ${goodId}.`,
      ],
      ['INFO', 'SERVICE_DEPLOYMENT_COMPLETED', goodId, `ECS deployment ${goodId} completed.`],
    ])
    expect(account.service('shop').events?.map(event => event.message)).toEqual(
      expect.arrayContaining([
        `(service shop) (deployment ${badId}) deployment failed: tasks failed to start.`,
        `(service shop) rolling back to deployment ${goodId}.`,
      ]),
    )
  })

  test('is on record with what it was rolled back to', async () => {
    const account = withService(world, breaker())
    await account.advance(60)
    const [first] = history(account)
    deployImage(account, 'acme/broken:1')
    await account.advance(hour)
    const because = 'Service deployment rolled back because the circuit breaker threshold was exceeded.'
    expect(history(account)).toMatchObject([
      {
        status: 'ROLLBACK_SUCCESSFUL',
        statusReason: because,
        rollback: { reason: because, serviceRevisionArn: first?.targetServiceRevision?.arn },
        deploymentCircuitBreaker: { status: 'TRIGGERED', threshold: 3 },
        sourceServiceRevisions: [{ arn: first?.targetServiceRevision?.arn, runningTaskCount: 2 }],
        targetServiceRevision: { runningTaskCount: 0, pendingTaskCount: 0 },
      },
      {
        status: 'SUCCESSFUL',
        deploymentCircuitBreaker: { status: 'MONITORING_COMPLETE', failureCount: 0, threshold: 3 },
      },
    ])
    expect(history(account)[0]?.deploymentCircuitBreaker?.failureCount).toBeGreaterThanOrEqual(3)
  })

  test('stays in view as FAILED while its tasks go', async () => {
    const account = withService(world, { ...breaker(), desiredCount: 1 })
    await account.advance(60)
    const good = account.service('shop').deployments?.[0]?.id
    deployImage(account, 'acme/broken:1')
    for (let second = 0; second < hour && named(account, 'SERVICE_DEPLOYMENT_FAILED').length === 0; second += 1)
      await account.advance(1)
    expect(account.service('shop').deployments).toMatchObject([
      { id: good, status: 'PRIMARY', rolloutState: 'IN_PROGRESS' },
      { status: 'ACTIVE', rolloutState: 'FAILED', failedTasks: 3 },
    ])
    expect(history(account)[0]).toMatchObject({ status: 'ROLLBACK_IN_PROGRESS' })
    expect(history(account)[0]).not.toHaveProperty('finishedAt')
  })

  test('goes back to a deployment of which no task is left', async () => {
    const account = withService(world, {
      deploymentConfiguration: { ...breaker().deploymentConfiguration, minimumHealthyPercent: 0, maximumPercent: 100 },
    })
    await account.advance(60)
    const good = account.service('shop')
    deployImage(account, 'acme/broken:1')
    await account.advance(60)
    expect(account.service('shop').deployments).toHaveLength(1)
    await account.advance(hour)
    expect(account.service('shop')).toMatchObject({ taskDefinition: good.taskDefinition, runningCount: 2 })
    expect(live(account).map(task => task.startedBy)).toEqual(Array(2).fill(good.deployments?.[0]?.id))
    expect(history(account)[0]).toMatchObject({ status: 'ROLLBACK_SUCCESSFUL' })
  })

  test('and one more bad image after it is rolled back as well', async () => {
    const account = withService(world, breaker())
    await account.advance(60)
    const good = account.service('shop').taskDefinition
    for (const image of ['acme/broken:1', 'acme/broken:2']) {
      deployImage(account, image)
      await account.advance(hour)
      expect(account.service('shop')).toMatchObject({ taskDefinition: good, runningCount: 2 })
    }
    expect(history(account).map(one => one.status)).toEqual([
      'ROLLBACK_SUCCESSFUL',
      'ROLLBACK_SUCCESSFUL',
      'SUCCESSFUL',
    ])
  })

  test('goes back to what had failures of its own: they do not count again', async () => {
    let isGone = false
    const account = withService({ imageExists: image => !isGone && !image.includes('broken') }, breaker())
    await account.advance(60)
    const good = account.service('shop').taskDefinition
    isGone = true
    for (const { taskArn } of live(account)) account.call('StopTask', { task: taskArn })
    await account.advance(600)
    expect(account.service('shop').deployments?.[0]?.failedTasks).toBeGreaterThan(3)
    deployImage(account, 'acme/broken:1')
    isGone = false
    await account.advance(hour)
    expect(account.service('shop')).toMatchObject({ taskDefinition: good, runningCount: 2 })
    expect(history(account)[0]).toMatchObject({ status: 'ROLLBACK_SUCCESSFUL' })
  })

  test('on top of a rollback under way has nothing to go back to', async () => {
    const account = withService(world, {
      deploymentConfiguration: { ...breaker().deploymentConfiguration, minimumHealthyPercent: 0, maximumPercent: 100 },
    })
    await account.advance(60)
    deployImage(account, 'acme/broken:1')
    for (let second = 0; second < hour && named(account, 'SERVICE_DEPLOYMENT_FAILED').length === 0; second += 1)
      await account.advance(1)
    deployImage(account, 'acme/broken:2')
    await account.advance(hour)
    expect(history(account).map(one => one.status)).toEqual(['ROLLBACK_FAILED', 'STOPPED', 'SUCCESSFUL'])
  })

  test('whose rollback fails too is given up', async () => {
    let isGone = false
    const account = withService(
      { imageExists: image => !isGone && !image.includes('broken') },
      {
        deploymentConfiguration: {
          ...breaker().deploymentConfiguration,
          minimumHealthyPercent: 0,
          maximumPercent: 100,
        },
      },
    )
    await account.advance(60)
    isGone = true
    deployImage(account, 'acme/web:2')
    await account.advance(2 * hour)
    expect(account.service('shop')).toMatchObject({ runningCount: 0, deployments: [{ rolloutState: 'FAILED' }] })
    const [failed, first] = history(account)
    expect(failed).toMatchObject({
      status: 'ROLLBACK_FAILED',
      rollback: { serviceRevisionArn: first?.targetServiceRevision?.arn },
    })
    expect(named(account, 'SERVICE_DEPLOYMENT_FAILED')).toHaveLength(2)
    const started = account.taskEvents().length
    await account.advance(hour)
    expect(account.taskEvents()).toHaveLength(started)
  })

  test('that is the first one ever has nothing to go back to, and stalls', async () => {
    const account = ecsAccount(world)
    account.register({ containerDefinitions: [container({ image: 'acme/broken:1' })] })
    create(account, breaker())
    await account.advance(hour)
    const noCandidate = 'No rollback candidate was found to run the rollback.'
    expect(history(account)).toMatchObject([
      { status: 'ROLLBACK_FAILED', statusReason: noCandidate, sourceServiceRevisions: [] },
    ])
    expect(history(account)[0]?.rollback).not.toHaveProperty('serviceRevisionArn')
    expect(account.service('shop')).toMatchObject({ deployments: [{ rolloutState: 'FAILED' }], runningCount: 0 })
    expect(named(account, 'SERVICE_DEPLOYMENT_FAILED')).toHaveLength(1)
    const started = account.taskEvents().length
    await account.advance(hour)
    expect(account.taskEvents()).toHaveLength(started)
    deployImage(account, 'acme/web:2')
    await account.advance(60)
    expect(account.service('shop')).toMatchObject({ runningCount: 2, deployments: [{ rolloutState: 'COMPLETED' }] })
  })
})

describe('a bad image', () => {
  test('without a rollback stalls: the old tasks run on, nothing starts', async () => {
    const account = withService(world, noRollback)
    await account.advance(60)
    const bad = deployImage(account, 'acme/broken:1')
    await account.advance(hour)
    expect(account.service('shop')).toMatchObject({
      taskDefinition: bad,
      runningCount: 2,
      deployments: [
        { taskDefinition: bad, rolloutState: 'FAILED' },
        { status: 'ACTIVE', rolloutState: 'COMPLETED', runningCount: 2 },
      ],
    })
    expect(history(account)[0]).toMatchObject({
      status: 'STOPPED',
      deploymentCircuitBreaker: { status: 'TRIGGERED' },
      stoppedAt: expect.any(Date),
    })
    expect(history(account)[0]).not.toHaveProperty('rollback')
    expect(named(account, 'SERVICE_DEPLOYMENT_FAILED')).toHaveLength(1)
    const told = account.events.length
    await account.advance(hour)
    expect(account.events).toHaveLength(told)
    expect(account.service('shop').events?.[0]?.message).toMatch(/deployment failed: tasks failed to start\.$/)
    update(account, { desiredCount: 0 })
    await account.advance(120)
    expect(live(account)).toEqual([])
    expect(account.service('shop').deployments).toMatchObject([{ taskDefinition: bad, rolloutState: 'FAILED' }])
  })

  test('without a circuit breaker is tried for ever, and no event says that it failed', async () => {
    const account = withService(world)
    await account.advance(60)
    deployImage(account, 'acme/broken:1')
    await account.advance(24 * hour)
    expect(named(account, 'SERVICE_DEPLOYMENT_FAILED')).toEqual([])
    expect(account.service('shop').deployments?.[0]).toMatchObject({ rolloutState: 'IN_PROGRESS' })
    expect(account.service('shop').deployments?.[0]?.failedTasks).toBeGreaterThan(10)
    expect(history(account)[0]).toMatchObject({
      status: 'IN_PROGRESS',
      deploymentCircuitBreaker: { status: 'DISABLED', failureCount: 0 },
    })
  })

  test('after its deployment completed trips nothing', async () => {
    let isGone = false
    const account = withService({ imageExists: () => !isGone }, breaker())
    await account.advance(60)
    isGone = true
    for (const { taskArn } of live(account)) account.call('StopTask', { task: taskArn })
    await account.advance(6 * hour)
    expect(account.service('shop').deployments).toMatchObject([{ rolloutState: 'COMPLETED', runningCount: 0 }])
    expect(account.service('shop').deployments?.[0]?.failedTasks).toBeGreaterThan(3)
    expect(named(account, 'SERVICE_DEPLOYMENT_FAILED')).toEqual([])
    isGone = false
    await account.advance(hour)
    expect(account.service('shop').runningCount).toBe(2)
  })
})

describe('what counts as a failed task', () => {
  test('an exit soon after RUNNING does not, where there is no health check', async () => {
    const account = withService(world, breaker())
    await account.advance(60)
    deployImage(account, 'acme/crash:1')
    await account.advance(2 * hour)
    expect(account.service('shop').deployments?.[0]).toMatchObject({ rolloutState: 'IN_PROGRESS', failedTasks: 0 })
  })

  test('an exit before the first good health check does', async () => {
    const account = withService(world, breaker())
    await account.advance(60)
    const good = account.service('shop').taskDefinition
    deployImage(account, 'acme/crash:1', { healthCheck })
    await account.advance(hour)
    expect(account.service('shop')).toMatchObject({ taskDefinition: good, runningCount: 2 })
    expect(history(account)[0]).toMatchObject({ status: 'ROLLBACK_SUCCESSFUL' })
  })

  test.each([
    { resets: true, state: 'IN_PROGRESS' },
    { resets: false, state: 'FAILED' },
  ])('a task that serves sets the count back: $resets', async ({ resets, state }) => {
    // Two that can't be pulled, one that runs and ends, and so on.
    let pulls = 0
    const account = withService(
      {
        imageExists: () => ++pulls % 3 === 0,
        behaviour: () => ({ kind: 'exits', code: 1, afterMs: 500 }),
      },
      { ...breaker({ rollback: false, resetOnHealthyTask: resets }), desiredCount: 1 },
    )
    await account.advance(600)
    expect(account.service('shop').deployments?.[0]?.rolloutState).toBe(state)
  })

  test('a task that serves sets the count back once: what else befalls it does not', async () => {
    let pulls = 0
    const account = ecsAccount({ imageExists: () => ++pulls === 1 })
    account.register({ containerDefinitions: [container({ healthCheck })] })
    create(account, noRollback)
    for (let second = 0; second < 600; second += 1) {
      await account.advance(1)
      const [serving] = live(account).filter(task => task.healthStatus === 'HEALTHY')
      if (serving) account.ecs.setHealth(serving.taskArn ?? '', 'HEALTHY')
    }
    expect(account.service('shop').deployments).toMatchObject([{ rolloutState: 'FAILED', runningCount: 1 }])
  })

  test('an attempt without capacity does, once however many copies it was for', async () => {
    const account = withService({}, { ...noRollback, desiredCount: 5 })
    account.ecs.refuseCapacity({ capacityProvider: 'FARGATE', times: 10 })
    await account.advance(5)
    expect(account.service('shop').deployments?.[0]).toMatchObject({ failedTasks: 1, rolloutState: 'IN_PROGRESS' })
    await account.advance(hour)
    expect(account.service('shop')).toMatchObject({ runningCount: 5, deployments: [{ rolloutState: 'COMPLETED' }] })
  })

  test('what a person stops does not', async () => {
    const account = withService(world, noRollback)
    for (let round = 0; round < 5; round += 1) {
      await account.advance(3)
      for (const { taskArn } of live(account)) account.call('StopTask', { task: taskArn })
    }
    expect(account.service('shop').deployments?.[0]).toMatchObject({ failedTasks: 0, rolloutState: 'IN_PROGRESS' })
  })
})

describe('copies whose health checks fail', () => {
  test('are replaced, counted, and rolled back', async () => {
    const account = withService(world, breaker())
    await account.advance(60)
    const good = account.service('shop')
    const bad = deployImage(account, 'acme/sick:1', { healthCheck })
    await account.advance(600)
    const stopped = account.ecs.tasks().filter(task => task.taskDefinitionArn === bad)
    expect(stopped.length).toBeGreaterThanOrEqual(3)
    for (const { stopCode, stoppedReason } of stopped.slice(0, 3))
      expect([stopCode, stoppedReason]).toEqual(['ServiceSchedulerInitiated', 'Task failed container health checks'])
    expect(account.service('shop').events?.map(event => event.message)).toContain(
      `(service shop) (task ${stopped[0]?.taskArn?.split('/')[2]}) failed container health checks.`,
    )
    expect(account.service('shop')).toMatchObject({
      taskDefinition: good.taskDefinition,
      runningCount: 2,
      deployments: [{ id: good.deployments?.[0]?.id, rolloutState: 'COMPLETED' }],
    })
    expect(history(account)[0]).toMatchObject({ status: 'ROLLBACK_SUCCESSFUL' })
  })

  test('are replaced after the deployment as well', async () => {
    const account = ecsAccount(world)
    account.register({ containerDefinitions: [container({ healthCheck })] })
    create(account, breaker())
    await account.advance(120)
    const [sick, well] = live(account)
    account.ecs.setHealth(sick?.taskArn ?? '', 'UNHEALTHY')
    await account.advance(90)
    expect(live(account)).toHaveLength(2)
    expect(live(account).map(task => task.taskArn)).toContain(well?.taskArn)
    expect(live(account).map(task => task.taskArn)).not.toContain(sick?.taskArn)
    expect(account.service('shop').deployments).toMatchObject([{ rolloutState: 'COMPLETED' }])
  })

  test('are left alone for the grace period', async () => {
    const account = ecsAccount(world)
    account.register({ containerDefinitions: [container({ image: 'acme/sick:1', healthCheck })] })
    create(account, { desiredCount: 1, healthCheckGracePeriodSeconds: 120 })
    await account.advance(30)
    const startedAt = live(account)[0]?.startedAt?.getTime() ?? 0
    await account.clock.advanceTo(startedAt + 115_000)
    expect(live(account)[0]).toMatchObject({ healthStatus: 'UNHEALTHY', startedAt: new Date(startedAt) })
    await account.advance(10)
    expect(account.ecs.tasks()[0]).toMatchObject({ stoppedReason: 'Task failed container health checks' })
  })

  test('stay where they belong to no service', async () => {
    const account = ecsAccount(world)
    account.register({ containerDefinitions: [container({ image: 'acme/sick:1', healthCheck })] })
    account.run()
    await account.advance(600)
    expect(account.ecs.tasks()).toMatchObject([{ lastStatus: 'RUNNING', healthStatus: 'UNHEALTHY' }])
  })
})
