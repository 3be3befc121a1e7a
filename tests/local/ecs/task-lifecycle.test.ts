import { describe, expect, test } from 'vitest'
import { arnOf, container, containerOf, ecsAccount, refusal } from './ecs-account.ts'

describe('a task that runs', () => {
  test('passes through every state, version by version, and is RUNNING within 10 to 25 s', async () => {
    const account = ecsAccount()
    account.register()
    const arn = arnOf(account.run())
    expect(account.task(arn)).toMatchObject({ lastStatus: 'PROVISIONING', desiredStatus: 'RUNNING', version: 1 })
    await account.advance(9)
    expect(account.task(arn).lastStatus).not.toBe('RUNNING')
    await account.advance(16)
    const task = account.task(arn)
    expect(task).toMatchObject({
      lastStatus: 'RUNNING',
      launchType: 'FARGATE',
      platformVersion: '1.4.0',
      group: 'family:web',
    })
    account.call('StopTask', { task: arn, reason: 'enough' })
    await account.advance(90)
    const states = account
      .taskEvents(arn)
      .map(event => `${event.detail.version} ${event.detail.lastStatus}/${event.detail.desiredStatus}`)
    expect(states).toEqual([
      '1 PROVISIONING/RUNNING',
      '2 PENDING/RUNNING',
      '3 PENDING/RUNNING',
      '4 ACTIVATING/RUNNING',
      '5 RUNNING/RUNNING',
      '6 RUNNING/STOPPED',
      '7 DEACTIVATING/STOPPED',
      '8 STOPPING/STOPPED',
      '9 DEPROVISIONING/STOPPED',
      '10 STOPPED/STOPPED',
    ])
    const stopped = account.task(arn)
    expect(stopped).toMatchObject({ stopCode: 'UserInitiated', stoppedReason: 'enough', version: 10 })
    expect([143, 137]).toContain(containerOf(stopped, 'web').exitCode)
    const order = [
      'createdAt',
      'connectivityAt',
      'pullStartedAt',
      'pullStoppedAt',
      'startedAt',
      'stoppingAt',
      'executionStoppedAt',
      'stoppedAt',
    ] as const
    const times = order.map(name => stopped[name]?.getTime() ?? Number.NaN)
    expect(times).toEqual([...times].sort((one, other) => one - other))
  })

  test('is told in events as ECS tells it: ISO times, an eni, no health and no tags', async () => {
    const account = ecsAccount()
    account.register({ containerDefinitions: [container({ healthCheck: { command: ['CMD', 'true'] } })] })
    const arn = arnOf(account.run({ tags: [{ key: 'team', value: 'red' }] }))
    await account.advance(25)
    const task = account.task(arn)
    expect(task.attachments?.[0]?.type).toBe('ElasticNetworkInterface')
    const [event] = account.taskEvents(arn).slice(-1)
    expect(event).toMatchObject({ source: 'aws.ecs', resources: [arn] })
    expect(event?.detail).toMatchObject({
      createdAt: '2026-03-01T22:00:00.000Z',
      attachments: [{ type: 'eni', status: 'ATTACHED' }],
      startedAt: task.startedAt?.toISOString(),
    })
    expect(event?.detail).toEqual(JSON.parse(JSON.stringify(event?.detail)))
    expect(JSON.stringify(event?.detail)).not.toMatch(/healthStatus|"tags"|team/)
  })

  test('turns HEALTHY silently: no event and no version', async () => {
    const account = ecsAccount()
    account.register({ containerDefinitions: [container({ healthCheck: { command: ['CMD', 'true'], interval: 10 } })] })
    const arn = arnOf(account.run())
    await account.advance(25)
    expect(account.task(arn)).toMatchObject({ healthStatus: 'UNKNOWN', version: 5 })
    const told = account.events.length
    await account.advance(15)
    expect(account.task(arn)).toMatchObject({ healthStatus: 'HEALTHY', version: 5 })
    expect(account.events).toHaveLength(told)
  })
})

