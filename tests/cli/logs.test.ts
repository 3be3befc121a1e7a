import { beforeEach, describe, expect, test } from 'vitest'
import { Account } from '../../local/account/account.ts'
import { createLogs } from '../../local/account/logs/logs.ts'
import { inProcessHandler } from '../../local/wire/in-process.ts'
import { createWire } from '../../local/wire/wire.ts'
import { cloudWatchLogs } from '../../shared/aws/cloudwatch-logs.ts'
import type { Logs, Task } from '../../shared/ports.ts'
import {
  accountId,
  region,
  registryHost,
  type SimulatedWorld,
  simulatedWorld,
  taskDefinition,
} from '../simulated-world.ts'
import { deployment, putDeployments, putTasks, revisionArn, task, taskArn } from './records.ts'
import { type Shell, type } from './shell.ts'

let simulated: SimulatedWorld
let written: ReturnType<typeof createLogs>
let logs: Logs
/** Streams that were opened already, by name. */
let opened: Set<string>
const idOf = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1)

beforeEach(async () => {
  simulated = simulatedWorld()
  opened = new Set()
  const { clock, ecr } = simulated
  const context = { clock, accountId, region, registryHost, random: { next: () => 0.5, uuid: () => 'u' } } as never
  written = createLogs(context)
  const requestHandler = inProcessHandler(createWire({ account: new Account({ logs: written }), ecr }))
  logs = cloudWatchLogs({ requestHandler, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } })
  await register([container('app'), container('side')])
})

function container(name: string, more: Record<string, string> = {}) {
  const options = { 'awslogs-group': '/ecs/worker', 'awslogs-region': region, 'awslogs-stream-prefix': 'fg', ...more }
  return { name, image: `${registryHost}/acme/worker:live`, logConfiguration: { logDriver: 'awslogs', options } }
}

async function register(containerDefinitions: object[]) {
  await simulated.call('ecs', 'RegisterTaskDefinition', { ...taskDefinition('worker', 'x'), containerDefinitions })
}

function copy(id: string, more: Partial<Task> = {}) {
  return task({ arn: taskArn(id), startedBy: 'fg/worker/dep00101', revision: revisionArn('worker:1'), ...more })
}

const place = (id: string, name: string) => ({
  group: '/ecs/worker',
  stream: `fg/${name}/${idOf(taskArn(id))}`,
  makesGroup: true,
})

function writes(id: string, name: string, ...lines: string[]) {
  const to = place(id, name)
  if (!opened.has(to.stream)) written.open(to)
  opened.add(to.stream)
  for (const line of lines) written.write(to, line)
}

const onWorker = { target: 'worker', where: { kind: 'task' as const, cluster: 'demo' } }

/** A deployment of worker that started one task. */
function ran(number: number, id: string) {
  const call = { operation: 'RunTask' as const, cluster: 'demo', revision: revisionArn('worker:1'), count: 1 }
  const run = { ...call, capacity: 'on-demand' as const, startedBy: 's', clientToken: 't', tags: [] }
  const outcome = { at: '2026-03-01T21:30:01Z', tasks: [taskArn(id)] }
  return deployment({ ...onWorker, number, attempts: [{ number: 1, at: '2026-03-01T21:30:00Z', call: run, outcome }] })
}

const show = (line: string | string[], shell: Shell = {}) => type(line, simulated, { ports: { logs }, ...shell })

describe('farguard logs', () => {
  test('the last lines of every container of the newest tasks, in the order of time', async () => {
    await putTasks(simulated.world.table, copy('a1'))
    writes('a1', 'app', 'begins', 'works')
    await simulated.clock.advance(1_000)
    writes('a1', 'side', 'sees it')
    await simulated.clock.advance(1_000)
    writes('a1', 'app', 'done')
    const { code, out, err } = await show('logs worker -n 2')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.split('\n')).toEqual([
      '2026-03-01 22:00:00Z a1000000 app  works',
      '2026-03-01 22:00:01Z a1000000 side  sees it',
      '2026-03-01 22:00:02Z a1000000 app  done',
    ])
  })

  test('of one container, as JSON, one object a line', async () => {
    await putTasks(simulated.world.table, copy('a1'))
    writes('a1', 'app', 'one')
    writes('a1', 'side', 'two')
    const { out } = await show('logs worker --container side --json')
    expect(out.split('\n').map(line => JSON.parse(line))).toEqual([
      { at: '2026-03-01T22:00:00.000Z', text: 'two', task: idOf(taskArn('a1')), container: 'side' },
    ])
  })

  test('of a task by its id, which only the record knows any more', async () => {
    await putTasks(simulated.world.table, copy('a1', { lastStatus: 'STOPPED', version: 3 }))
    writes('a1', 'app', 'its last words')
    const { code, out } = await show(['logs', idOf(taskArn('a1')), '--container', 'app'])
    expect({ code, out }).toEqual({ code: 0, out: '2026-03-01 22:00:00Z a1000000 app  its last words' })
  })

  test('where nothing runs, of what stopped last: the tasks of the newest deployment that had any', async () => {
    const { table } = simulated.world
    await putDeployments(table, [ran(1, 'a1'), ran(2, 'a2'), deployment({ ...onWorker, number: 3 })])
    await putTasks(table, ...['a1', 'a2'].map(id => copy(id, { lastStatus: 'STOPPED', version: 3 })))
    writes('a1', 'app', 'long ago')
    writes('a2', 'app', 'panic: no database')
    const { code, out, err } = await show('logs worker --container app')
    expect({ code, out }).toEqual({ code: 0, out: '2026-03-01 22:00:00Z a2000000 app  panic: no database' })
    expect(err).toBe('Nothing of worker runs; this is what stopped last.')
  })

  test('of many tasks the newest five, and that is said', async () => {
    const ids = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7']
    const tasks = ids.map((id, index) => copy(id, { createdAt: `2026-03-01T21:3${index}:00.000Z` }))
    await putTasks(simulated.world.table, ...tasks)
    for (const id of ids) writes(id, 'app', `from ${id}`)
    const { out, err } = await show('logs worker --container app')
    expect(out.match(/from \w+/g)?.toSorted()).toEqual(['from a3', 'from a4', 'from a5', 'from a6', 'from a7'])
    expect(err).toContain('7 tasks of worker run; these are the newest 5.')
  })

  test('what a container wrote moves no cursor; its colours are left out', async () => {
    await putTasks(simulated.world.table, copy('a1'))
    writes('a1', 'app', '\u001b[31mred\u001b[0m\tand\u001b[2J gone\r\u0007\u202e\n')
    const { out } = await show('logs worker --container app')
    expect(out).toBe('2026-03-01 22:00:00Z a1000000 app  red  and gone\ufffd\ufffd\ufffd')
    const asJson = (await show('logs worker --container app --json')).out
    expect(asJson).not.toMatch(/\p{Cc}|\p{Cf}/u)
    expect(JSON.parse(asJson).text).toBe('\u001b[31mred\u001b[0m\tand\u001b[2J gone\r\u0007\u202e\n')
  })
})

