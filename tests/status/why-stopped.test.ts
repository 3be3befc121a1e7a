import { readFileSync } from 'node:fs'
import { CapacityProviderType, DesiredStatus, HealthStatus, LaunchType, TaskStopCode } from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import type { Task } from '../../shared/ports.ts'
import { whyNotOurs } from '../../shared/status/record-tasks.ts'
import { stopCodes, stopKinds, whyStopped } from '../../shared/status/why-stopped.ts'
import { config, service } from '../deploy/targets.ts'
import { container, stopped, task } from './tasks.ts'

const exited = 'EssentialContainerExited'
const notStarted = 'TaskFailedToStart'
const scheduler = 'ServiceSchedulerInitiated'
const host = '123456789012.dkr.ecr.eu-central-1.amazonaws.com'
const pull = (why: string) =>
  `CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref ${why}`

type Row = [what: string, task: Partial<Task>, kind: string, blames: string, exitCode?: number]

const rows: Row[] = [
  // A container ended by itself.
  [
    'every container exited with 0',
    { stopCode: exited, containers: [container('app', 0), container('log', 0)] },
    'completed',
    'nobody',
    0,
  ],
  ['exit 1', { stopCode: exited, containers: [container('app', 1)] }, 'application-error', 'image', 1],
  ['exit 255', { stopCode: exited, containers: [container('app', 255)] }, 'application-error', 'image', 255],
  [
    'a segmentation fault',
    { stopCode: exited, containers: [container('app', 139)] },
    'application-error',
    'image',
    139,
  ],
  [
    'a code of Windows',
    { stopCode: exited, containers: [container('app', 3221225786)] },
    'application-error',
    'image',
    3221225786,
  ],
  [
    'a failure beside a container that was stopped for it',
    { stopCode: exited, containers: [container('log', 143), container('app', 1)] },
    'application-error',
    'image',
    1,
  ],
  [
    'a failure beside one that ended well',
    { stopCode: exited, containers: [container('app', 0), container('log', 2)] },
    'application-error',
    'image',
    2,
  ],
  [
    'a failure beside one without an exit code',
    { stopCode: exited, containers: [container('log'), container('app', 3)] },
    'application-error',
    'image',
    3,
  ],
  [
    'an end by SIGTERM that nobody of ECS sent',
    { stopCode: exited, containers: [container('app', 143)] },
    'application-error',
    'image',
    143,
  ],
  [
    '0 beside 143: who began is not known',
    { stopCode: exited, containers: [container('app', 0), container('log', 143)] },
    'unknown',
    'unknown',
  ],
  [
    '0 and no exit code',
    { stopCode: exited, containers: [container('app', 0), container('log')] },
    'unknown',
    'unknown',
  ],
  ['no exit code at all', { stopCode: exited, containers: [container('app')] }, 'unknown', 'unknown'],
  ['no containers', { stopCode: exited, containers: [] }, 'unknown', 'unknown'],
  ['137', { stopCode: exited, containers: [container('app', 137)] }, 'out-of-memory', 'image', 137],
  [
    '137 by the words of ECS',
    { stopCode: exited, containers: [container('app', 137, 'OutOfMemoryError: Container killed due to memory usage')] },
    'out-of-memory',
    'image',
    137,
  ],
  [
    'out of memory without an exit code',
    {
      stopCode: exited,
      containers: [container('app', undefined, 'OutOfMemoryError: Container killed due to memory usage')],
    },
    'out-of-memory',
    'image',
  ],
  [
    '137 beside a container that ended well',
    { stopCode: exited, containers: [container('app', 0), container('log', 137)] },
    'out-of-memory',
    'unknown',
    137,
  ],
  [
    'out of memory beside one that ended well',
    {
      stopCode: exited,
      containers: [
        container('log', 0),
        container('app', 137, 'OutOfMemoryError: Container killed due to memory usage'),
      ],
    },
    'out-of-memory',
    'image',
    137,
  ],
  [
    '137 beside one that was stopped for it',
    { stopCode: exited, containers: [container('app', 137), container('log', 143)] },
    'out-of-memory',
    'image',
    137,
  ],
  [
    'a failure, and another container killed after it',
    { stopCode: exited, containers: [container('app', 1), container('log', 137)] },
    'application-error',
    'image',
    1,
  ],

  // It never started: the image.
  [
    'no such image',
    {
      stopCode: notStarted,
      containers: [container('app', undefined, pull(`${host}/acme/web:1: ${host}/acme/web:1: not found`))],
    },
    'image-not-pulled',
    'image',
  ],
  [
    'no such image, no containers',
    { stopCode: notStarted, stoppedReason: pull('docker.io/library/web:1: not found') },
    'image-not-pulled',
    'image',
  ],
  [
    'no manifest for the platform',
    {
      stopCode: notStarted,
      stoppedReason:
        "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
    },
    'image-not-pulled',
    'image',
  ],
  [
    'no matching manifest',
    {
      stopCode: notStarted,
      stoppedReason: 'CannotPullContainerError: no matching manifest for linux/amd64 in the manifest list entries',
    },
    'image-not-pulled',
    'image',
  ],
  [
    'manifest unknown',
    {
      stopCode: notStarted,
      stoppedReason:
        'CannotPullContainerError: Error response from daemon: manifest unknown: Requested image not found',
    },
    'image-not-pulled',
    'image',
  ],
  [
    'a service that could not resolve a tag',
    {
      stopCode: notStarted,
      stoppedReason: 'CannotPullImageManifestError: Error response from daemon: manifest for web:9 not found',
    },
    'image-not-pulled',
    'image',
  ],
  [
    'an image of another architecture',
    {
      stopCode: notStarted,
      stoppedReason:
        'CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: exec /app: exec format error',
    },
    'application-error',
    'image',
  ],
  [
    'a command that is not there',
    {
      stopCode: notStarted,
      containers: [
        container(
          'app',
          127,
          'CannotStartContainerError: OCI runtime create failed: exec: "server": executable file not found in $PATH',
        ),
      ],
    },
    'application-error',
    'image',
    127,
  ],
  [
    'the same, said by the runtime',
    {
      stopCode: notStarted,
      stoppedReason:
        'ResourceInitializationError: failed to create new container runtime task: exec: "/app": stat /app: no such file or directory',
    },
    'application-error',
    'image',
  ],

  // It never started: its surroundings.
  [
    'access denied',
    {
      stopCode: notStarted,
      stoppedReason: `CannotPullContainerError: pull access denied for acme/web, repository does not exist or may require 'docker login'`,
    },
    'image-not-pulled',
    'surroundings',
  ],
  [
    'not authorized',
    {
      stopCode: notStarted,
      stoppedReason: pull('pulling from host failed with status code [manifests 1.0]: 403 Forbidden'),
    },
    'image-not-pulled',
    'surroundings',
  ],
  [
    'a timeout',
    {
      stopCode: notStarted,
      stoppedReason: pull('docker.io/acme/web:1: failed to do request: dial tcp 34.205.13.154:443: i/o timeout'),
    },
    'image-not-pulled',
    'surroundings',
  ],
  [
    'a rate limit',
    {
      stopCode: notStarted,
      stoppedReason:
        'CannotPullContainerError: inspect image has been retried 5 time(s): httpReaderSeeker: toomanyrequests: You have reached your pull rate limit',
    },
    'image-not-pulled',
    'surroundings',
  ],
  [
    'no such image, of a name like a timeout',
    { stopCode: notStarted, stoppedReason: pull('docker.io/acme/timeout-denied:1: not found') },
    'image-not-pulled',
    'image',
  ],
  [
    'a timeout, of a name like a missing image',
    { stopCode: notStarted, stoppedReason: pull('docker.io/acme/not-found:1: request timed out') },
    'image-not-pulled',
    'surroundings',
  ],
  [
    'a pull, cut before it says why',
    { stopCode: notStarted, stoppedReason: pull(host).slice(0, 128) },
    'image-not-pulled',
    'unknown',
  ],
  [
    'secrets',
    {
      stopCode: notStarted,
      stoppedReason:
        'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed',
    },
    'setup-failed',
    'surroundings',
  ],
  [
    'logs',
    {
      stopCode: notStarted,
      stoppedReason:
        'ResourceInitializationError: failed to validate logger args: The specified log group does not exist',
    },
    'setup-failed',
    'surroundings',
  ],
  [
    'a network interface',
    { stopCode: notStarted, stoppedReason: 'Timeout waiting for network interface provisioning to complete.' },
    'setup-failed',
    'surroundings',
  ],
  [
    'a container that could not be made',
    {
      stopCode: notStarted,
      containers: [container('app', undefined, 'CannotCreateContainerError: API error (400): volume is not there')],
    },
    'setup-failed',
    'surroundings',
  ],
  [
    'no capacity',
    {
      stopCode: notStarted,
      stoppedReason: 'Capacity is unavailable at this time. Please try again later or in a different availability zone',
    },
    'infrastructure',
    'surroundings',
  ],

  // It never started: by its own containers, or nobody knows.
  [
    'a container that others wait for failed',
    {
      stopCode: notStarted,
      stoppedReason: 'Task failed to start',
      containers: [container('app'), container('init', 2)],
    },
    'application-error',
    'image',
    2,
  ],
  [
    'a container that others wait for ran out of memory',
    { stopCode: notStarted, containers: [container('init', 137)] },
    'out-of-memory',
    'image',
    137,
  ],
  ['nothing that is known', { stopCode: notStarted, stoppedReason: 'Task failed to start' }, 'unknown', 'unknown'],
  ['nothing at all', { stopCode: notStarted }, 'unknown', 'unknown'],

  // The service's scheduler.
  [
    'scaling in',
    {
      stopCode: scheduler,
      stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/4817263548172635481)',
      containers: [container('app', 143)],
    },
    'scaled-in',
    'nobody',
  ],
  [
    'scaling in, killed',
    {
      stopCode: scheduler,
      stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/1)',
      containers: [container('app', 137)],
    },
    'scaled-in',
    'nobody',
  ],
  [
    'scaling in of an unhealthy one',
    { stopCode: scheduler, health: 'UNHEALTHY', stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/1)' },
    'scaled-in',
    'nobody',
  ],
  ['no reason', { stopCode: scheduler }, 'scaled-in', 'nobody'],
  [
    "a load balancer's health check",
    {
      stopCode: scheduler,
      stoppedReason:
        'Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/web/1)',
    },
    'health-check-failed',
    'image',
  ],
  [
    "a container's health check",
    { stopCode: scheduler, stoppedReason: 'Task failed container health checks' },
    'health-check-failed',
    'image',
  ],
  [
    'unhealthy, in other words',
    { stopCode: scheduler, health: 'UNHEALTHY', stoppedReason: 'Replaced.' },
    'health-check-failed',
    'image',
  ],
  [
    'an unhealthy container, in other words',
    { stopCode: scheduler, containers: [{ name: 'app', health: 'UNHEALTHY' }] },
    'health-check-failed',
    'image',
  ],
  [
    'maintenance',
    {
      stopCode: scheduler,
      stoppedReason: 'ECS is performing maintenance on the underlying infrastructure hosting the task.',
    },
    'infrastructure',
    'surroundings',
  ],

  // AWS.
  ['Spot', { stopCode: 'SpotInterruption', capacityProvider: 'FARGATE_SPOT' }, 'spot-interrupted', 'surroundings'],
  [
    'a notice to Spot',
    { stopCode: 'TerminationNotice', capacityProvider: 'FARGATE_SPOT' },
    'spot-interrupted',
    'surroundings',
  ],
  ['a notice to who knows what', { stopCode: 'TerminationNotice' }, 'spot-interrupted', 'surroundings'],
  [
    'a notice on demand',
    { stopCode: 'TerminationNotice', capacityProvider: 'FARGATE' },
    'infrastructure',
    'surroundings',
  ],
  [
    'Spot, killed',
    { stopCode: 'SpotInterruption', containers: [container('app', 137)] },
    'spot-interrupted',
    'surroundings',
  ],
  ['bad health of what it ran on', { stopCode: 'InfrastructureHealth' }, 'infrastructure', 'surroundings'],

  // Somebody.
  ['a user', { stopCode: 'UserInitiated', stoppedReason: 'Task stopped by user' }, 'stopped-by-user', 'nobody'],
  ['a user, killed', { stopCode: 'UserInitiated', containers: [container('app', 137)] }, 'stopped-by-user', 'nobody'],
  [
    'a user who writes of Farguard',
    { stopCode: 'UserInitiated', stoppedReason: 'Not Farguard: me' },
    'stopped-by-user',
    'nobody',
  ],
  [
    'Farguard',
    { stopCode: 'UserInitiated', stoppedReason: 'Farguard: replaced by web #4' },
    'stopped-by-farguard',
    'nobody',
  ],
  [
    "Farguard's words under another code",
    { stopCode: exited, stoppedReason: 'Farguard: no', containers: [container('app', 1)] },
    'application-error',
    'image',
    1,
  ],

  // New and missing codes.
  [
    'a code that is new',
    {
      stopCode: 'QuotaWithdrawn',
      stoppedReason: 'Task failed container health checks',
      containers: [container('app', 0)],
    },
    'unknown',
    'unknown',
  ],
  [
    'a new code, out of memory by ECS',
    { stopCode: 'QuotaWithdrawn', containers: [container('app', 137, 'OutOfMemoryError: …')] },
    'out-of-memory',
    'image',
    137,
  ],
  ['no code, exit 0', { containers: [container('app', 0)] }, 'unknown', 'unknown'],
  ['no code, killed', { containers: [container('app', 137)] }, 'unknown', 'unknown'],
  ['no code, by text alone', { stoppedReason: 'CannotPullContainerError: not found' }, 'unknown', 'unknown'],
  [
    "no code, by a container's own error",
    { containers: [container('app', undefined, 'CannotPullContainerError: not found')] },
    'image-not-pulled',
    'image',
  ],
]

