import type { DescribeTasksResponse, RunTaskResponse } from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../local/account/clock.ts'
import { LabelMistake, readBehaviour } from '../../local/behaviour-label.ts'
import { behaviourIn, furnish } from '../../local/furnish.ts'
import { createLocalAccount } from '../../local/local-account.ts'
import { pushImage, tinyImage } from '../../local/tiny-image.ts'
import { listen } from '../../local/wire/listen.ts'
import { readConfig } from '../../shared/config/load.ts'

describe('the label', () => {
  test.each([
    ['runs', { kind: 'runs' }],
    ['exits 1', { kind: 'exits', code: 1, afterMs: 3_000 }],
    ['exits 0 after 30s', { kind: 'exits', code: 0, afterMs: 30_000 }],
    ['exits 255 after 2m', { kind: 'exits', code: 255, afterMs: 120_000 }],
    ['out-of-memory', { kind: 'out-of-memory', afterMs: 3_000 }],
    [' out-of-memory  after 1h ', { kind: 'out-of-memory', afterMs: 3_600_000 }],
    ['fails-to-start', { kind: 'fails-to-start', for: 'image' }],
    ['fails-to-start secrets', { kind: 'fails-to-start', for: 'secrets' }],
    ['fails-to-start network', { kind: 'fails-to-start', for: 'network' }],
    ['hangs', { kind: 'hangs' }],
    ['spot-interrupted after 5m', { kind: 'spot-interrupted', afterMs: 300_000 }],
    ['unhealthy', { kind: 'unhealthy' }],
  ])('"%s" is read', (value, behaviour) => {
    expect(readBehaviour('local.behaviour', value)).toEqual(behaviour)
  })

  test.each([
    ['exit 1', 'Try exits 1 after 30s'],
    ['exits', 'Try exits 1 after 30s'],
    ['exits 256', 'Try exits 1 after 30s'],
    ['exits 1 after 30', 'Try exits 1 after 30s'],
    ['exits 1 30s', 'Try exits 1 after 30s'],
    ['Out-Of-Memory', 'Try out-of-memory after 2m'],
    ['fails-to-start dns', 'Try fails-to-start secrets'],
    ['runs after 3s', 'Try runs'],
    ['toString', 'Try runs, exits 1 after 30s, out-of-memory'],
    ['', 'Try runs, exits 1 after 30s, out-of-memory'],
  ])('"%s" is refused: %s', (value, advice) => {
    const read = () => readBehaviour('local.behaviour', value)
    expect(read).toThrow(LabelMistake)
    expect(read).toThrow(`local.behaviour  "${value}" is no behaviour. ${advice}`)
  })
})

/** The example's account, with one image pushed that carries these labels. */
async function accountWith(repository: string, labels: Record<string, string>) {
  const read = readConfig('farguard.yml')
  if ('problems' in read) throw new Error('farguard.yml is broken')
  const mistakes: string[] = []
  const clock = new SimulatedClock('2026-03-01T22:00:00Z')
  const behaviour = behaviourIn(read.config, mistake => mistakes.push(mistake))
  const local = createLocalAccount({ clock, region: 'eu-central-1', seed: 1, host: () => 'sqs.local', behaviour })
  await furnish(local, read.config)
  const server = await listen(local.wire, { port: 0 })
  await pushImage(server.url, repository, '1.0.0', tinyImage(labels, new Date(0))).finally(() => server.close())
  const call = async <Output>(operation: string, input: object) =>
    (await local.account.call('ecs', operation, { cluster: 'demo', ...input }, { accessKeyId: 'test' })) as Output
  await call('RegisterTaskDefinition', {
    family: 'one',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    executionRoleArn: 'arn:aws:iam::123456789012:role/pull',
    containerDefinitions: [{ name: 'app', image: `${local.context.registryHost}/${repository}:1.0.0` }],
  })
  /** What became of a task of it, ten minutes on. */
  const outcome = async (command?: string[]) => {
    const { tasks = [] } = await call<RunTaskResponse>('RunTask', {
      taskDefinition: 'one',
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'] } },
      ...(command && { overrides: { containerOverrides: [{ name: 'app', command }] } }),
    })
    await clock.advance(600_000)
    const described = await call<DescribeTasksResponse>('DescribeTasks', { tasks: [tasks[0]?.taskArn] })
    const task = described.tasks?.[0]
    return task?.lastStatus === 'STOPPED'
      ? `${task.stopCode} ${task.containers?.[0]?.exitCode ?? '-'}`
      : task?.lastStatus
  }
  return { outcome, mistakes, local }
}

describe('a task of an image', () => {
  const exited = (code: number) => `EssentialContainerExited ${code}`
  test.each([
    { labels: {}, repository: 'acme/web', becomes: 'RUNNING', oneOff: exited(0) },
    { labels: {}, repository: 'acme/nightly', becomes: exited(0), oneOff: exited(0) },
    { labels: { 'local.behaviour': 'exits 4' }, repository: 'acme/web', becomes: exited(4), oneOff: exited(0) },
    { labels: { 'local.behaviour': 'exits 4' }, repository: 'acme/nightly', becomes: exited(4), oneOff: exited(0) },
    { labels: { 'local.behaviour': 'runs' }, repository: 'acme/nightly', becomes: 'RUNNING', oneOff: exited(0) },
    { labels: { 'local.before': 'exits 5' }, repository: 'acme/web', becomes: 'RUNNING', oneOff: exited(5) },
    { labels: { 'local.before': 'hangs' }, repository: 'acme/web', becomes: 'RUNNING', oneOff: 'RUNNING' },
    {
      labels: { 'local.behaviour': 'fails-to-start' },
      repository: 'acme/web',
      becomes: 'TaskFailedToStart -',
      oneOff: 'TaskFailedToStart -',
    },
  ])(
    'of $repository with $labels becomes $becomes, and a one-off $oneOff',
    async ({ labels, repository, becomes, oneOff }) => {
      const { outcome, mistakes } = await accountWith(repository, labels)
      expect(await outcome()).toBe(becomes)
      expect(await outcome(['migrate'])).toBe(oneOff)
      expect(mistakes).toEqual([])
    },
  )

  test('whose label came past the push command runs, and the mistake is told', async () => {
    const { outcome, mistakes, local } = await accountWith('acme/web', { 'local.behaviour': 'exit 1' })
    expect(await outcome()).toBe('RUNNING')
    const image = `${local.context.registryHost}/acme/web:1.0.0`
    expect(mistakes).toEqual([
      `${image}: local.behaviour  "exit 1" is no behaviour. Try exits 1 after 30s. It is taken as if it were not there.`,
    ])
  })

  test('finds the log group of what furnish made: the waiting service writes', async () => {
    const { outcome, local } = await accountWith('acme/web', {})
    await outcome()
    const input = { logGroupName: '/ecs/demo', logStreamNamePrefix: 'web/app/' }
    const answer = (await local.account.call('logs', 'FilterLogEvents', input, { accessKeyId: 'test' })) as {
      events: { message: string }[]
    }
    expect(answer.events[0]?.message).toBe('docker/library/busybox:stable INFO starting')
  })
})
