import { describe, expect, test } from 'vitest'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { listDeployments, registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { type Crash, crashingAt, gated } from './gated-world.ts'
import { config, job, service, task } from './targets.ts'

const kinds = {
  service: { target: service(), repository: 'acme/web', copies: 0 },
  task: { target: task({}, { count: 12, capacity: 'spot-then-on-demand' }), repository: 'acme/worker', copies: 12 },
  job: { target: job(), repository: 'acme/nightly', copies: 1 },
}

async function prepared(kind: keyof typeof kinds): Promise<SimulatedWorld> {
  const simulated = simulatedWorld()
  await simulated.createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
  if (kind === 'task') simulated.ecs.refuseCapacity({ capacityProvider: 'FARGATE_SPOT', times: 3 })
  return simulated
}

describe.each(Object.entries(kinds))('a %s whose Lambda dies', (name, { target, repository, copies }) => {
  const kind = name as keyof typeof kinds

  async function portCalls(): Promise<number> {
    const { world, push } = await prepared(kind)
    const { gate, calls } = crashingAt(Number.POSITIVE_INFINITY, 'before')
    await deployImage(push(repository, '1.1.0'), config(target), gated(world, gate))
    return calls.length
  }

  test.each(['before', 'after'] as const)(
    '%s the effect of any one port call starts exactly once after a retry',
    async when => {
      const all = await portCalls()
      expect(all).toBeGreaterThanOrEqual(8)
      for (let at = 1; at <= all; at++) {
        const { world, push, ecs, account } = await prepared(kind)
        const updates: unknown[] = []
        account.onCall(call => call.name === 'ecs:UpdateService' && updates.push(call.input))
        const event = push(repository, '1.1.0')
        const { gate, crashed } = crashingAt(at, when)
        const first = await Promise.race([deployImage(event, config(target), gated(world, gate)), crashed])
        const where = `call ${at}: ${(first as Crash).message}`
        const outcome = await deployImage(event, config(target), world)
        expect(['done', 'skipped'], where).toContain(outcome.kind)
        await deployImage(event, config(target), world)
        const { newest } = await readTarget(world.table, target.name)
        expect(newest, where).toMatchObject({ state: 'started', number: 1 })
        const started = ecs.tasks().filter(each => each.startedBy?.startsWith('fg/'))
        expect(started.length, where).toBe(copies)
        if (kind === 'service') {
          expect(ecs.services()[0]?.taskDefinition, where).toBe(newest?.revision?.arn)
          expect(new Set(updates.map(each => JSON.stringify(each))).size, where).toBe(1)
        }
        expect(await listDeployments(world.table, target.name, 10), where).toHaveLength(1)
      }
    },
  )

  test('after any one port call, an hour and more before the retry, never starts twice', async () => {
    const all = await portCalls()
    for (let at = 1; at <= all; at++) {
      const { world, push, ecs, clock } = await prepared(kind)
      const event = push(repository, '1.1.0')
      const { gate, crashed } = crashingAt(at, 'after')
      await Promise.race([deployImage(event, config(target), gated(world, gate)), crashed])
      await clock.advance(70 * 60_000)
      for (let retry = 0; retry < 3; retry++) await deployImage(event, config(target), world)
      const running = ecs.tasks().filter(each => each.startedBy?.startsWith('fg/') && each.lastStatus === 'RUNNING')
      await clock.advance(120_000)
      const started = ecs.tasks().filter(each => each.startedBy?.startsWith('fg/')).length
      const { newest } = await readTarget(world.table, target.name)
      // A job that was on record and whose call was lost may have run: then it does not run again, and that is said.
      if (kind === 'job' && newest?.ended?.reason === 'start-unknown') expect(started, `call ${at}`).toBe(0)
      else expect(started, `call ${at}`).toBe(copies)
      expect(running.length).toBeLessThanOrEqual(copies)
    }
  })
})
