import type { Task } from '@aws-sdk/client-ecs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Behaviour } from '../../../local/account/ecs/ecs.ts'
import { arnOf, container, containerOf, type EcsAccount, ecsAccount, refusal } from './ecs-account.ts'

const healthCheck = { command: ['CMD', 'true'], interval: 10, retries: 3, startPeriod: 20 }
const spot = { launchType: undefined, capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] }

/** A task whose container `web` behaves so, run and looked at when it has been RUNNING for so many seconds. */
async function task(behaviour: Behaviour, given: { run?: object; definition?: object; account?: object } = {}) {
  const account = ecsAccount({ behaviour: () => behaviour, ...given.account })
  account.register({ containerDefinitions: [container({ ...given.definition })] })
  const arn = arnOf(account.run({ ...given.run }))
  return { account, arn, now: () => account.task(arn) }
}

const states = (account: EcsAccount, arn: string) =>
  account.taskEvents(arn).map(({ detail }) => `${detail.lastStatus}/${detail.desiredStatus}`)

const stopped = (stopCode: string, stoppedReason: RegExp): Partial<Task> => ({
  lastStatus: 'STOPPED',
  stopCode: stopCode as 'UserInitiated',
  stoppedReason: expect.stringMatching(stoppedReason),
})

describe('a container that does not last', () => {
  test.each<{ case: string; behaviour: Behaviour; code: number; reason?: string }>([
    { case: 'exits 0', behaviour: { kind: 'exits', code: 0, afterMs: 4000 }, code: 0 },
    { case: 'exits 3', behaviour: { kind: 'exits', code: 3, afterMs: 4000 }, code: 3 },
    {
      case: 'runs out of memory',
      behaviour: { kind: 'out-of-memory', afterMs: 4000 },
      code: 137,
      reason: 'OutOfMemoryError: Container killed due to memory usage',
    },
  ])('$case: the task ends with it, in DescribeTasks as in events', async ({ behaviour, code, reason }) => {
    const { account, arn, now } = await task(behaviour)
    await account.advance(25 + 60)
    expect(now()).toMatchObject(stopped('EssentialContainerExited', /^Essential container in task exited$/))
    expect(containerOf(now(), 'web')).toMatchObject({ lastStatus: 'STOPPED', exitCode: code })
    expect(containerOf(now(), 'web').reason).toBe(reason)
    expect((now().stoppingAt?.getTime() ?? 0) - (now().startedAt?.getTime() ?? 0)).toBe(4000)
    const [told] = account.taskEvents(arn).slice(-1)
    expect(told?.detail).toMatchObject({ stopCode: 'EssentialContainerExited', containers: [{ exitCode: code }] })
  })
})

describe('a container that does not start', () => {
  test.each([
    {
      what: 'image',
      reason: /^CannotPullContainerError: .* does not contain descriptor matching platform 'linux\/amd64'$/,
      pulls: true,
    },
    {
      what: 'secrets',
      reason: /^ResourceInitializationError: unable to pull secrets or registry auth: .*AccessDenied/,
      pulls: false,
    },
    { what: 'network', reason: /^ResourceInitializationError: .*i\/o timeout$/, pulls: false },
  ] as const)('for its $what', async ({ what, reason, pulls }) => {
    const { account, arn, now } = await task({ kind: 'fails-to-start', for: what })
    await account.advance(90)
    expect(now()).toMatchObject(stopped('TaskFailedToStart', reason))
    expect([now().startedAt, containerOf(now(), 'web').exitCode]).toEqual([undefined, undefined])
    expect(now().pullStartedAt !== undefined).toBe(pulls)
    expect(now().containers).toHaveLength(1)
    const told = account.taskEvents(arn).filter(({ detail }) => detail.stopCode !== undefined)
    expect(told.map(({ detail }) => (detail.containers as unknown[]).length)).toEqual(Array(3).fill(pulls ? 1 : 0))
    expect(states(account, arn).slice(-3)).toEqual(['PENDING/STOPPED', 'DEPROVISIONING/STOPPED', 'STOPPED/STOPPED'])
  })
})

test('a container that hangs is killed when its stop timeout is over, whatever the seed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async seedNumber => {
      const { account, arn, now } = await task(
        { kind: 'hangs' },
        { definition: { stopTimeout: 90 }, account: { seedNumber } },
      )
      await account.advance(3600)
      expect(now().lastStatus).toBe('RUNNING')
      account.call('StopTask', { task: arn })
      await account.advance(90)
      expect(now().lastStatus).toBe('STOPPING')
      await account.advance(30)
      expect(containerOf(now(), 'web').exitCode).toBe(137)
    }),
    { numRuns: 20 },
  )
})

