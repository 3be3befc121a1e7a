import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { ecsTaskStateChange, taskOf } from '../../events/ecs-task-state-change.ts'
import { taskEvent } from './tasks.ts'

const sample = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../events/samples/${name}.json`, import.meta.url), 'utf8'))
const taskIn = (event: unknown) => taskOf(z.parse(ecsTaskStateChange, event))

test("a service's task, member by member", () => {
  const digest = `sha256:${'a'.repeat(64)}`
  expect(taskIn(sample('task-of-service'))).toEqual({
    arn: 'arn:aws:ecs:eu-central-1:123456789012:task/demo/1f3c5a7b9d0e4f2a8c6b4d2e0f1a3c5b',
    cluster: 'demo',
    version: 4,
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    group: 'service:web',
    startedBy: 'ecs-svc/4817263548172635481',
    revision: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/web:7',
    launchType: 'FARGATE',
    cpu: 256,
    memoryMib: 512,
    ephemeralStorageGib: 20,
    architecture: 'arm64',
    createdAt: '2026-03-01T22:00:01.204Z',
    pullStartedAt: '2026-03-01T22:00:21.003Z',
    pullStoppedAt: '2026-03-01T22:00:27.911Z',
    startedAt: '2026-03-01T22:00:31.500Z',
    connectivityAt: '2026-03-01T22:00:14.310Z',
    containers: [
      {
        name: 'app',
        image: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme/web@${digest}`,
        digest,
        lastStatus: 'RUNNING',
      },
    ],
  })
})

test('a task that failed to start, without containers', () => {
  expect(taskIn(sample('task-failed-to-start'))).toMatchObject({ stopCode: 'TaskFailedToStart', containers: [] })
})

test('members that are new, null, or numbers where they were text', () => {
  const told = taskIn(sample('task-unknown-members'))
  expect(told).toMatchObject({ version: 11, stopCode: 'QuotaWithdrawn', cpu: 256, memoryMib: 512 })
  expect(told.containers).toEqual([{ name: 'app', lastStatus: 'STOPPED' }])
})

describe('what ECS did not say is absent', () => {
  test.each([
    ['an exit code that is text', { containers: [{ name: 'app', exitCode: '0' }] }, 'exitCode'],
    ['an exit code that is null', { containers: [{ name: 'app', exitCode: null }] }, 'exitCode'],
    ['no exit code', { containers: [{ name: 'app' }] }, 'exitCode'],
    ['a size that is no number', { cpu: '1 vCPU' }, 'cpu'],
    ['a size that is empty', { memory: '' }, 'memoryMib'],
    ['a size of spaces', { memory: ' ' }, 'memoryMib'],
    ['an exit code beyond any', { containers: [{ name: 'app', exitCode: 1e300 }] }, 'exitCode'],
    ['a size that is null', { memory: null }, 'memoryMib'],
    ['a time that is none', { startedAt: 'soon' }, 'startedAt'],
    ['a stop code that is no text', { stopCode: { code: 1 } }, 'stopCode'],
    ['another architecture attribute', { attributes: [{ name: 'ecs.os-type', value: 'linux' }] }, 'architecture'],
  ])('%s', (_, detail, absent) => {
    const told = taskIn(taskEvent({}, detail))
    expect(told).not.toHaveProperty(absent)
    for (const container of told.containers) expect(container).not.toHaveProperty(absent)
    expect(told.containers.map(({ name }) => name)).toEqual('containers' in detail ? ['app'] : [])
  })

  test('containers that are no list', () => {
    expect(taskIn(taskEvent({}, { containers: 'none' })).containers).toEqual([])
  })
})

describe('what identifies the task is insisted on', () => {
  test.each([
    ['no version', { version: undefined }],
    ['a version that is a fraction', { version: 1.5 }],
    ['a version below zero', { version: -1 }],
    ['an ARN of another kind', { taskArn: 'arn:aws:ecs:eu-central-1:123456789012:service/demo/web' }],
    ['an ARN with a path too many', { taskArn: 'arn:aws:ecs:eu-central-1:123456789012:task/demo/a/b' }],
    ['no cluster', { clusterArn: undefined }],
    ['an empty status', { lastStatus: '' }],
  ])('%s', (_, detail) => {
    expect(z.safeParse(ecsTaskStateChange, taskEvent({}, detail)).success).toBe(false)
  })

  test("but an older account's ARN, without the cluster, is one", () => {
    const taskArn = 'arn:aws:ecs:eu-central-1:123456789012:task/0b69d5c0-d655-4695-98cd-5d2d526d9d5a'
    expect(taskIn(taskEvent({}, { taskArn }))).toMatchObject({ arn: taskArn, cluster: 'demo' })
  })
})

test('whatever else a detail is, the status is kept', () => {
  const names = Object.keys(sample('task-of-job-completed').detail)
  const free = names.filter(name => !['taskArn', 'clusterArn', 'version', 'lastStatus'].includes(name))
  fc.assert(
    fc.property(fc.constantFrom(...free), fc.option(fc.jsonValue(), { nil: undefined }), (name, value) => {
      const event = sample('task-of-job-completed')
      event.detail[name] = value
      expect(taskIn(event)).toMatchObject({ version: 9, lastStatus: 'STOPPED' })
    }),
    { numRuns: 500 },
  )
})