test.each(rows)('%s', (_, of, kind, blames, exitCode) => {
  const answer = whyStopped(stopped(of))
  expect(answer).toMatchObject({ kind, blames })
  expect(answer?.exitCode).toBe(exitCode)
  // One or two sentences.
  expect(answer?.advice).toMatch(/^[A-Z][^\n]*\.$/)
  if (of.stoppedReason) expect(answer?.detail).toContain(of.stoppedReason)
  for (const { name, reason, exitCode: code } of of.containers ?? []) {
    if (reason) expect(answer?.detail).toContain(reason)
    if (of.stopCode === exited)
      expect(answer?.detail).toContain(code === undefined ? `${name} has no exit code` : `${name} exited with ${code}`)
  }
})

test('every kind has a row', () => {
  expect(new Set(rows.map(([, , kind]) => kind))).toEqual(new Set(stopKinds))
})

test('a code that is new is named', () => {
  expect(whyStopped(stopped({ stopCode: 'QuotaWithdrawn' }))?.detail).toContain('QuotaWithdrawn')
})

describe('what is not stopping has not stopped for any reason', () => {
  test.each(['PROVISIONING', 'PENDING', 'ACTIVATING', 'RUNNING', 'A_NEW_STATUS'])('%s', lastStatus => {
    expect(whyStopped(task({ lastStatus }))).toBeUndefined()
  })

  test.each([
    [
      'a Spot warning',
      { lastStatus: 'RUNNING', desiredStatus: 'STOPPED', stopCode: 'SpotInterruption' },
      'spot-interrupted',
    ],
    ['a stop that has begun', { lastStatus: 'DEACTIVATING', stopCode: 'UserInitiated' }, 'stopped-by-user'],
    [
      'a container that exited a moment ago',
      { lastStatus: 'RUNNING', desiredStatus: 'STOPPED', stopCode: exited, containers: [container('app', 1)] },
      'application-error',
    ],
    [
      'an exit whose code has not come yet',
      { lastStatus: 'STOPPING', stopCode: exited, containers: [container('app')] },
      'unknown',
    ],
  ])('but %s is', (_, of, kind) => {
    expect(whyStopped(task(of))?.kind).toBe(kind)
  })
})

