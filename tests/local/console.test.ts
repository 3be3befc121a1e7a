import { describe, expect, test } from 'vitest'
import type { BusEvent } from '../../local/account/bus.ts'
import { formatLine, type Line, lineOfEvent, lineOfFailedAttempt, logLines, printer } from '../../local/console.ts'

function event(type: string, detail: Record<string, unknown>, resources: string[] = []): BusEvent {
  const envelope = { version: '0', id: '1', account: '123456789012', region: 'eu-central-1' } as const
  return { ...envelope, source: 'aws.x', 'detail-type': type, time: '2026-03-01T22:00:05Z', resources, detail }
}

const service = ['arn:aws:ecs:eu-central-1:123456789012:service/demo/web']

const image = (detail: Record<string, unknown>) =>
  event('ECR Image Action', {
    'repository-name': 'acme/web',
    'image-tag': '1.0.0',
    'image-digest': 'sha256:a',
    ...detail,
  })

const scan = (detail: Record<string, unknown>) =>
  event('ECR Image Scan', {
    'repository-name': 'acme/web',
    'image-tags': ['1.0.0', 'latest'],
    'scan-status': 'COMPLETE',
    'finding-severity-counts': {},
    ...detail,
  })

const task = (detail: Record<string, unknown>) =>
  event('ECS Task State Change', {
    taskArn: 'arn:aws:ecs:eu-central-1:123456789012:task/demo/3f9a',
    group: 'service:web',
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    ...detail,
  })

