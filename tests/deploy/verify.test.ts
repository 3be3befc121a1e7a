/** Verdicts on rollouts: facts in, verdict out. */
import { describe, expect, test } from 'vitest'
import type { Deployment } from '../../shared/deploy/records.ts'
import {
  judgeCopies,
  judgeOneOff,
  judgeService,
  type ServiceFacts,
  type TaskFact,
  type Verdict,
} from '../../shared/deploy/verify.ts'
import type { Service, ServiceRollout, Task, TaskContainer } from '../../shared/ports.ts'
import { whyStopped } from '../../shared/status/why-stopped.ts'
import { service, task } from './targets.ts'

const second = 1000
const minute = 60 * second
const now = new Date('2026-03-02T12:00:00Z')
const ago = (ms: number) => new Date(now.getTime() - ms).toISOString()
const revision = 'arn:aws:ecs:eu-central-1:123456789012:task-definition/web:7'
const older = revision.replace(':7', ':6')

function deployment(of: Partial<Deployment> = {}): Deployment {
  return {
    target: 'web',
    number: 7,
    id: 'abc123',
    generation: 0,
    version: 4,
    image: { repository: 'acme/web', tag: '1.7.0', digest: 'sha256:7' },
    event: { id: 'e', at: ago(minute), account: '123456789012', region: 'eu-central-1' },
    claimedAt: ago(minute),
    because: 'newer',
    where: { kind: 'service', cluster: 'demo', service: 'web' },
    state: 'started',
    startedAt: ago(minute),
    revision: { arn: revision, fingerprint: 'f', containers: { essential: ['app'], isHealthChecked: false } },
    attempts: [
      {
        number: 1,
        at: ago(minute),
        call: { operation: 'UpdateService', cluster: 'demo', service: 'web', revision },
        outcome: { at: ago(minute), serviceDeployment: 'ecs-svc/7', tasks: ['arn:task/1', 'arn:task/2'] },
      },
    ],
    ...of,
  }
}

function running(arn: string, forMs: number, health?: string): TaskFact {
  const task: Task = {
    arn,
    cluster: 'demo',
    version: 5,
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    startedAt: ago(forMs),
    containers: [],
  }
  return { arn, is: 'live', task: { ...task, ...(health && { health }) } }
}

function stopped(
  arn: string,
  stopCode: string,
  containers: Partial<TaskContainer>[],
  stoppedReason?: string,
): TaskFact {
  const task: Task = {
    arn,
    cluster: 'demo',
    version: 9,
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    stopCode,
    ...(stoppedReason !== undefined && { stoppedReason }),
    containers: containers.map((container, index) => ({ name: index === 0 ? 'app' : `side${index}`, ...container })),
  }
  const why = whyStopped(task)
  if (!why) throw new Error('It has not stopped')
  return { arn, is: 'ended', task, stopped: why }
}

const exited = (arn: string, exitCode: number) => stopped(arn, 'EssentialContainerExited', [{ exitCode }])
const bySpot = (arn: string) => stopped(arn, 'SpotInterruption', [{ exitCode: 143 }])
const byPerson = (arn: string) => stopped(arn, 'UserInitiated', [{ exitCode: 137 }], 'not now')
const noSecrets = (arn: string) =>
  stopped(arn, 'TaskFailedToStart', [], 'ResourceInitializationError: unable to pull secrets or registry auth')
const starting = (arn: string): TaskFact => ({ arn, is: 'live' })
const lost = (arn: string): TaskFact => ({ arn, is: 'lost' })

function summary(verdict: Verdict): string {
  if (verdict.is === 'failed') return `failed ${verdict.reason}${verdict.quarantines ? ', quarantined' : ''}`
  if (verdict.is === 'lost')
    return `lost ${verdict.gone.map(each => (each.isNobodysFault ? 'nobody' : 'counted')).join(' ')}`
  return verdict.is
}

