/** From a push to the record of it, through the whole control plane. */
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../local/account/aws-error.ts'
import { why } from '../../shared/deploy/why.ts'
import { listDeployments } from '../simulated-world.ts'
import { deployed, minute } from './control-plane.ts'

describe('a push', () => {
  test('of each kind runs within a minute, succeeds, and says why', async () => {
    const { clock, push, imagesThatRun, table, ecs, target } = await deployed()
    const web = push('acme/web', '1.4.0')
    const worker = push('acme/worker', 'live')
    push('acme/nightly', '2026-03-01')
    await clock.advance(minute)
    expect(imagesThatRun('acme/web')).toEqual([web])
    expect(imagesThatRun('acme/worker')).toEqual([worker, worker])
    await clock.advance(3 * minute)
    const jobs = ecs.tasks().filter(task => task.group === 'family:nightly')
    expect(jobs).toMatchObject([
      { lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited', containers: [{ exitCode: 0 }] },
    ])
    const [story] = await why({ repository: 'acme/web', tag: '1.4.0' }, 5, table)
    expect(story).toMatchObject({ target: 'web', verdict: 'deploy', reason: 'succeeded', deployment: { number: 1 } })
    for (const name of ['web', 'worker', 'nightly'])
      expect((await target(name)).newest, name).toMatchObject({ state: 'succeeded' })
  })

  test('that comes while ECS throttles is tried again and runs', async () => {
    const { clock, push, account, imagesThatRun } = await deployed()
    const throttled = new AwsError('ThrottlingException', 'Rate exceeded')
    account.failNext('ecs:UpdateService', { when: 'before', error: throttled }, { when: 'after', error: throttled })
    const digest = push('acme/web', '1.4.0')
    await clock.advance(15 * minute)
    expect(imagesThatRun('acme/web')).toEqual([digest])
  })

  test('whose image nobody can look up ends in the dead letters after five tries, and the sweep deploys it later', async () => {
    const { clock, push, account, queueDepth, imagesThatRun } = await deployed()
    const broken = {
      when: 'before' as const,
      error: new AwsError('ServerException', 'Service unavailable', { status: 500 }),
    }
    account.failNext('ecr:DescribeImages', ...Array(40).fill(broken))
    const digest = push('acme/web', '1.4.0')
    await clock.advance(30 * minute)
    expect(queueDepth('farguard-dev-dead-letters')?.visible).toBe(1)
    expect(queueDepth('farguard-dev-images')).toMatchObject({ visible: 0 })
    await clock.advance(60 * minute)
    expect(imagesThatRun('acme/web')).toEqual([digest])
  })

  test.each([1, 2, 3])(
    'among forty, doubled, late and out of order (seed %i), ends on the newest, each started once',
    { timeout: 60_000 },
    async seed => {
      const { clock, push, bus, imagesThatRun, table, target, account, ecs } = await deployed({ seed })
      const started: unknown[] = []
      account.onCall(call => call.name === 'ecs:RunTask' && started.push(call.input))
      bus.misbehave({ double: 0.5, delay: 0.5, upToMs: 5 * minute })
      let newest = ''
      for (let minor = 0; minor < 20; minor++) {
        newest = push('acme/web', `1.${minor}.0`)
        push('acme/nightly', `n${minor}`)
        await clock.advance(7_000)
      }
      await clock.advance(30 * minute)
      expect(imagesThatRun('acme/web')).toEqual([newest])
      expect((await target('web')).newest).toMatchObject({
        state: 'succeeded',
        image: { tag: '1.19.0', digest: newest },
      })
      const nightly = await listDeployments(table, 'nightly', 100)
      expect(new Set(nightly.map(each => each.image.digest)).size).toBe(nightly.length)
      expect(started).toHaveLength(nightly.filter(each => each.attempts.length > 0).length)
      expect(nightly[0]).toMatchObject({ image: { tag: 'n19' }, state: 'succeeded' })
      expect(ecs.tasks().some(task => task.lastStatus === 'RUNNING' && task.group === 'family:nightly')).toBe(false)
    },
  )
})