describe("a value that the SDK's enums gain has to be classified", () => {
  test('stop codes', () => {
    expect(Object.values(TaskStopCode).sort()).toEqual([...stopCodes].sort())
  })

  test('launch types, and capacity providers where there is none', () => {
    const targets = config(service())
    const byLaunchType = Object.values(LaunchType).map(launchType => [
      launchType,
      whyNotOurs(task({ launchType }), targets),
    ])
    expect(Object.fromEntries(byLaunchType)).toEqual({
      FARGATE: undefined,
      EC2: 'not-fargate',
      EXTERNAL: 'not-fargate',
      MANAGED_INSTANCES: 'not-fargate',
    })
    const { launchType: _, ...withoutLaunchType } = task()
    const byProvider = Object.values(CapacityProviderType).map(capacityProvider => [
      capacityProvider,
      whyNotOurs({ ...withoutLaunchType, capacityProvider }, targets),
    ])
    expect(Object.fromEntries(byProvider)).toEqual({
      FARGATE: undefined,
      FARGATE_SPOT: undefined,
      EC2_AUTOSCALING: 'not-fargate',
      MANAGED_INSTANCES: 'not-fargate',
    })
  })

  test('health: one value stands for a failed check', () => {
    const byHealth = Object.values(HealthStatus).map(health => [
      health,
      whyStopped(stopped({ stopCode: scheduler, health }))?.kind,
    ])
    expect(Object.fromEntries(byHealth)).toEqual({
      HEALTHY: 'scaled-in',
      UNHEALTHY: 'health-check-failed',
      UNKNOWN: 'scaled-in',
    })
  })

  test('desired statuses: one value stands for a stop', () => {
    const byDesired = Object.values(DesiredStatus).map(desiredStatus => [
      desiredStatus,
      whyStopped(task({ desiredStatus })) !== undefined,
    ])
    expect(Object.fromEntries(byDesired)).toEqual({ PENDING: false, RUNNING: false, STOPPED: true })
  })
})

test('docs/tasks.md explains every kind, and none that there is not', () => {
  const page = readFileSync(new URL('../../docs/tasks.md', import.meta.url), 'utf8')
  const explained = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, kind]) => kind)
  expect(explained.sort()).toEqual([...stopKinds].sort())
})
