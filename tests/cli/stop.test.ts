import { describe, expect, test } from 'vitest'
import { recordIntentOutcome } from '../../shared/intents/intent-record.ts'
import { RefusedError } from '../../shared/ports.ts'
import { registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { deployment, putDeployments, putTasks, task, taskArn } from './records.ts'
import { type Shell, type } from './shell.ts'

async function webRuns(count = 2) {
  const simulated = simulatedWorld()
  simulated.push('acme/web', '1.1.0')
  await simulated.createService('demo', 'web', `${registryHost}/acme/web:1.1.0`, { desiredCount: count })
  await simulated.clock.advance(120_000)
  const arns: string[] = []
  for await (const page of simulated.world.fleet.listTasks('demo', 'running')) arns.push(...page)
  return { simulated, arns, ids: arns.map(arn => arn.slice(arn.lastIndexOf('/') + 1)) }
}

function wishes({ sent }: SimulatedWorld) {
  return sent.map(({ message }) => (message.kind === 'intent' ? message.wish : message))
}

/** Stops without waiting: what was asked, and what was said about it before. */
async function stopped(name: string, simulated: SimulatedWorld, shell: Shell = {}) {
  const said = await type(['stop', name, '--yes', '--no-wait'], simulated, shell)
  return { ...said, wishes: wishes(simulated) }
}

describe('what a name stands for', () => {
  test("a service target's name, or cluster/service, is its service", async () => {
    for (const name of ['web', 'demo/web']) {
      const { simulated } = await webRuns()
      const { code, err, wishes: asked } = await stopped(name, simulated)
      expect({ code, asked }).toEqual({ code: 0, asked: [{ do: 'stop-service', cluster: 'demo', service: 'web' }] })
      expect(err).toContain('Service web in demo')
      expect(err).toContain('2 running, 0 pending, 2 desired')
      expect(err).toContain('Its count goes from 2 to 0 and stays there')
      expect(err).toContain('aws ecs update-service --cluster demo --service web --desired-count 2')
      expect(err).toContain('Pushes to web are then registered')
    }
  })

  test('what brings a service of the local account back names its endpoint', async () => {
    const { simulated } = await webRuns()
    const { err } = await stopped('web', simulated, { ports: { endpoint: 'http://127.0.0.1:4666' } })
    expect(err).toContain('aws ecs update-service --endpoint-url http://127.0.0.1:4666 --cluster demo --service web')
  })

  test('an ARN, a whole id, its beginning, and cluster/id are a task', async () => {
    const { ids, arns } = await webRuns(1)
    const [id = '', arn = ''] = [ids[0], arns[0]]
    for (const name of [arn, id, id.slice(0, 6), `demo/${id}`]) {
      const { simulated } = await webRuns(1)
      const { wishes: asked, err } = await stopped(name, simulated)
      expect(asked).toEqual([{ do: 'stop-task', cluster: 'demo', task: arn }])
      expect(err).toContain(`Task ${id} in demo`)
      expect(err).toContain('Service web starts another one in its place')
    }
  })

  test('what may be several is listed, with names that tell them apart, and nothing is asked', async () => {
    const simulated = simulatedWorld()
    const fleet = {
      ...simulated.world.fleet,
      async *listTasks() {
        yield ['a1b2c3d', 'a1b2c3e'].map(taskArn)
      },
      describeTasks: async (_: string, arns: readonly string[]) => arns.map(arn => task({ arn })),
    }
    const only = await stopped('a1b2c3d', simulated, { ports: { fleet } })
    expect(only.wishes).toEqual([{ do: 'stop-task', cluster: 'demo', task: taskArn('a1b2c3d') }])

    const another = simulatedWorld()
    const listed = await stopped('a1b2c3', another, { ports: { fleet } })
    expect({ code: listed.code, asked: listed.wishes }).toEqual({ code: 2, asked: [] })
    expect(listed.err.split('\n')).toEqual([
      'a1b2c3 may be any of these; name one:',
      `  ${taskArn('a1b2c3d')}`,
      `  ${taskArn('a1b2c3e')}`,
    ])
  })

  test('a target with several copies lists them', async () => {
    const simulated = simulatedWorld()
    const copy = (id: string) => task({ arn: taskArn(id), startedBy: 'fg/worker/dep00101' })
    await putTasks(simulated.world.table, copy('a1'), copy('a2'))
    const { code, err, wishes: asked } = await stopped('worker', simulated)
    expect({ code, asked }).toEqual({ code: 2, asked: [] })
    expect(err).toContain('worker has 2 tasks; name one:')
    expect(err).toContain(taskArn('a2'))
  })

  test.each([
    { name: 'nothing', says: 'There is no target, service or task nothing' },
    { name: 'demo/nothing', says: 'There is no target, service or task demo/nothing' },
    { name: taskArn('abc'), says: 'There is no target, service or task arn:' },
    { name: 'nightly', says: 'No task of nightly runs by the records' },
  ])('$name: nothing is found', async ({ name, says }) => {
    expect(await stopped(name, simulatedWorld())).toMatchObject({
      code: 1,
      err: expect.stringContaining(says),
      wishes: [],
    })
  })

  test.each(['', 'a b', 'a/b/c', '\u001b[2J', 'arn:aws:ecs', '../x'])('%j is no name', async name => {
    const { code, err, wishes: asked } = await stopped(name, simulatedWorld())
    expect({ code, asked }).toEqual({ code: 2, asked: [] })
    expect(err).toContain('is no name of a target, service or task')
    expect(err).not.toContain('\u001b')
  })

  test('without farguard.yml an ARN can be stopped all the same', async () => {
    const { simulated, arns } = await webRuns(1)
    const shell = { environment: { FARGUARD_CONFIG: 'tests/cli/none.yml' } }
    expect(await stopped(arns[0] ?? '', simulated, shell)).toMatchObject({ code: 0, wishes: [{ do: 'stop-task' }] })
    expect(await stopped('web', simulated, shell)).toMatchObject({
      code: 1,
      err: expect.stringContaining('no such file'),
    })
  })

  test('where ECS can not be asked, the record tells of a task', async () => {
    const simulated = simulatedWorld()
    await putTasks(simulated.world.table, task({ arn: taskArn('e1'), group: 'family:debug' }))
    const refused = new RefusedError(
      'AccessDeniedException',
      'ecs:DescribeTasks of x in demo: AccessDeniedException: no',
    )
    const fleet = { ...simulated.world.fleet, describeTasks: () => Promise.reject(refused) }
    const { code, err, wishes: asked } = await stopped(taskArn('e1'), simulated, { ports: { fleet } })
    expect({ code, asked }).toEqual({ code: 0, asked: [{ do: 'stop-task', cluster: 'demo', task: taskArn('e1') }] })
    expect(err).toContain('Your credentials have no right to ecs:DescribeTasks')
    expect(err).toContain('Nothing that Farguard knows of starts another one')
  })

  test('what is stopped already needs no asking', async () => {
    const { simulated, arns } = await webRuns(1)
    await simulated.call('ecs', 'UpdateService', { cluster: 'demo', service: 'web', desiredCount: 0 })
    await simulated.clock.advance(300_000)
    for (const name of ['web', arns[0] ?? '']) {
      const { code, out, wishes: asked } = await stopped(name, simulated)
      expect({ code, out, asked }).toEqual({ code: 0, out: `${name} is stopped already.`, asked: [] })
    }
  })
})

describe('what depends on it', () => {
  const job = { target: 'nightly', where: { kind: 'job' as const, cluster: 'demo' }, state: 'started' as const }

  test.each([
    {
      case: 'a copy of a target',
      of: { startedBy: 'fg/worker/dep00101' },
      says: 'It is one of the 2 copies of worker: the sweep starts another one.',
    },
    {
      case: 'a job',
      of: { startedBy: 'fg/nightly/dep00301' },
      says: 'It is the job of nightly #3: that deployment ends here, as stopped.',
    },
    {
      case: 'a task that prepares a deployment',
      of: { startedBy: 'fg/web/dep00201' },
      says: 'It has to end well before web #2: that deployment ends here, as stopped.',
    },
    {
      case: 'a task of nobody',
      of: { group: 'family:debug' },
      says: 'Nothing that Farguard knows of starts another one.',
    },
  ])('$case', async ({ of, says }) => {
    const simulated = simulatedWorld()
    const { table } = simulated.world
    const call = { operation: 'RunTask' as const, cluster: 'demo', revision: 'r', count: 1 }
    const run = { ...call, capacity: 'on-demand' as const, startedBy: 's', clientToken: 't', tags: [] }
    const attempts = [{ number: 1, at: '2026-03-01T21:30:00Z', purpose: 'before' as const, call: run }]
    await putDeployments(table, [deployment({ number: 2, state: 'starting', attempts })])
    await putDeployments(table, [deployment({ number: 3, ...job })])
    await putTasks(table, task({ arn: taskArn('e1'), ...of }))
    expect((await stopped(taskArn('e1'), simulated)).err).toContain(says)
  })

  test('protection from scaling in is said', async () => {
    const { simulated, arns } = await webRuns(1)
    const until = new Date('2026-03-02T10:00:00Z')
    const fleet = { ...simulated.world.fleet, taskProtection: async () => new Map([[arns[0] ?? '', until]]) }
    const { err } = await stopped(arns[0] ?? '', simulated, { ports: { fleet } })
    expect(err).toContain('from scaling in until 2026-03-02 10:00:00Z; a stop does not heed that')
  })
})

describe('asking first', () => {
  test('where nobody can be asked nothing is stopped without --yes', async () => {
    const { simulated } = await webRuns()
    expect(await type('stop web', simulated)).toMatchObject({ code: 2, err: expect.stringContaining('Add --yes') })
    expect(simulated.sent).toEqual([])
  })

  test('a no stops nothing', async () => {
    const { simulated } = await webRuns()
    const said = await type('stop web', simulated, { columns: 80, answers: 'no' })
    expect(said).toMatchObject({
      code: 1,
      questions: ['Stop it?'],
      err: expect.stringMatching(/Nothing was stopped\.$/),
    })
    expect(simulated.sent).toEqual([])
  })

  test('Ctrl-C at the question stops nothing, and ends with 130', async () => {
    const { simulated } = await webRuns()
    const said = await type('stop web', simulated, { columns: 80, answers: 'interrupted' })
    expect(said).toMatchObject({ code: 130, err: expect.stringMatching(/Nothing was stopped\.$/) })
    expect(simulated.sent).toEqual([])
  })

  test('a yes is sent with its reason, and waited for', async () => {
    const { simulated } = await webRuns()
    const answer = async () => {
      const message = simulated.sent[0]?.message
      if (message?.kind !== 'intent') throw new Error('Nothing was asked')
      const { id, by, wish } = message
      const done = { state: 'done' as const, reason: 'done', detail: 'web is at zero.', deployments: [] }
      await recordIntentOutcome(simulated.world.table, { id, by, wish, at: '2026-03-01T22:02:01Z', ...done })
    }
    const line = ['stop', 'web', '--because', 'it costs too much']
    const said = await type(line, simulated, { columns: 80, answers: 'yes', meanwhile: [answer] })
    expect(said).toMatchObject({ code: 0, out: 'web is at zero.' })
    expect(wishes(simulated)).toEqual([
      { do: 'stop-service', cluster: 'demo', service: 'web', because: 'it costs too much' },
    ])
  })
})
