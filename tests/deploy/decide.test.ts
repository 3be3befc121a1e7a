import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { TagPolicy } from '../../shared/config/config.ts'
import { type Decision, decide, type Facts, skipReasons } from '../../shared/deploy/decide.ts'
import { holdReasons } from '../../shared/deploy/gates.ts'
import { problemReasons } from '../../shared/deploy/problem.ts'
import { deployablePush } from '../../shared/deploy/push.ts'
import { type DeployedImage, type DeploymentState, isStanding } from '../../shared/deploy/records.ts'
import { failureReasons } from '../../shared/deploy/verify.ts'
import { service } from './targets.ts'

const image = (tag: string, digest = `sha256:${tag}`, pushedAt = '2026-03-01T22:00:00Z'): DeployedImage => ({
  repository: 'acme/web',
  tag,
  digest,
  pushedAt,
})

/** What is decided on `pushed` where the target is about `current`, in this state. */
function onto(
  current: DeployedImage,
  state: DeploymentState | undefined,
  pushed: DeployedImage,
  of: Partial<Facts & { tags: TagPolicy }> = {},
): Decision {
  const { tags = service().tags, ...more } = of
  const running = isStanding({ state }) ? { ...current, number: 7 } : undefined
  const facts: Facts = {
    source: 'push',
    pushedAt: noon,
    image: pushed,
    current: { number: 7, image: current, state },
    running,
    ...more,
  }
  return decide(pushed.tag, service({ tags }), facts)
}

const summary = (decision: Decision) => ('reason' in decision ? decision.reason : decision.verdict)
const live = { kind: 'exact', tag: 'live' } as const
const newest = { kind: 'newest' } as const
const noon = '2026-03-02T12:00:00Z'
const [early, late] = ['2026-03-01T22:00:00Z', '2026-03-01T22:00:05Z']

describe('semver', () => {
  test.each([
    { case: 'a higher version', now: '1.4.1', push: '1.4.2', expect: 'deploy' },
    { case: 'a lower version', now: '1.4.2', push: '1.4.1', expect: 'older-than-running' },
    { case: '1.10 is above 1.9', now: '1.9.0', push: '1.10.0', expect: 'deploy' },
    { case: 'a v before the number', now: '1.4.1', push: 'v1.4.2', expect: 'deploy' },
    { case: 'out of the range', now: '1.4.1', push: '2.0.0', expect: 'tag-not-matched' },
    { case: 'a pre-release that the range does not name', now: '1.4.1', push: '1.5.0-rc.1', expect: 'tag-not-matched' },
    { case: 'onto a tag that is no version', now: 'latest', push: '1.0.0', expect: 'deploy' },
  ])('$case: $push onto $now', ({ now, push, expect: expected }) => {
    expect(summary(onto(image(now), 'started', image(push)))).toBe(expected)
  })

  test('the same version pushed anew is followed, and its older self is not', () => {
    const [before, after] = [image('1.4.2', 'sha256:a', early), image('1.4.2', 'sha256:b', late)]
    expect(summary(onto(before, 'started', after))).toBe('deploy')
    expect(summary(onto(after, 'started', before))).toBe('older-than-running')
  })
})

describe('the other policies', () => {
  test.each([
    {
      case: 'exact, another digest, pushed earlier',
      tags: live,
      now: image('live', 'a', late),
      push: image('live', 'b', early),
      expect: 'deploy',
    },
    {
      case: 'exact, the same digest',
      tags: live,
      now: image('live', 'a'),
      push: image('live', 'a'),
      expect: 'already-running',
    },
    {
      case: 'newest, pushed later',
      tags: newest,
      now: image('x', 'a', early),
      push: image('y', 'b', late),
      expect: 'deploy',
    },
    {
      case: 'newest, pushed earlier',
      tags: newest,
      now: image('x', 'a', late),
      push: image('y', 'b', early),
      expect: 'older-than-running',
    },
    {
      case: 'newest, in the same second, a higher tag',
      tags: newest,
      now: image('b9', 'a'),
      push: image('b10', 'b'),
      expect: 'deploy',
    },
    {
      case: 'newest, in the same second, a lower tag',
      tags: newest,
      now: image('b10', 'a'),
      push: image('b9', 'b'),
      expect: 'older-than-running',
    },
  ])('$case', ({ tags, now, push, expect: expected }) =>
    expect(summary(onto(now, 'started', push, { tags }))).toBe(expected),
  )
})