describe('a task that ends', () => {
  test.each([
    { case: 'before it was placed', after: 1, states: ['PROVISIONING', 'PROVISIONING', 'DEPROVISIONING', 'STOPPED'] },
    { case: 'once it runs', after: 25, states: ['RUNNING', 'DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED'] },
  ])('stopped $case, comes down from there', async ({ after, states }) => {
    const account = ecsAccount()
    account.register()
    const arn = arnOf(account.run())
    await account.advance(after)
    account.call('StopTask', { task: arn })
    await account.advance(120)
    expect(
      account
        .taskEvents(arn)
        .map(event => event.detail.lastStatus)
        .slice(-states.length),
    ).toEqual(states)
    const hasRun = after > 20
    expect(containerOf(account.task(arn), 'web').exitCode !== undefined).toBe(hasRun)
    expect(account.task(arn).executionStoppedAt !== undefined).toBe(hasRun)
  })

  test('a second StopTask changes nothing', async () => {
    const account = ecsAccount()
    account.register()
    const arn = arnOf(account.run())
    await account.advance(25)
    account.call('StopTask', { task: arn, reason: 'first' })
    const { version } = account.task(arn)
    account.call('StopTask', { task: arn, reason: 'second' })
    expect(account.task(arn)).toMatchObject({ version, stoppedReason: 'first' })
    await account.advance(120)
    expect(account.task(arn).lastStatus).toBe('STOPPED')
  })

  test('an image that is not there fails at the pull, without exit codes', async () => {
    const account = ecsAccount({ imageExists: image => !image.includes('gone') })
    account.register({ containerDefinitions: [container(), container({ name: 'side', image: 'acme/gone:1' })] })
    const arn = arnOf(account.run())
    await account.advance(60)
    const task = account.task(arn)
    expect(task).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart' })
    expect(task.stoppedReason).toMatch(/^CannotPullContainerError: .*acme\/gone:1: not found$/)
    expect(task.containers?.map(one => one.exitCode)).toEqual([undefined, undefined])
    expect(task.startedAt).toBeUndefined()
  })

  test('a job exits by itself, and its side container is brought down', async () => {
    const account = ecsAccount({
      behaviour: (_image, name) => (name === 'job' ? { kind: 'exits', code: 0, afterMs: 4000 } : { kind: 'runs' }),
    })
    account.register({
      containerDefinitions: [container({ name: 'job' }), container({ name: 'log', essential: false })],
    })
    const arn = arnOf(account.run())
    await account.advance(29)
    await account.advance(90)
    const task = account.task(arn)
    expect(task).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
    })
    expect(containerOf(task, 'job').exitCode).toBe(0)
    expect([143, 137]).toContain(containerOf(task, 'log').exitCode)
  })

  test('a side container that exits leaves the task running', async () => {
    const account = ecsAccount({
      behaviour: (_image, name) => (name === 'init' ? { kind: 'exits', code: 3, afterMs: 1000 } : { kind: 'runs' }),
    })
    account.register({ containerDefinitions: [container(), container({ name: 'init', essential: false })] })
    const arn = arnOf(account.run())
    await account.advance(30)
    const task = account.task(arn)
    expect(task).toMatchObject({ lastStatus: 'RUNNING', version: 6 })
    expect(containerOf(task, 'init')).toMatchObject({ lastStatus: 'STOPPED', exitCode: 3 })
  })

  test('is described for an hour, its tags no longer, and is then MISSING', async () => {
    const account = ecsAccount()
    account.register()
    const arn = arnOf(account.run({ tags: [{ key: 'team', value: 'red' }] }))
    await account.advance(25)
    expect(account.task(arn).tags).toEqual([{ key: 'team', value: 'red' }])
    account.call('StopTask', { task: arn })
    await account.advance(120)
    const { stoppedAt, tags } = account.task(arn)
    expect(tags).toEqual([])
    expect(refusal(() => account.call('TagResource', { resourceArn: arn, tags: [{ key: 'a', value: 'b' }] }))).toMatch(
      /^ResourceNotFoundException/,
    )
    await account.clock.advanceTo((stoppedAt?.getTime() ?? 0) + 3_599_999)
    expect(account.listTasks({ desiredStatus: 'STOPPED' })).toEqual([arn])
    await account.clock.advance(1)
    expect(account.call('DescribeTasks', { tasks: [arn] })).toEqual({
      tasks: [],
      failures: [{ arn, reason: 'MISSING' }],
    })
    expect(account.listTasks({ desiredStatus: 'STOPPED' })).toEqual([])
  })
})