describe('copies', () => {
  const two = task({}, { count: 2 })
  const of = (facts: TaskFact[], more: Partial<Deployment> = {}) =>
    summary(judgeCopies(deployment(more), two, facts, now))
  const checked = {
    revision: { arn: revision, fingerprint: 'f', containers: { essential: ['app'], isHealthChecked: true } },
  }

  test.each<[string, TaskFact[], Partial<Deployment>, string]>([
    ['all have run for long enough', [running('1', minute), running('2', 30 * second)], {}, 'succeeded'],
    ['one has not run for long enough', [running('1', minute), running('2', 29 * second)], {}, 'wait'],
    ['one is not shown yet', [running('1', minute), starting('2')], {}, 'wait'],
    [
      'one is not up at the deadline',
      [running('1', minute), starting('2')],
      { startedAt: ago(15 * minute) },
      'failed not-in-time',
    ],
    [
      'healthy where there is a check',
      [running('1', minute, 'HEALTHY'), running('2', minute, 'HEALTHY')],
      checked,
      'succeeded',
    ],
    ['one not healthy yet', [running('1', minute, 'HEALTHY'), running('2', minute, 'UNKNOWN')], checked, 'wait'],
    [
      'one never healthy',
      [running('1', minute, 'HEALTHY'), running('2', 14 * minute, 'UNKNOWN')],
      { ...checked, startedAt: ago(15 * minute) },
      'failed not-in-time, quarantined',
    ],
    [
      'one unhealthy',
      [running('1', minute, 'HEALTHY'), running('2', minute, 'UNHEALTHY')],
      checked,
      'failed unhealthy, quarantined',
    ],
    ['one exited with 1', [running('1', minute), exited('2', 1)], {}, 'failed application-exit, quarantined'],
    ['one exited with 0', [running('1', minute), exited('2', 0)], {}, 'failed application-exit, quarantined'],
    ['one out of memory', [exited('1', 137), running('2', minute)], {}, 'failed out-of-memory, quarantined'],
    ['one taken by Spot', [running('1', minute), bySpot('2')], {}, 'lost counted'],
    ['one without secrets', [noSecrets('1'), running('2', minute)], {}, 'lost counted'],
    ['one stopped by a person', [running('1', minute), byPerson('2')], {}, 'lost nobody'],
    ['one that ECS forgot', [running('1', minute), lost('2')], {}, 'lost counted'],
    ['one exited, one taken by Spot', [bySpot('1'), exited('2', 1)], {}, 'failed application-exit, quarantined'],
  ])('%s', (_case, facts, more, expected) => expect(of(facts, more)).toBe(expected))

  test('are looked at again when the last one will have settled', () => {
    const verdict = judgeCopies(deployment(), two, [running('1', 10 * second), running('2', 25 * second)], now)
    expect(verdict).toMatchObject({ is: 'wait', lookInMs: 20 * second })
  })
})

describe('a job or before task', () => {
  const of = (fact: TaskFact, more: Partial<Deployment> = {}) =>
    summary(judgeOneOff(deployment(more), fact, 10 * minute, now))
  const asked = (ms: number) => ({
    attempts: deployment().attempts.map(each => ({ ...each, outcome: { at: ago(ms), tasks: ['arn:task/1'] } })),
  })
  const fact = (each: (arn: string) => TaskFact) => each('arn:task/1')
  const beside = stopped('arn:task/1', 'EssentialContainerExited', [{ exitCode: 0 }, { exitCode: 143 }])
  const bothEssential = {
    revision: { arn: revision, fingerprint: 'f', containers: { essential: ['app', 'side1'], isHealthChecked: false } },
  }

  test.each<[string, TaskFact, Partial<Deployment>, string]>([
    ['runs', running('arn:task/1', minute), asked(minute), 'wait'],
    ['runs past its time-out', running('arn:task/1', minute), asked(10 * minute), 'failed timed-out, quarantined'],
    ['exited with 0', exited('arn:task/1', 0), {}, 'succeeded'],
    ['exited with 3', exited('arn:task/1', 3), {}, 'failed application-exit, quarantined'],
    ['exited with 0 beside a container that does not count', beside, {}, 'succeeded'],
    ['exited with 0 beside one that counts and was stopped', beside, bothEssential, 'failed outcome-unknown'],
    ['without an exit code', stopped('arn:task/1', 'EssentialContainerExited', [{}]), {}, 'failed outcome-unknown'],
    ['forgotten', fact(lost), {}, 'failed outcome-unknown'],
    ['taken by Spot', fact(bySpot), {}, 'lost counted'],
    ['stopped by a person', fact(byPerson), {}, 'stopped'],
    [
      'stopped by a person after it exited with 0',
      stopped('arn:task/1', 'UserInitiated', [{ exitCode: 0 }]),
      {},
      'stopped',
    ],
  ])('%s', (_case, each, more, expected) => expect(of(each, more)).toBe(expected))
})