const exited = { stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited' }

describe('a line for people', () => {
  test.each<{ event: BusEvent; is: string | undefined; style?: string }>([
    { event: image({ 'action-type': 'PUSH' }), is: 'image    acme/web:1.0.0 pushed  sha256:a' },
    { event: image({ 'action-type': 'PUSH', 'image-tag': '' }), is: 'image    acme/web (untagged) pushed  sha256:a' },
    { event: image({ 'action-type': 'DELETE' }), is: 'image    acme/web:1.0.0 deleted  sha256:a', style: 'yellow' },
    {
      event: image({ 'action-type': 'UPDATE_STORAGE_CLASS', 'target-storage-class': 'ARCHIVE' }),
      is: 'image    acme/web:1.0.0 archived: no task can pull it  sha256:a',
      style: 'yellow',
    },
    {
      event: image({ 'action-type': 'UPDATE_STORAGE_CLASS', 'target-storage-class': 'STANDARD' }),
      is: 'image    acme/web:1.0.0 back from the archive  sha256:a',
    },
    { event: scan({}), is: 'image    acme/web:1.0.0,latest scanned: nothing found', style: 'green' },
    {
      event: scan({ 'finding-severity-counts': { CRITICAL: 1, LOW: 3 } }),
      is: 'image    acme/web:1.0.0,latest scanned: 1 critical, 3 low',
      style: 'yellow',
    },
    {
      event: scan({ 'scan-status': 'FAILED', 'image-tags': [] }),
      is: 'image    acme/web (untagged) scan failed',
      style: 'red',
    },
    {
      event: event('Inspector2 Scan', {
        'repository-name': 'arn:aws:ecr:eu-central-1:123456789012:repository/acme/web',
        'image-tags': ['1.0.0'],
        'scan-status': 'INITIAL_SCAN_COMPLETE',
        'finding-severity-counts': { MEDIUM: 2, TOTAL: 2 },
      }),
      is: 'image    acme/web:1.0.0 scanned: 2 medium',
      style: 'green',
    },
    {
      event: task({ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' }),
      is: 'task     3f9a of service:web running',
      style: 'cyan',
    },
    { event: task({ lastStatus: 'PENDING', desiredStatus: 'RUNNING' }), is: undefined },
    { event: task({ lastStatus: 'STOPPING', stopCode: 'UserInitiated' }), is: undefined },
    { event: task({ lastStatus: 'RUNNING', stopCode: 'UserInitiated' }), is: undefined },
    {
      event: task({
        lastStatus: 'RUNNING',
        stopCode: 'SpotInterruption',
        stoppedReason: 'Your Spot Task was interrupted.',
      }),
      is: 'task     3f9a of service:web is about to be stopped: Your Spot Task was interrupted.',
      style: 'yellow',
    },
    {
      event: task({ ...exited, containers: [{ exitCode: 137, reason: 'OutOfMemoryError: killed' }] }),
      is: 'task     3f9a of service:web stopped: EssentialContainerExited, exit code 137: Essential container in task exited; OutOfMemoryError: killed',
      style: 'red',
    },
    {
      event: task({ ...exited, containers: [{ exitCode: 0 }] }),
      is: 'task     3f9a of service:web stopped: EssentialContainerExited, exit code 0: Essential container in task exited',
      style: 'gray',
    },
    {
      event: task({ stopCode: 'TaskFailedToStart', stoppedReason: 'CannotPullContainerError: gone', containers: [] }),
      is: 'task     3f9a of service:web stopped: TaskFailedToStart: CannotPullContainerError: gone',
      style: 'red',
    },
    {
      event: task({ stopCode: 'UserInitiated', stoppedReason: 'by hand', containers: [{ exitCode: 143 }] }),
      is: 'task     3f9a of service:web stopped: UserInitiated, exit code 143: by hand',
      style: 'gray',
    },
    {
      event: event(
        'ECS Deployment State Change',
        deployment('IN_PROGRESS', 'INFO', 'ECS deployment 1 in progress.'),
        service,
      ),
      is: 'service  web deployment in progress: ECS deployment 1 in progress.',
      style: 'blue',
    },
    {
      event: event(
        'ECS Deployment State Change',
        deployment('COMPLETED', 'INFO', 'ECS deployment 1 completed.'),
        service,
      ),
      is: 'service  web deployment completed: ECS deployment 1 completed.',
      style: 'green',
    },
    {
      event: event(
        'ECS Deployment State Change',
        deployment('FAILED', 'ERROR', 'circuit breaker: tasks failed.'),
        service,
      ),
      is: 'service  web deployment failed: circuit breaker: tasks failed.',
      style: 'red',
    },
    {
      event: event('ECS Service Action', { eventName: 'SERVICE_STEADY_STATE', eventType: 'INFO' }, service),
      is: 'service  web steady state',
      style: 'blue',
    },
    {
      event: event(
        'ECS Service Action',
        { eventName: 'SERVICE_TASK_PLACEMENT_FAILURE', eventType: 'ERROR', reason: 'RESOURCE:FARGATE' },
        service,
      ),
      is: 'service  web task placement failure: RESOURCE:FARGATE',
      style: 'red',
    },
    { event: event('ECR Replication Action', {}), is: 'event    aws.x ECR Replication Action' },
  ])('$is', ({ event, is, style }) => {
    const line = lineOfEvent(event)
    expect(line && formatLine(line, false)).toBe(is && `22:00:05  ${is}`)
    expect(line?.style).toBe(style)
  })

  test('of what comes from outside begins no line of its own and carries no colour', () => {
    const line = lineOfEvent(
      task({ stopCode: 'UserInitiated', stoppedReason: 'a\n00:00:00  task \u001b[31mred', containers: [] }),
    )
    expect(line && formatLine(line, false)).toBe(
      '22:00:05  task     3f9a of service:web stopped: UserInitiated: a 00:00:00  task red',
    )
  })

  test('of a scheduled invocation that failed says whether it is tried again', () => {
    const failed = { functionName: 'sweep', attempt: 1, error: new Error('no') }
    const now = new Date('2026-03-01T22:00:05Z')
    const again = { ...failed, retryAt: new Date('2026-03-01T22:01:05Z') }
    expect(formatLine(lineOfFailedAttempt(again, now), false)).toBe(
      '22:00:05  lambda   sweep failed at attempt 1, tried again at 22:01:05: no',
    )
    expect(formatLine(lineOfFailedAttempt(failed, now), false)).toBe(
      '22:00:05  lambda   sweep failed at attempt 1, given up: no',
    )
  })
})

function deployment(state: string, eventType: string, reason: string) {
  return { eventName: `SERVICE_DEPLOYMENT_${state}`, eventType, reason, deploymentId: 'ecs-svc/1' }
}

describe('what the functions log', () => {
  const log = (facts: Record<string, unknown>) =>
    JSON.stringify({ level: 'INFO', timestamp: '2026-03-01T22:00:05Z', ...facts })
  const run = (facts: Record<string, unknown>) =>
    log({ message: 'guarded', mode: 'enforce', warn: 0, stop: 0, acted: 0, failed: 0, parked: 0, keep: 3, ...facts })

  test.each([
    {
      case: 'a stop, by what was stopped',
      line: log({ message: 'stopped', workload: 'service:demo/web', reason: 'idle', detail: 'CPU at most 1 %' }),
      is: 'service:demo/web stopped: idle  CPU at most 1 %',
    },
    {
      case: 'a deployment, by its target',
      line: log({ message: 'started', target: 'web', deployment: 2, image: 'acme/web:1.0.1' }),
      is: 'web #2 started: acme/web:1.0.1',
    },
    { case: 'bare counts', line: log({ message: 'tasks recorded', done: 4 }), is: undefined },
    { case: 'no log of ours', line: 'START RequestId: 1', is: undefined },
    { case: 'a guard run that found nothing', line: run({}), is: undefined },
    {
      case: 'a run that stopped',
      line: run({ stop: 2, acted: 1, failed: 1 }),
      is: '1 stopped, 1 failed (mode enforce)',
    },
    {
      case: 'a run that only says what it would do',
      line: run({ mode: 'observe', stop: 2, warn: 1 }),
      is: '1 warned of, 2 would be stopped (mode observe)',
    },
  ])('$case', ({ line, is }) => expect(logLines()(line)?.what).toBe(is))

  test('a guard run that found what the one before it found says nothing new', () => {
    const tell = logLines()
    const runs = [{ warn: 1 }, { warn: 1 }, { warn: 2 }, {}, { warn: 2 }]
    expect(runs.map(facts => tell(run(facts))?.what)).toEqual([
      '1 warned of (mode enforce)',
      undefined,
      '2 warned of (mode enforce)',
      undefined,
      '2 warned of (mode enforce)',
    ])
  })
})

test('the date is above the first line of each day', () => {
  const printed: string[] = []
  const show = printer(text => printed.push(text), false)
  const at = (time: string): Line => ({ at: time, who: 'task', what: 'runs' })
  for (const time of ['2026-03-01T22:00:05Z', '2026-03-01T23:59:59Z', '2026-03-02T00:00:00Z']) show(at(time))
  show({ ...at(''), what: 'without a time' })
  show(at('2026-03-02T00:00:01Z'))
  expect(printed).toEqual([
    'Sun 2026-03-01',
    '22:00:05  task     runs',
    '23:59:59  task     runs',
    'Mon 2026-03-02',
    '00:00:00  task     runs',
    '  task     without a time',
    '00:00:01  task     runs',
  ])
})