describe('what can not be shown is said', () => {
  test.each([
    {
      case: 'no log configuration',
      definition: { name: 'app', image: 'i' },
      says: 'Container app has no logConfiguration',
    },
    {
      case: 'another driver',
      definition: { name: 'app', image: 'i', logConfiguration: { logDriver: 'splunk', options: {} } },
      says: 'Container app logs by splunk, not to CloudWatch Logs',
    },
    {
      case: 'another Region',
      definition: container('app', { 'awslogs-region': 'us-east-1' }),
      says: 'in Region us-east-1, where this command does not look',
    },
  ])('$case', async ({ definition, says }) => {
    const described = {
      arn: revisionArn('worker:1'),
      status: 'ACTIVE',
      definition: { family: 'worker', containerDefinitions: [definition] },
    }
    const fleet = { ...simulated.world.fleet, describeTaskDefinition: async () => described }
    await putTasks(simulated.world.table, copy('a1'))
    expect(await show('logs worker', { ports: { logs, fleet } })).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(says),
    })
  })

  test('no stream yet, or no longer', async () => {
    await putTasks(simulated.world.table, copy('a1'))
    const { code, err } = await show('logs worker --container app')
    expect(code).toBe(1)
    expect(err).toContain(
      `There is no stream fg/app/${idOf(taskArn('a1'))} in group /ecs/worker: nothing was written yet`,
    )
  })

  test('a stream without lines', async () => {
    await putTasks(simulated.world.table, copy('a1'))
    writes('a1', 'app')
    const { code, err } = await show('logs worker --container app')
    expect({ code, err }).toEqual({
      code: 0,
      err: 'There are no lines: nothing was written, or it is older than its group keeps.',
    })
  })

  test('a container that there is not', async () => {
    await putTasks(simulated.world.table, copy('a1'))
    expect(await show('logs worker --container ap')).toMatchObject({
      code: 2,
      err: 'There is no container ap. Try app or side',
    })
  })

  test('nothing runs and nothing ever did', async () => {
    expect(await show('logs worker')).toMatchObject({
      code: 1,
      err: 'Nothing of worker runs, and no task of it that stopped is known any more.',
    })
  })
})

describe('farguard logs --follow', () => {
  test('goes on with each line once, with streams that come later, and with newer tasks, until Ctrl-C', async () => {
    const { table } = simulated.world
    await putTasks(table, copy('a1'))
    writes('a1', 'app', 'one')
    const meanwhile = [
      () => writes('a1', 'app', 'two'),
      () => writes('a1', 'side', 'late'),
      () => putTasks(table, copy('a2', { createdAt: '2026-03-01T21:40:00.000Z' })),
      () => writes('a2', 'app', 'newer'),
    ]
    const { code, out } = await show('logs worker --follow', { meanwhile, interruptedAt: 8 })
    expect(code).toBe(0)
    expect(out.split('\n').map(line => line.replace(/^.*Z /, ''))).toEqual([
      'a1000000 app  one',
      'a1000000 app  two',
      'a1000000 side  late',
      'a2000000 app  newer',
    ])
  })

  test('shows the last words of a task that another one has replaced', async () => {
    const { table } = simulated.world
    await putTasks(table, copy('a1'))
    writes('a1', 'app', 'one')
    const nothing = () => undefined
    const replaced = async () => {
      writes('a1', 'app', 'its last words')
      await putTasks(table, copy('a1', { lastStatus: 'STOPPED', version: 3 }), copy('a2'))
    }
    const meanwhile = [nothing, nothing, nothing, nothing, replaced]
    const { out } = await show('logs worker --follow --container app', { meanwhile, interruptedAt: 7 })
    expect(out).toContain('its last words')
  })

  test('begins before anything runs', async () => {
    const starts = async () => {
      await putTasks(simulated.world.table, copy('a1'))
      writes('a1', 'app', 'hello')
    }
    const { code, out, err } = await show('logs worker -f', { meanwhile: [starts], interruptedAt: 7 })
    expect({ code, err }).toEqual({ code: 0, err: 'Nothing of worker runs yet.' })
    expect(out).toContain('a1000000 app  hello')
  })
})
