import { describe, expect, test } from 'vitest'
import { writeGate } from '../../shared/deploy/records.ts'
import { RefusedError, RetryableError } from '../../shared/ports.ts'
import { registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { deployment, digestOf, putDeployments, putTasks, revisionArn, task, taskArn } from './records.ts'
import { type Shell, type } from './shell.ts'

const onWorker = { target: 'worker', where: { kind: 'task' as const, cluster: 'demo' } }

function copyOf(id: string, deploymentId: string, more = {}) {
  return task({ arn: taskArn(id), startedBy: `fg/worker/${deploymentId}01`, group: 'family:worker', ...more })
}

/** The service web on its revision 1, for two minutes. */
async function webRuns(simulated: SimulatedWorld) {
  simulated.push('acme/web', '1.1.0')
  await simulated.createService('demo', 'web', `${registryHost}/acme/web:1.1.0`)
  await simulated.clock.advance(120_000)
}

/** A service that runs what #1 put there, and two copies of worker's #2. */
async function everythingRuns() {
  const simulated = simulatedWorld()
  await webRuns(simulated)
  const { table } = simulated.world
  const revision = { arn: revisionArn('web:1'), fingerprint: 'f' }
  await putDeployments(table, [deployment({ revision })])
  await putDeployments(table, [deployment({ ...onWorker, number: 2, image: image('worker', 'live', 'c') })])
  await putTasks(table, copyOf('c1', 'dep002', { health: 'HEALTHY' }), copyOf('c2', 'dep002', { health: 'HEALTHY' }))
  return simulated
}

function image(name: string, tag: string, letter: string) {
  return { repository: `acme/${name}`, tag, digest: digestOf(letter) }
}

async function report(simulated: SimulatedWorld, line = 'status', shell: Shell = {}) {
  const { code, out, err } = await type(`${line} --json`, simulated, shell)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

async function web(simulated: SimulatedWorld) {
  return (await report(simulated, 'status web')).targets[0]
}

describe('farguard status', () => {
  test('what runs as it should is one line a target', async () => {
    const { out } = await type('status', await everythingRuns(), { columns: 80 })
    expect(out).toMatchInlineSnapshot(`
      "the test stack, 2026-03-01 22:02:00Z

      TARGET   CLUSTER  RUNS            DEPLOYMENT    AGE  COPIES  HEALTH
      web      demo     1.1.0 aaaaaaaa  #1 succeeded  1 h  1/1     -
      worker   demo     live cccccccc   #2 succeeded  1 h  2/2     healthy
      nightly  demo     -               -             -    -       -"
    `)
  })

  test('as JSON', async () => {
    expect(await report(await everythingRuns())).toMatchObject({
      at: '2026-03-01T22:02:00.000Z',
      stack: 'the test stack',
      notAsked: [],
      targets: [
        {
          target: 'web',
          service: 'web',
          runs: { tag: '1.1.0', digest: digestOf('a'), number: 1, revision: revisionArn('web:1') },
          newest: { number: 1, state: 'succeeded' },
          copies: { desired: 1, running: 1, pending: 0 },
          drift: [],
        },
        { target: 'worker', copies: { desired: 2, running: 2 }, health: { healthy: 2, unhealthy: 0 }, drift: [] },
        { target: 'nightly', copies: { running: 0 }, drift: [] },
      ],
      clusters: [{ cluster: 'demo', tasksOfNoTarget: [] }],
    })
  })

  test('what is held, waits, is quarantined, gone or under way is said below, with why and until when', async () => {
    const simulated = simulatedWorld()
    const { table } = simulated.world
    await webRuns(simulated)
    const first = deployment({ revision: { arn: revisionArn('web:1'), fingerprint: 'f' } })
    const second = deployment({ number: 2, state: 'started', startedAt: '2026-03-01T21:55:00.000Z' })
    const quarantine = [
      { digest: digestOf('b'), because: 'application-exit: exited with 3', at: '2026-03-01T20:00:00Z' },
    ]
    await putDeployments(table, [first, second], { quarantine })
    const gate = {
      target: 'web',
      hold: { because: 'the sale runs', by: 'ana@laptop', at: '2026-03-01T21:00:00Z' },
      approvals: [],
      parked: {
        image: image('web', '1.3.0', 'd'),
        reason: 'frozen',
        detail: 'Fri 16:00 - Mon 08:00 Europe/Berlin',
        since: '2026-03-01T21:30:00Z',
        until: '2026-03-02T07:00:00Z',
      },
      gone: [{ digest: digestOf('a'), how: 'deleted' as const, at: '2026-03-01T21:40:00Z', what: 'what #1 runs' }],
    }
    await writeGate(table, gate, undefined, '2026-03-01T21:30:00Z')
    const { out } = await type('status web', simulated, { columns: 80 })
    expect(out).toMatchInlineSnapshot(`
      "the test stack, 2026-03-01 22:02:00Z

      TARGET  CLUSTER  RUNS            DEPLOYMENT  AGE  COPIES  HEALTH
      web     demo     1.1.0 aaaaaaaa  #2 started  1 h  1/1     -

      TARGET  NOTE
      web     under way    #2 1.2.0 aaaaaaaa: started, 8 min left until 2026-03-01
                           22:10:00Z
      web     held         by ana@laptop since 2026-03-01 21:00:00Z: the sale runs
      web     waiting      1.3.0 dddddddd waits since 2026-03-01 21:30:00Z, until
                           2026-03-02 07:00:00Z at least: frozen: Fri 16:00 - Mon
                           08:00 Europe/Berlin
      web     quarantined  bbbbbbbb since 2026-03-01 20:00:00Z: application-exit:
                           exited with 3
      web     deleted      aaaaaaaa at 2026-03-01 21:40:00Z: what #1 runs"
    `)
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('what waits for an approval is told with the command that gives it', async () => {
    const simulated = simulatedWorld()
    const parked = {
      image: image('nightly', '1.3.0', 'd'),
      reason: 'not-approved',
      detail: 'nobody has approved 1.3.0 yet',
      since: '2026-03-01T21:30:00Z',
    }
    const gate = { target: 'nightly', approvals: [], parked, gone: [] }
    await writeGate(simulated.world.table, gate, undefined, '2026-03-01T21:30:00Z')
    const { out } = await type('status nightly', simulated)
    expect(out).toContain('nobody has approved 1.3.0 yet; farguard approve nightly 1.3.0')
  })

  test('tasks of no target are counted by group', async () => {
    const simulated = await everythingRuns()
    const other = (id: string, group: string) => task({ arn: taskArn(id), group })
    await putTasks(
      simulated.world.table,
      other('d1', 'family:debug'),
      other('d2', 'service:other'),
      other('d3', 'service:other'),
    )
    const { out } = await type('status', simulated)
    expect(out).toContain('Tasks of no target in demo: 3 (2 service:other, 1 family:debug)')
    expect((await type('status web', simulated)).out).not.toContain('Tasks of no target')
  })

  test('where ECS can not be asked the records are shown, and that is said', async () => {
    const simulated = await everythingRuns()
    const refused = new RefusedError(
      'AccessDeniedException',
      'ecs:DescribeServices of web in demo: AccessDeniedException: no',
    )
    const fleet = { ...simulated.world.fleet, describeServices: () => Promise.reject(refused) }
    const { code, out } = await type('status', simulated, { ports: { fleet } })
    expect(code).toBe(0)
    expect(out).toMatch(/^web +demo +1\.1\.0 aaaaaaaa +#1 succeeded/m)
    expect(out).toContain('ECS could not be asked about cluster demo')
    expect(out).toContain('Your credentials have no right to ecs:DescribeServices')
  })

  test('a target that there is not is a mistake of the command, with the name that was meant', async () => {
    expect(await type('status wrker', simulatedWorld())).toMatchObject({
      code: 2,
      err: 'farguard.yml has no target wrker. Try worker',
    })
  })

  test('problems in farguard.yml are shown as elsewhere', async () => {
    const said = await type('status', simulatedWorld(), { environment: { FARGUARD_CONFIG: 'tests/cli/none.yml' } })
    expect(said).toMatchObject({ code: 1, err: expect.stringContaining('there is no such file') })
  })

  test('services are described by one call for up to ten', async () => {
    const simulated = await everythingRuns()
    simulated.calls.length = 0
    await type('status', simulated)
    expect(simulated.calls).toEqual(['ecs:DescribeServices'])
  })
})

describe('drift', () => {
  test('a service that somebody put on another revision', async () => {
    const simulated = await everythingRuns()
    const other = { arn: revisionArn('web:7'), fingerprint: 'g' }
    await putDeployments(simulated.world.table, [deployment({ number: 3, revision: other })])
    expect((await web(simulated)).drift).toEqual([
      'The service runs web:1, not web:7 of #3: somebody else put it there.',
    ])
  })

  test('no drift while the rollout of the revision that the service is on is under way', async () => {
    const simulated = simulatedWorld()
    await simulated.createService('demo', 'web', `${registryHost}/acme/web:1.1.0`)
    const old = deployment({ revision: { arn: revisionArn('web:0'), fingerprint: 'f' } })
    const started = { state: 'started' as const, startedAt: '2026-03-01T22:00:00.000Z' }
    const next = deployment({ number: 2, ...started, revision: { arn: revisionArn('web:1'), fingerprint: 'g' } })
    await putDeployments(simulated.world.table, [old, next])
    expect(await web(simulated)).toMatchObject({
      drift: [],
      runs: { number: 1 },
      underWay: { number: 2, state: 'started', deadline: '2026-03-01T22:15:00.000Z' },
    })
  })

  test('a service that no deployment on record put there', async () => {
    const simulated = simulatedWorld()
    await webRuns(simulated)
    const ended = { reason: 'unhealthy', detail: 'fails its health check', at: '2026-03-01T21:10:00Z' }
    const revision = { arn: revisionArn('web:7'), fingerprint: 'f' }
    await putDeployments(simulated.world.table, [deployment({ state: 'failed', ended, revision })])
    expect((await web(simulated)).drift).toEqual(['The service runs web:1, which no deployment on record put there.'])
  })

  test('none before the first deployment, nor while it is under way: it runs what it was created with', async () => {
    const simulated = simulatedWorld()
    await webRuns(simulated)
    expect((await web(simulated)).drift).toEqual([])
    await putDeployments(simulated.world.table, [deployment({ state: 'starting' })])
    expect((await web(simulated)).drift).toEqual([])
  })

  test('what waits for a job that still runs says so, and that job is no drift', async () => {
    const simulated = simulatedWorld()
    const { table } = simulated.world
    const job = { target: 'nightly', where: { kind: 'job' as const, cluster: 'demo' } }
    const busy = deployment({ ...job, number: 2, state: 'superseded' })
    const head = { current: deployment({ ...job, number: 3, id: 'dep003' }), earlier: [busy], busy: 2 }
    await putDeployments(table, [deployment(job), busy], head)
    await putTasks(table, copyOf('e1', 'dep002', { startedBy: 'fg/nightly/dep00201', group: 'family:nightly' }))
    const { out } = await type('status nightly', simulated)
    expect(out).toMatch(/^nightly +demo .* #3 waits /m)
    expect(out).toContain('#3 1.3.0 aaaaaaaa: waits for #2, whose job (or before task) still runs')
    expect(out).not.toContain('drift')
    const { targets } = await report(simulated, 'status nightly')
    expect(targets[0].underWay).toMatchObject({ state: 'claimed', waitsFor: 2 })
  })

  test('a service that is not there', async () => {
    expect((await web(simulatedWorld())).drift).toEqual(['Cluster demo has no service web.'])
  })

  test('after a rollback the deployment that it went back to stands', async () => {
    const simulated = simulatedWorld()
    await webRuns(simulated)
    const good = deployment({ revision: { arn: revisionArn('web:1'), fingerprint: 'f' } })
    const ended = { reason: 'unhealthy', detail: 'fails its health check', at: '2026-03-01T21:10:00Z' }
    const undone = { at: '2026-03-01T21:12:00Z', by: 'farguard' as const, what: 'put back on #1', to: 1 }
    const bad = deployment({ number: 2, state: 'rolled-back', ended, undone })
    await putDeployments(simulated.world.table, [good, bad])
    expect(await web(simulated)).toMatchObject({
      runs: { number: 1, tag: '1.1.0' },
      newest: { number: 2, state: 'rolled-back', ended: 'unhealthy: fails its health check' },
      drift: [],
    })
  })

  test('what a rollback went back to stands, also before a newer one that had succeeded', async () => {
    const simulated = simulatedWorld()
    const undone = { at: '2026-03-01T21:12:00Z', by: 'farguard' as const, what: 'put back on #1', to: 1 }
    const bad = deployment({ number: 3, state: 'rolled-back', undone })
    await putDeployments(simulated.world.table, [deployment(), deployment({ number: 2 }), bad])
    expect((await web(simulated)).runs).toMatchObject({ number: 1 })
  })

  test('what succeeded where the target ran before does not stand where it runs now', async () => {
    const simulated = simulatedWorld()
    const elsewhere = { kind: 'service' as const, cluster: 'demo', service: 'web-old' }
    await putDeployments(simulated.world.table, [deployment({ where: elsewhere })])
    expect(await web(simulated)).not.toHaveProperty('runs')
  })

  test.each([
    { case: 'a copy is missing', ids: ['dep002'], drift: ['1 of 2 copies are missing; the sweep starts what is.'] },
    {
      case: 'a copy of another deployment still runs',
      ids: ['dep002', 'dep002', 'dep001'],
      drift: [`1 task of #1 still runs: ${'c2'.padEnd(32, '0')}.`],
    },
    {
      case: 'copies that are of no deployment on record',
      ids: ['dep002', 'dep002', 'zzzzzz', 'zzzzzz'],
      drift: [`2 tasks of no deployment on record still run: ${'c2'.padEnd(32, '0')}, ${'c3'.padEnd(32, '0')}.`],
    },
  ])('$case', async ({ ids, drift }) => {
    const simulated = simulatedWorld()
    const { table } = simulated.world
    await putDeployments(table, [deployment(onWorker), deployment({ ...onWorker, number: 2 })])
    await putTasks(table, ...ids.map((id, index) => copyOf(`c${index}`, id)))
    const { targets } = await report(simulated, 'status worker')
    expect(targets[0].drift).toEqual(drift)
  })
})

describe('farguard status --watch', () => {
  const sleepTwice = [() => undefined, () => undefined]

  test('a screen is drawn anew at each look, until Ctrl-C', async () => {
    const simulated = await everythingRuns()
    const { code, out } = await type('status --watch', simulated, { columns: 80, interruptedAt: 3 })
    expect(code).toBe(0)
    // Two sleeps of 5 seconds came before the third: what is left on the screen is the last look.
    expect(out).toMatch(/^the test stack, 2026-03-01 22:02:10Z/)
    expect(out.match(/the test stack/g)).toHaveLength(1)
  })

  test('elsewhere only changes are printed', async () => {
    const simulated = await everythingRuns()
    const stops = () => putTasks(simulated.world.table, copyOf('c1', 'dep002', { version: 2, lastStatus: 'STOPPED' }))
    const meanwhile = [...sleepTwice, stops]
    const { out } = await type('status --watch 10', simulated, { meanwhile, interruptedAt: 5 })
    expect(out.match(/the test stack, .*/g)).toEqual([
      'the test stack, 2026-03-01 22:02:00Z',
      'the test stack, 2026-03-01 22:02:30Z',
    ])
    expect(out).toContain('1 of 2 copies are missing')
  })

  test('a stack that is away for a moment ends nothing', async () => {
    const simulated = await everythingRuns()
    let looks = 0
    const query: typeof simulated.world.table.query = asked =>
      ++looks === 1
        ? Promise.reject(new RetryableError('dynamodb:Query: TimeoutError'))
        : simulated.world.table.query(asked)
    const table = { ...simulated.world.table, query }
    const { code, out, err } = await type('status --watch', simulated, { ports: { table }, interruptedAt: 3 })
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining("Can't look just now") })
    expect(out).toContain('#1 succeeded')
  })
})
