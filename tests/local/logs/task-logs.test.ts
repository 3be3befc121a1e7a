import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { DescribeTasksCommand, StopTaskCommand } from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import type { Behaviour } from '../../../local/account/ecs/ecs.ts'
import { manifest } from '../../simulated-world.ts'
import { group, logAccount, runTask, streamOf } from './task-logs.ts'

async function account(behaviour?: Behaviour) {
  const made = logAccount(() => behaviour ?? { kind: 'runs' })
  await made.createCluster()
  await made.createGroup()
  const lines = async (taskArn: string) => {
    const read = { logGroupName: group, logStreamName: streamOf(taskArn), startFromHead: true }
    const { events = [] } = await made.logs.send(new GetLogEventsCommand(read))
    return events.map(({ message }) => message ?? '')
  }
  const task = async (taskArn: string) =>
    (await made.ecs.send(new DescribeTasksCommand({ tasks: [taskArn] }))).tasks?.[0]
  return { ...made, lines, task }
}

describe('a container with the driver awslogs', () => {
  test.each<{ case: string; behaviour: Behaviour; lines: RegExp[] }>([
    {
      case: 'that does its work',
      behaviour: { kind: 'exits', code: 0, afterMs: 90_000 },
      lines: [/INFO starting$/, /INFO ready$/, /INFO still working$/, /INFO done, exiting with 0$/],
    },
    {
      case: 'that fails',
      behaviour: { kind: 'exits', code: 3, afterMs: 5_000 },
      lines: [/starting$/, /ready$/, /ERROR .*exiting with 3$/],
    },
    {
      case: 'that runs out of memory',
      behaviour: { kind: 'out-of-memory', afterMs: 5_000 },
      lines: [/starting$/, /ready$/, /WARN memory/],
    },
    { case: 'that does not start', behaviour: { kind: 'fails-to-start', for: 'image' }, lines: [] },
  ])('$case, says so in its stream', async ({ behaviour, lines }) => {
    const { ecs, clock, lines: linesOf } = await account(behaviour)
    const arn = await runTask(ecs)
    await clock.advance(300_000)
    expect(await linesOf(arn)).toEqual(lines.map(line => expect.stringMatching(line)))
  })

  test('goes quiet once it was stopped', async () => {
    const { ecs, clock, lines } = await account()
    const arn = await runTask(ecs)
    await clock.advance(150_000)
    await ecs.send(new StopTaskCommand({ task: arn }))
    await clock.advance(120_000)
    const told = await lines(arn)
    expect(told.filter(line => line.endsWith('still working'))).toHaveLength(2)
    await clock.advance(600_000)
    expect(await lines(arn)).toEqual(told)
  })

  test('names its image and digest, so that two versions tell apart', async () => {
    const { ecs, clock, local, lines } = await account()
    local.ecr.createRepository('acme/web')
    const push = (tag: string) =>
      local.ecr.putManifest({ repository: 'acme/web', tag, text: manifest(tag), layers: 'may-be-missing' }).image.digest
    const [one, two] = [push('1.0.0'), push('1.1.0')]
    const { registryHost } = local.context
    const tagged = await runTask(ecs, `${registryHost}/acme/web:1.0.0`)
    const pinned = await runTask(ecs, `${registryHost}/acme/web@${two}`)
    await clock.advance(30_000)
    const short = (digest: string) => digest.slice(0, 'sha256:'.length + 12)
    expect((await lines(tagged))[0]).toBe(`acme/web:1.0.0@${short(one)} INFO starting`)
    expect((await lines(pinned))[0]).toBe(`acme/web@${short(two)} INFO starting`)
  })
})

describe('a log group that is missing', () => {
  test('keeps the task from starting', async () => {
    const { ecs, clock, task } = await account()
    const arn = await runTask(ecs, undefined, { 'awslogs-group': '/ecs/nope' })
    await clock.advance(90_000)
    expect(await task(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'TaskFailedToStart',
      stoppedReason: expect.stringMatching(
        /^ResourceInitializationError: failed to validate logger args: .*ResourceNotFoundException: The specified log group does not exist/,
      ),
    })
  })

  test('is made by the task where it says so', async () => {
    const { ecs, clock, task, logs } = await account()
    const arn = await runTask(ecs, undefined, { 'awslogs-group': '/ecs/new', 'awslogs-create-group': 'true' })
    await clock.advance(30_000)
    expect(await task(arn)).toMatchObject({ lastStatus: 'RUNNING' })
    const read = new GetLogEventsCommand({ logGroupName: '/ecs/new', logStreamName: streamOf(arn) })
    expect((await logs.send(read)).events).toHaveLength(2)
  })

  test('matters to nobody in another Region', async () => {
    const { ecs, clock, task } = await account()
    const arn = await runTask(ecs, undefined, { 'awslogs-group': '/ecs/nope', 'awslogs-region': 'eu-west-1' })
    await clock.advance(30_000)
    expect(await task(arn)).toMatchObject({ lastStatus: 'RUNNING' })
  })
})

test('a stream keeps its latest 10,000 lines', async () => {
  const { local, logs } = await account()
  const to = { group, stream: 'shop/web/1', makesGroup: false }
  local.logs.open(to)
  for (let line = 0; line <= 10_000; line++) local.logs.write(to, `${line}`)
  const read = new GetLogEventsCommand({ logGroupName: group, logStreamName: to.stream, startFromHead: true })
  const { events = [] } = await logs.send(read)
  expect([events.length, events[0]?.message, events.at(-1)?.message]).toEqual([10_000, '1', '10000'])
})