describe('a service', () => {
  const own = (of: Partial<Service['deployments'][number]> = {}) => ({
    id: 'ecs-svc/7',
    status: 'PRIMARY',
    revision,
    rolloutState: 'IN_PROGRESS',
    failedTasks: 0,
    ...of,
  })
  const state = (of: Partial<Service> = {}): Service => ({
    name: 'web',
    arn: 'arn:service/demo/web',
    status: 'ACTIVE',
    capacityProviders: [],
    controller: 'ECS',
    revision,
    desiredCount: 1,
    runningCount: 1,
    pendingCount: 0,
    deployments: [own()],
    ...of,
  })
  const rollout = (status: string, of: Partial<ServiceRollout> = {}): ServiceRollout => ({ arn: 'r', status, ...of })
  const done = state({ deployments: [own({ rolloutState: 'COMPLETED' })] })
  const late = { startedAt: ago(15 * minute), claimedAt: ago(15 * minute) }
  const onOlder = state({ revision: older, deployments: [own({ id: 'ecs-svc/6', revision: older })] })

  test.each<[string, ServiceFacts, Partial<Deployment>, string]>([
    ['ECS is at it', { service: state(), rollout: rollout('IN_PROGRESS') }, {}, 'wait'],
    ['ECS is content', { service: done, rollout: rollout('SUCCESSFUL') }, {}, 'succeeded'],
    [
      'ECS is content, by its older API',
      { service: state({ deployments: [own({ rolloutState: 'COMPLETED' })] }) },
      {},
      'succeeded',
    ],
    [
      'content, and the copies stay up',
      { service: done, rollout: rollout('SUCCESSFUL'), tasks: [running('1', minute)] },
      {},
      'succeeded',
    ],
    [
      'content, a copy began just now',
      { service: done, rollout: rollout('SUCCESSFUL'), tasks: [running('1', second)] },
      {},
      'wait',
    ],
    [
      'content, the copies crash',
      { service: done, rollout: rollout('SUCCESSFUL'), tasks: [exited('1', 1), running('2', second)] },
      {},
      'wait',
    ],
    [
      'content, the copies crash, at the deadline',
      { service: done, rollout: rollout('SUCCESSFUL'), tasks: [exited('1', 1), running('2', second)] },
      late,
      'failed not-in-time, quarantined',
    ],
    [
      'content, scaling at the deadline',
      { service: done, rollout: rollout('SUCCESSFUL'), tasks: [running('2', second)] },
      late,
      'succeeded',
    ],
    [
      'not in time, for its own fault',
      { service: state(), rollout: rollout('IN_PROGRESS'), tasks: [exited('1', 1)] },
      late,
      'failed not-in-time, quarantined',
    ],
    [
      'not in time, for want of secrets',
      { service: state(), rollout: rollout('IN_PROGRESS'), tasks: [noSecrets('1')] },
      late,
      'failed not-in-time',
    ],
    ['ECS rolls back', { service: onOlder, rollout: rollout('ROLLBACK_IN_PROGRESS') }, {}, 'wait'],
    [
      'ECS rolled back, steady as it is',
      { service: onOlder, rollout: rollout('ROLLBACK_SUCCESSFUL', { rolledBackTo: older }), tasks: [exited('1', 1)] },
      {},
      'failed ecs-rolled-back, quarantined',
    ],
    [
      'ECS rolled back for want of capacity',
      { service: onOlder, rollout: rollout('ROLLBACK_SUCCESSFUL'), tasks: [] },
      {},
      'failed ecs-rolled-back',
    ],
    ['ECS could not roll back', { service: state(), rollout: rollout('ROLLBACK_FAILED') }, {}, 'failed ecs-gave-up'],
    [
      'ECS gave up and has no way back',
      { service: state({ deployments: [own({ rolloutState: 'FAILED' })] }) },
      {},
      'failed ecs-gave-up',
    ],
    [
      'ECS stopped it where it was',
      { service: state({ deployments: [] }), rollout: rollout('STOPPED') },
      {},
      'failed ecs-gave-up',
    ],
    ['somebody else put it elsewhere', { service: onOlder, rollout: rollout('STOPPED') }, {}, 'superseded'],
    ['somebody else did, by a read that may lag', { service: onOlder, rollout: rollout('SUCCESSFUL') }, {}, 'wait'],
    [
      'somebody else did, before it was seen to stay up',
      { service: onOlder, rollout: rollout('SUCCESSFUL') },
      late,
      'superseded',
    ],
    [
      'an earlier rollout of the same revision is listed yet',
      { service: state(), rollout: rollout('SUCCESSFUL') },
      {},
      'wait',
    ],
    ['an earlier one that ECS stopped is listed yet', { service: state(), rollout: rollout('STOPPED') }, {}, 'wait'],
    ['a read that lags', { service: onOlder }, {}, 'wait'],
    [
      'a read that lags behind a rollout that is listed',
      { service: onOlder, rollout: rollout('PENDING') },
      late,
      'wait',
    ],
    ['elsewhere for longer than reads lag', { service: onOlder }, late, 'superseded'],
    [
      'steady on another revision is no success',
      { service: { ...onOlder, deployments: [own({ id: 'ecs-svc/6', revision: older, rolloutState: 'COMPLETED' })] } },
      {},
      'wait',
    ],
    [
      'at zero copies',
      { service: state({ desiredCount: 0, runningCount: 0 }), rollout: rollout('SUCCESSFUL') },
      {},
      'parked',
    ],
    [
      'still at zero copies, for days',
      { service: state({ desiredCount: 0, runningCount: 0 }), rollout: rollout('SUCCESSFUL') },
      { ...late, isParked: true },
      'wait',
    ],
    [
      'woken',
      { service: state({ runningCount: 0 }), rollout: rollout('SUCCESSFUL') },
      { ...late, isParked: true },
      'woke',
    ],
    [
      'woken, coming up',
      { service: state({ runningCount: 0, pendingCount: 1 }), rollout: rollout('SUCCESSFUL') },
      { ...late, isParked: true, wokeAt: ago(minute) },
      'wait',
    ],
    [
      'woken and up',
      { service: done, rollout: rollout('SUCCESSFUL') },
      { ...late, isParked: true, wokeAt: ago(minute) },
      'succeeded',
    ],
    [
      'woken and never up',
      { service: state({ runningCount: 0, pendingCount: 1 }), rollout: rollout('SUCCESSFUL'), tasks: [exited('1', 1)] },
      { ...late, isParked: true, wokeAt: ago(16 * minute) },
      'failed not-in-time, quarantined',
    ],
  ])('%s', (_case, facts, more, expected) => {
    expect(summary(judgeService(deployment(more), service(), facts, now))).toBe(expected)
  })
})