describe('the head', () => {
  const same = image('1.4.2')
  test.each([
    { case: 'claimed, nothing else on record', state: undefined, expect: 'resume' },
    { case: 'starting', state: 'starting', expect: 'resume' },
    { case: 'started', state: 'started', expect: 'already-running' },
    { case: 'failed', state: 'failed', expect: 'deploy' },
  ] as const)('on this very image, $case', ({ state, expect: expected }) =>
    expect(summary(onto(same, state, same))).toBe(expected),
  )

  test('what is under way counts before it has started', () => {
    expect(summary(onto(image('1.5.0'), undefined, image('1.4.9')))).toBe('older-than-running')
    expect(summary(onto(image('1.5.0'), 'starting', image('1.6.0')))).toBe('deploy')
  })

  test('of another repository says nothing about this one', () => {
    const other = { ...image('9.0.0'), repository: 'acme/old' }
    expect(summary(onto(other, 'started', image('1.0.0')))).toBe('deploy')
  })

  test('a quarantined digest stays out, with its reason', () => {
    const quarantined = 'exited with 1 on 2026-02-28'
    expect(onto(image('1.4.1'), 'started', image('1.4.2'), { quarantined })).toEqual({
      verdict: 'skip',
      reason: 'quarantined',
      detail: quarantined,
    })
  })

  test('a job that may have run does not run again for a double of its push, and does for a push since', () => {
    const ended = { reason: 'start-unknown', detail: 'look at its logs', at: noon }
    const current = { number: 7, image: image('1.4.2'), state: 'failed', ended } as const
    expect(summary(onto(image('1.4.2'), 'failed', image('1.4.2'), { current, pushedAt: early }))).toBe('start-unknown')
    expect(summary(onto(image('1.4.2'), 'failed', image('1.4.2'), { current, pushedAt: '2026-03-02T12:00:01Z' }))).toBe(
      'deploy',
    )
  })
})

describe('an image whose last deployment here failed', () => {
  const ended = { reason: 'surroundings', detail: 'no capacity', at: noon }
  const [before, after] = ['2026-03-02T11:00:00Z', '2026-03-02T12:00:01Z']
  test.each<{ case: string; of: Partial<Facts>; startedAt?: string; expect: string }>([
    {
      case: 'a double of its push, after it had started',
      of: { pushedAt: before },
      startedAt: before,
      expect: 'failed-before',
    },
    { case: 'its push from the dead letters, when it had not started', of: { pushedAt: before }, expect: 'deploy' },
    { case: 'the sweep, when it had not started', of: { pushedAt: before, source: 'sweep' }, expect: 'failed-before' },
    {
      case: 'the sweep, when it had',
      of: { pushedAt: before, source: 'sweep' },
      startedAt: before,
      expect: 'failed-before',
    },
    { case: 'a push since', of: { pushedAt: after }, startedAt: before, expect: 'deploy' },
    {
      case: 'the sweep, after a release since',
      of: { pushedAt: before, source: 'sweep', releasedAt: after },
      startedAt: before,
      expect: 'deploy',
    },
    {
      case: 'the sweep, after a release before',
      of: { pushedAt: before, source: 'sweep', releasedAt: before },
      startedAt: before,
      expect: 'failed-before',
    },
    { case: 'an operator', of: { source: 'operator' }, startedAt: before, expect: 'deploy' },
  ])('$case: $expect', ({ of, startedAt, expect: expected }) => {
    const failed = { number: 7, image: image('1.4.2'), state: 'failed', ended, startedAt } as const
    const running = { ...image('1.4.1'), number: 6 }
    expect(summary(onto(image('1.4.2'), 'failed', image('1.4.2'), { current: failed, running, ...of }))).toBe(expected)
  })
})

test('an image that is gone is not deployed', () => {
  expect(summary(decide('1.4.2', service(), { source: 'push', pushedAt: noon, image: undefined }))).toBe('image-gone')
})

test('every reason is explained in docs/deploying.md', () => {
  const page = readFileSync('docs/deploying.md', 'utf8')
  for (const reason of [...skipReasons, ...problemReasons, ...holdReasons, ...failureReasons, 'superseded'])
    expect(page).toContain(`\`${reason}\``)
})

describe('events', () => {
  const sample = (name: string) => JSON.parse(readFileSync(`events/samples/${name}.json`, 'utf8'))
  test.each([
    { name: 'push-tagged', expect: '1.4.2' },
    { name: 'push-unknown-members', expect: '1.4.2' },
    { name: 'push-untagged-empty', expect: 'untagged' },
    { name: 'push-untagged-absent', expect: 'untagged' },
    { name: 'push-signature', expect: 'signature' },
    { name: 'push-failed', expect: 'failed-push' },
    { name: 'delete', expect: 'not-a-push' },
    { name: 'update-storage-class', expect: 'not-a-push' },
  ])('$name', ({ name, expect: expected }) => {
    const push = deployablePush(sample(name))
    expect('dropped' in push ? push.dropped : push.tag).toBe(expected)
  })

  test('of an index, only the tagged one is deployable', () => {
    const pushes = sample('push-index').map(deployablePush)
    expect(pushes.map((push: object) => ('dropped' in push ? push.dropped : (push as { tag: string }).tag))).toEqual([
      'untagged',
      'untagged',
      '1.5.0',
    ])
  })
})
