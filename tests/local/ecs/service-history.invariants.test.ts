import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EcsAccount } from './ecs-account.ts'
import { deployImage, history, live, named, update, withService } from './shop-service.ts'

type Step =
  | { do: 'deploy'; image: 'acme/web:2' | 'acme/broken:1' | 'acme/sick:1' }
  | { do: 'force' }
  | { do: 'scale'; count: number }
  | { do: 'kill' }
  | { do: 'wait'; seconds: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('deploy' as const),
    image: fc.constantFrom('acme/web:2' as const, 'acme/broken:1' as const, 'acme/sick:1' as const),
  }),
  fc.constant({ do: 'force' as const }),
  fc.record({ do: fc.constant('scale' as const), count: fc.integer({ min: 0, max: 4 }) }),
  fc.constant({ do: 'kill' as const }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 600 }) }),
)

function shop(breaker: { enable: boolean; rollback: boolean }, seedNumber: number): EcsAccount {
  return withService(
    {
      seedNumber,
      imageExists: image => !image.includes('broken'),
      behaviour: image => (image.includes('sick') ? { kind: 'unhealthy' } : { kind: 'runs' }),
    },
    { deploymentConfiguration: { deploymentCircuitBreaker: breaker } },
  )
}

async function carryOut(account: EcsAccount, one: Step): Promise<void> {
  switch (one.do) {
    case 'deploy':
      deployImage(account, one.image, { healthCheck: { command: ['CMD', 'true'], interval: 10, retries: 2 } })
      return
    case 'force':
      update(account, { forceNewDeployment: true })
      return
    case 'scale':
      update(account, { desiredCount: one.count })
      return
    case 'kill':
      for (const { taskArn } of live(account)) account.call('StopTask', { task: taskArn })
      return
    case 'wait':
      await account.advance(one.seconds)
  }
}

const breakers = fc.record({ enable: fc.boolean(), rollback: fc.boolean() })

test('one service deployment at most is under way, the newest; what has ended never changes', async () => {
  await fc.assert(
    fc.asyncProperty(breakers, fc.array(step, { maxLength: 20 }), fc.nat(), async (breaker, steps, seed) => {
      const account = shop(breaker, seed)
      let ended: ReturnType<typeof history> = []
      for (const one of steps) {
        await carryOut(account, one)
        const records = history(account)
        expect(records.slice(1).every(record => record.finishedAt)).toBe(true)
        const finished = records.filter(record => record.finishedAt)
        expect(finished.slice(finished.length - ended.length)).toEqual(ended)
        ended = finished
        expect(account.service('shop').currentServiceDeployment).toBe(records[0]?.serviceDeploymentArn)
      }
    }),
    { numRuns: 60 },
  )
})

test('with a circuit breaker every deployment comes to an end; without one nothing is ever told to have failed', async () => {
  await fc.assert(
    fc.asyncProperty(breakers, fc.array(step, { maxLength: 12 }), fc.nat(), async (breaker, steps, seed) => {
      const account = shop(breaker, seed)
      for (const one of steps) await carryOut(account, one)
      await account.advance(6 * 3600)
      const [newest] = history(account)
      const [primary] = account.service('shop').deployments ?? []
      if (!breaker.enable) {
        expect(named(account, 'SERVICE_DEPLOYMENT_FAILED')).toEqual([])
        return
      }
      expect(newest?.finishedAt).toBeInstanceOf(Date)
      const isUp = newest?.status === 'SUCCESSFUL' || newest?.status === 'ROLLBACK_SUCCESSFUL'
      expect(primary?.rolloutState).toBe(isUp ? 'COMPLETED' : 'FAILED')
      if (breaker.rollback) expect(newest?.status).not.toBe('STOPPED')
      else expect(newest).not.toHaveProperty('rollback')
      const failed = named(account, 'SERVICE_DEPLOYMENT_FAILED').map(event => event.detail.deploymentId)
      expect(new Set(failed).size).toBe(failed.length)
    }),
    { numRuns: 25 },
  )
})