describe('a Spot interruption', () => {
  test('is told two minutes ahead, while the task still runs', async () => {
    const { account, arn, now } = await task({ kind: 'spot-interrupted', afterMs: 60_000 }, { run: spot })
    await account.advance(25)
    const { startedAt, version = 0 } = now()
    const warnedAt = (startedAt?.getTime() ?? 0) + 60_000
    await account.clock.advanceTo(warnedAt)
    const interrupted = { stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' }
    expect(account.taskEvents(arn).at(-1)?.detail).toMatchObject({
      ...interrupted,
      lastStatus: 'RUNNING',
      desiredStatus: 'STOPPED',
      version: version + 1,
    })
    await account.clock.advanceTo(warnedAt + 119_999)
    expect(now()).toMatchObject({ lastStatus: 'RUNNING', version: version + 1 })
    await account.advance(90)
    expect(now()).toMatchObject({ lastStatus: 'STOPPED', ...interrupted })
  })

  test('never comes to a task on FARGATE', async () => {
    const { account, now } = await task({ kind: 'spot-interrupted', afterMs: 60_000 })
    await account.advance(600)
    expect(now()).toMatchObject({ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' })
  })
})

describe('health', () => {
  const unhealthy: Behaviour = { kind: 'unhealthy' }
  test.each<{ case: string; behaviour: Behaviour; definition: object; becomes: string; afterMs: number }>([
    { case: 'good', behaviour: { kind: 'runs' }, definition: { healthCheck }, becomes: 'HEALTHY', afterMs: 10_000 },
    { case: 'bad', behaviour: unhealthy, definition: { healthCheck }, becomes: 'UNHEALTHY', afterMs: 50_000 },
    {
      case: "bad, by ECS's defaults",
      behaviour: unhealthy,
      definition: { healthCheck: { command: ['CMD', 'true'] } },
      becomes: 'UNHEALTHY',
      afterMs: 90_000,
    },
  ])(
    'that is $case is known in time, without event or version',
    async ({ behaviour, definition, becomes, afterMs }) => {
      const { account, now } = await task(behaviour, { definition })
      await account.advance(25)
      const { startedAt, version } = now()
      const told = account.events.length
      await account.clock.advanceTo((startedAt?.getTime() ?? 0) + afterMs - 1)
      expect(now().healthStatus).toBe('UNKNOWN')
      await account.clock.advance(1)
      expect(now()).toMatchObject({ healthStatus: becomes, version, containers: [{ healthStatus: becomes }] })
      await account.advance(600)
      // ECS leaves a standalone task alone, well or not.
      expect(now()).toMatchObject({ healthStatus: becomes, version, lastStatus: 'RUNNING', desiredStatus: 'RUNNING' })
      expect(account.events).toHaveLength(told)
    },
  )

  test('is never known without a health check', async () => {
    const { account, now } = await task(unhealthy)
    await account.advance(600)
    expect(now()).toMatchObject({ healthStatus: 'UNKNOWN', lastStatus: 'RUNNING' })
  })
})

test("RunTask's overrides are shown, and tell the container that it is a one-off", async () => {
  const account = ecsAccount({
    behaviour: (_image, name, { commandIsOverridden }) =>
      name === 'web' && commandIsOverridden ? { kind: 'exits', code: 0, afterMs: 3000 } : { kind: 'runs' },
  })
  account.register({ containerDefinitions: [container(), container({ name: 'side', essential: false })] })
  const web = {
    name: 'web',
    command: ['migrate', '--up'],
    environment: [{ name: 'A', value: 'b' }],
    cpu: 128,
    memory: 256,
  }
  const overrides = { containerOverrides: [web], taskRoleArn: 'arn:aws:iam::123456789012:role/migrate' }
  const arn = arnOf(account.run({ overrides }))
  const environmentOnly = { containerOverrides: [{ name: 'web', environment: [{ name: 'A', value: 'b' }] }] }
  const other = arnOf(account.run({ overrides: environmentOnly }))
  await account.advance(120)
  const shown = { ...overrides, containerOverrides: [web, { name: 'side' }] }
  expect(account.task(arn)).toMatchObject({ ...stopped('EssentialContainerExited', /exited/), overrides: shown })
  expect(account.taskEvents(arn).map(({ detail }) => detail.overrides)).toEqual(
    account.taskEvents(arn).map(() => expect.objectContaining(shown)),
  )
  expect(containerOf(account.task(arn), 'web')).toMatchObject({ cpu: '128', memory: '256', exitCode: 0 })
  expect(account.task(other).lastStatus).toBe('RUNNING')
})

describe('faults on purpose', () => {
  const runs: Behaviour = { kind: 'runs' }
  const running = async (given: Parameters<typeof task>[1] = {}) => {
    const made = await task(runs, given)
    await made.account.advance(25)
    return made
  }

  test.each([undefined, 'SpotInterruption', 'TerminationNotice'] as const)('interrupt, told as %s', async code => {
    const { account, arn, now } = await running({ run: spot })
    account.ecs.interrupt(arn, code)
    expect(now()).toMatchObject({
      lastStatus: 'RUNNING',
      desiredStatus: 'STOPPED',
      stopCode: code ?? 'SpotInterruption',
    })
    await account.advance(200)
    expect(now().lastStatus).toBe('STOPPED')
  })

  test('fail: a container ends with a code and a reason', async () => {
    const { account, arn, now } = await running()
    account.ecs.fail(arn, { exitCode: 139, reason: 'segmentation fault' })
    await account.advance(60)
    expect(now()).toMatchObject({
      ...stopped('EssentialContainerExited', /exited/),
      containers: [{ exitCode: 139, reason: 'segmentation fault' }],
    })
  })

  test('setHealth: stays as it was set, before the first check and after', async () => {
    const { account, arn, now } = await running({ definition: { healthCheck } })
    account.ecs.setHealth(arn, 'UNHEALTHY')
    await account.advance(60)
    expect(now().healthStatus).toBe('UNHEALTHY')
    account.ecs.setHealth(arn, 'HEALTHY', 'web')
    expect(now().healthStatus).toBe('HEALTHY')
  })

  test('loseHost: the infrastructure breaks down', async () => {
    const { account, arn, now } = await running()
    account.ecs.loseHost(arn)
    await account.advance(90)
    expect(now()).toMatchObject(stopped('InfrastructureHealth', /infrastructure/))
  })

  test.each<{ case: string; fault: (account: EcsAccount, arn: string) => void; says: RegExp }>([
    {
      case: 'interrupt, on FARGATE',
      fault: ({ ecs }, arn) => ecs.interrupt(arn),
      says: /does not run on FARGATE_SPOT/,
    },
    {
      case: 'setHealth, without a check',
      fault: ({ ecs }, arn) => ecs.setHealth(arn, 'HEALTHY'),
      says: /no health check/,
    },
    {
      case: 'fail, of no such container',
      fault: ({ ecs }, arn) => ecs.fail(arn, { exitCode: 1, container: 'db' }),
      says: /no running container db/,
    },
    { case: 'loseHost, of no task', fault: ({ ecs }) => ecs.loseHost('arn:x/default/y'), says: /is no running task/ },
  ])('$case, throws and changes nothing', async ({ fault, says }) => {
    const { account, arn, now } = await running()
    const before = now()
    expect(refusal(() => fault(account, arn))).toMatch(says)
    expect(now()).toEqual(before)
  })

  test('reads that lag five minutes: MISSING, and in no list, until they have caught up', async () => {
    const { account, arn } = await task(runs)
    account.ecs.lagReads(300_000)
    await account.clock.advance(299_999)
    expect(account.call('DescribeTasks', { tasks: [arn] })).toMatchObject({ failures: [{ arn, reason: 'MISSING' }] })
    expect(account.listTasks()).toEqual([])
    await account.clock.advance(1)
    expect(account.task(arn).lastStatus).toBe('RUNNING')
    expect(account.listTasks()).toEqual([arn])
  })
})

const someBehaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  fc.constantFrom<Behaviour>({ kind: 'runs' }, { kind: 'hangs' }, { kind: 'unhealthy' }),
  fc.record({ kind: fc.constant('exits' as const), code: fc.nat(255), afterMs: fc.nat(90_000) }),
  fc.record({ kind: fc.constantFrom('out-of-memory' as const, 'spot-interrupted' as const), afterMs: fc.nat(90_000) }),
  fc.record({
    kind: fc.constant('fails-to-start' as const),
    for: fc.constantFrom('image' as const, 'secrets' as const, 'network' as const),
  }),
)
const fault = fc.constantFrom('interrupt', 'fail', 'health', 'lose', 'stop', 'protect', 'tag')

describe('whatever containers do and whatever befalls them', () => {
  test('versions rise by one with every event, and a task that is STOPPED never changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(someBehaviour, someBehaviour),
        fc.array(fc.record({ fault, wait: fc.nat(60_000) }), { maxLength: 8 }),
        fc.nat(),
        async ([web, side], faults, seedNumber) => {
          const account = ecsAccount({ seedNumber, behaviour: (_image, name) => (name === 'web' ? web : side) })
          const containers = [container({ healthCheck }), container({ name: 'side', essential: false, healthCheck })]
          account.register({ containerDefinitions: containers })
          const arn = arnOf(account.run(spot))
          let final: Task | undefined
          const look = () => {
            const now = account.task(arn)
            if (final) expect(now).toEqual(final)
            else if (now.lastStatus === 'STOPPED') final = now
          }
          for (const one of faults) {
            await account.clock.advance(one.wait)
            look()
            refusal(() => strike(account, arn, one.fault))
            look()
          }
          await account.advance(400)
          look()
          const told = account.taskEvents(arn).map(({ detail }) => detail.version)
          expect(told).toEqual(told.map((_version, index) => index + 1))
          expect(account.task(arn).version).toBe(told.length)
        },
      ),
      { numRuns: 100 },
    )
  })
})

function strike({ ecs, call }: EcsAccount, arn: string, fault: string): unknown {
  switch (fault) {
    case 'interrupt':
      return ecs.interrupt(arn)
    case 'fail':
      return ecs.fail(arn, { exitCode: 1 })
    case 'health':
      return ecs.setHealth(arn, 'UNHEALTHY')
    case 'lose':
      return ecs.loseHost(arn)
    case 'stop':
      return call('StopTask', { task: arn })
    case 'protect':
      return call('UpdateTaskProtection', { cluster: 'default', tasks: [arn], protectionEnabled: true })
    default:
      return call('TagResource', { resourceArn: arn, tags: [{ key: 'a', value: 'b' }] })
  }
}
