import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { container, type EcsAccount, ecsAccount, network } from './ecs-account.ts'

const order = [
  'PROVISIONING',
  'PENDING',
  'ACTIVATING',
  'RUNNING',
  'DEACTIVATING',
  'STOPPING',
  'DEPROVISIONING',
  'STOPPED',
]

type Step =
  | { do: 'run'; count: number }
  | { do: 'stop'; which: number }
  | { do: 'scale'; count: number }
  | { do: 'roll' }
  | { do: 'force' }
  | { do: 'refuse'; times: number }
  | { do: 'wait'; seconds: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('run' as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('stop' as const), which: fc.nat() }),
  fc.record({ do: fc.constant('scale' as const), count: fc.integer({ min: 0, max: 5 }) }),
  fc.constant({ do: 'roll' as const }),
  fc.constant({ do: 'force' as const }),
  fc.record({ do: fc.constant('refuse' as const), times: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 90 }) }),
)

/** A service named `shop` and whatever the steps do to it and beside it. */
async function live(steps: Step[], seedNumber: number): Promise<EcsAccount> {
  const account = ecsAccount({
    seedNumber,
    behaviour: (_image, name) => (name === 'side' ? { kind: 'exits', code: 0, afterMs: 7000 } : { kind: 'runs' }),
  })
  const containerDefinitions = [container(), container({ name: 'side', essential: false })]
  account.register({ containerDefinitions })
  account.call('CreateService', {
    serviceName: 'shop',
    taskDefinition: 'web',
    desiredCount: 2,
    launchType: 'FARGATE',
    networkConfiguration: network,
  })
  for (const one of steps) await carryOut(account, one, containerDefinitions)
  return account
}

async function carryOut(account: EcsAccount, one: Step, containerDefinitions: ReturnType<typeof container>[]) {
  const update = (input: object) => account.call('UpdateService', { service: 'shop', ...input })
  switch (one.do) {
    case 'run':
      return account.run({ count: one.count })
    case 'stop': {
      const tasks = account.ecs.tasks()
      const task = tasks[one.which % Math.max(1, tasks.length)]
      return task && account.call('StopTask', { task: task.taskArn })
    }
    case 'scale':
      return update({ desiredCount: one.count })
    case 'roll':
      return update({ taskDefinition: account.register({ containerDefinitions }) })
    case 'force':
      return update({ forceNewDeployment: true })
    case 'refuse':
      return account.ecs.refuseCapacity({ capacityProvider: 'FARGATE', times: one.times })
    case 'wait':
      return account.advance(one.seconds)
  }
}

describe('whatever happens', () => {
  test("a task's versions rise by one, its states never go back, and STOPPED is final", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.nat(), async (steps, seed) => {
        const account = await live(steps, seed)
        await account.advance(300)
        const seen = new Map<string, { version: number; state: number; desired: string }>()
        for (const { resources, detail } of account.taskEvents()) {
          const arn = resources[0] ?? ''
          const before = seen.get(arn) ?? { version: 0, state: 0, desired: 'RUNNING' }
          const state = order.indexOf(detail.lastStatus as string)
          expect(detail.version).toBe(before.version + 1)
          expect(state).toBeGreaterThanOrEqual(before.state)
          expect(before.state).toBeLessThan(order.indexOf('STOPPED'))
          expect(before.desired === 'STOPPED' && detail.desiredStatus === 'RUNNING').toBe(false)
          seen.set(arn, { version: detail.version as number, state, desired: detail.desiredStatus as string })
        }
        for (const task of account.ecs.tasks()) expect(task.version).toBe(seen.get(task.taskArn ?? '')?.version)
      }),
      { numRuns: 60 },
    )
  })

  test('a service comes to its desired count of its newest revision, and says so', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.nat(), async (steps, seed) => {
        const account = await live(steps, seed)
        const wanted = account.service('shop')
        // Each refused attempt may wait for as long as the throttle's longest pause, 27 minutes.
        const refused = steps.reduce((sum, one) => sum + (one.do === 'refuse' ? one.times : 0), 0)
        await account.advance(3600 + refused * 27 * 60)
        const service = account.service('shop')
        const running = account.ecs
          .tasks()
          .filter(task => task.group === 'service:shop' && task.desiredStatus === 'RUNNING')
        expect(running).toHaveLength(wanted.desiredCount ?? -1)
        expect(running.every(task => task.taskDefinitionArn === wanted.taskDefinition)).toBe(true)
        expect(service.deployments).toMatchObject([
          {
            id: wanted.deployments?.[0]?.id,
            rolloutState: 'COMPLETED',
            runningCount: wanted.desiredCount,
            pendingCount: 0,
          },
        ])
        const completed = account.events.filter(
          event =>
            event.detail.eventName === 'SERVICE_DEPLOYMENT_COMPLETED' &&
            event.detail.deploymentId === service.deployments?.[0]?.id,
        )
        expect(completed).toHaveLength(1)
      }),
      { numRuns: 60 },
    )
  })

  test('the same seed and the same calls give the same ids and events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), fc.nat(), async (steps, seed) => {
        const [one, other] = [await live(steps, seed), await live(steps, seed)]
        await one.advance(120)
        await other.advance(120)
        expect(one.events).toEqual(other.events)
      }),
      { numRuns: 20 },
    )
  })
})
