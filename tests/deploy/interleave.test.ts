import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Target } from '../../shared/config/config.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { crashingAt, gated, interleaved } from './gated-world.ts'
import { config, service, task } from './targets.ts'

type Turn = 'a' | 'b'

async function both(
  simulated: SimulatedWorld,
  target: Target,
  a: EcrImageAction,
  b: EcrImageAction,
  turns: readonly Turn[],
) {
  const gates = interleaved(turns)
  const run = async (who: Turn, event: EcrImageAction) => {
    const outcome = await deployImage(event, config(target), gated(simulated.world, gates[who]))
    gates.ended(who)
    return outcome
  }
  return Promise.all([run('a', a), run('b', b)])
}

/** A makes its first i calls, B its first j, A the rest, B the rest. */
function* twoSwitches(most: number): Generator<Turn[]> {
  for (let i = 0; i <= most; i++)
    for (let j = 1; j <= most; j++)
      yield [...Array<Turn>(i).fill('a'), ...Array<Turn>(j).fill('b'), ...Array<Turn>(40).fill('a')]
}

async function older(simulated: SimulatedWorld, repository: string): Promise<[EcrImageAction, EcrImageAction]> {
  const first = simulated.push(repository, '1.1.0')
  await simulated.clock.advance(5000)
  return [first, simulated.push(repository, '1.2.0')]
}

async function expectNewest(simulated: SimulatedWorld, target: Target, where: string) {
  const { head, newest } = await readTarget(simulated.world.table, target.name)
  expect(head?.current.image.tag, where).toBe('1.2.0')
  expect(newest, where).toMatchObject({ state: 'started', image: { tag: '1.2.0' } })
  if (target.run.kind === 'service') {
    expect(simulated.ecs.services()[0]?.taskDefinition, where).toBe(newest?.revision?.arn)
  } else {
    const last = newest?.attempts.flatMap(attempt => attempt.outcome?.tasks ?? []) ?? []
    expect(new Set(last).size, where).toBe(target.run.kind === 'task' ? target.run.count : 1)
    const stray = simulated.ecs
      .tasks()
      .filter(each => each.startedBy?.startsWith('fg/') && each.desiredStatus === 'RUNNING')
      .filter(each => !last.includes(each.taskArn ?? ''))
    // An older copy may run beside only if its own deployment had started before the newer one took over.
    for (const each of stray) expect(each.startedBy, where).toBe(await startedByOf(simulated, target, 1))
  }
}

async function startedByOf({ world }: SimulatedWorld, target: Target, number: number): Promise<string | undefined> {
  const record = await world.table.get(`TARGET#${target.name}`, `DEPLOYMENT#0000000${number}`)
  return record?.state === 'started' ? `fg/${target.name}/${record.id}01` : undefined
}

describe.each([
  { target: service(), repository: 'acme/web' },
  { target: task({ tags: { kind: 'semver', range: '^1' } }, { count: 2 }), repository: 'acme/worker' },
])('two pushes to a $target.run.kind at once', ({ target, repository }) => {
  test('the newer has the last word, wherever one is held up while the other goes on', async () => {
    for (const turns of twoSwitches(13)) {
      const simulated = simulatedWorld()
      await simulated.createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
      const [a, b] = await older(simulated, repository)
      const outcomes = await both(simulated, target, a, b, turns)
      for (const [index, outcome] of outcomes.entries())
        if (outcome.kind === 'retryable') await deployImage(index === 0 ? a : b, config(target), simulated.world)
      await expectNewest(simulated, target, turns.join(''))
    }
  })

  test('the newer has the last word under any order of their calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom<Turn>('a', 'b'), { minLength: 30, maxLength: 60 }), async turns => {
        const simulated = simulatedWorld()
        await simulated.createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
        const [a, b] = await older(simulated, repository)
        const outcomes = await both(simulated, target, a, b, turns)
        for (const [index, outcome] of outcomes.entries())
          if (outcome.kind === 'retryable') await deployImage(index === 0 ? a : b, config(target), simulated.world)
        await expectNewest(simulated, target, turns.join(''))
      }),
      { numRuns: 60 },
    )
  })

  test('the newer has the last word even when the older dies right after its late call, and is retried', async () => {
    for (let at = 1; at <= 14; at++) {
      const simulated = simulatedWorld()
      await simulated.createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
      const [a, b] = await older(simulated, repository)
      // A stops before its call number `at`, B runs to its end, A makes that one call and dies.
      const { gate, crashed, calls } = crashingAt(at, 'after')
      const held = Promise.withResolvers<void>()
      const reached = Promise.withResolvers<void>()
      const late = deployImage(
        a,
        config(target),
        gated(simulated.world, async (name, call) =>
          gate(name, async () => {
            if (calls.length === at) {
              reached.resolve()
              await held.promise
            }
            return call()
          }),
        ),
      )
      await Promise.race([reached.promise, late])
      await deployImage(b, config(target), simulated.world)
      held.resolve()
      await Promise.race([late, crashed])
      await deployImage(a, config(target), simulated.world)
      await expectNewest(simulated, target, `call ${at}: ${calls.at(-1)}`)
    }
  })
})

describe('one push delivered twice at once', () => {
  test('starts one task, wherever one is held up while the other goes on', async () => {
    const target = task({}, { count: 1 })
    for (const turns of twoSwitches(10)) {
      const simulated = simulatedWorld()
      const event = simulated.push('acme/worker', 'v1')
      await both(simulated, target, event, event, turns)
      await deployImage(event, config(target), simulated.world)
      expect(simulated.ecs.tasks().length, turns.join('')).toBe(1)
    }
  })
})
