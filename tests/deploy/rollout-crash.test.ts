/** A rollout that is killed at any of its calls, before or after its effect, and carried on by whoever looks next. */
import { describe, expect, test } from 'vitest'
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Behaviour } from '../../local/account/ecs/ecs.ts'
import type { Target } from '../../shared/config/config.ts'
import { carryOn } from '../../shared/deploy/advance.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import type { World } from '../../shared/ports.ts'
import { listDeployments, registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { type Gate, gated } from './gated-world.ts'
import { finish } from './rollouts.ts'
import { config, job, service, task } from './targets.ts'

const minute = 60_000
const network = { subnets: ['subnet-0a1b2c3d'], securityGroups: [], publicIp: true }
const before = { command: ['migrate'], timeoutMs: 10 * minute }

/** Containers of an image whose content says `bad` exit with 1 after five seconds; those of jobs and `before` tasks exit with 0. */
const behaviour =
  (bad: () => string) =>
  (image: string, _name: string, start?: { commandIsOverridden: boolean }): Behaviour => {
    if (start?.commandIsOverridden) return { kind: 'exits', code: 0, afterMs: 4_000 }
    if (bad() !== '' && image.endsWith(bad())) return { kind: 'exits', code: 1, afterMs: 5_000 }
    return image.includes('/acme/nightly@') ? { kind: 'exits', code: 0, afterMs: 8_000 } : { kind: 'runs' }
  }

/** A service whose deadline comes soon: the fewer looks, the fewer calls to be killed at. */
const impatient = (more: Partial<Target> = {}) =>
  service({
    ...more,
    run: {
      kind: 'service',
      service: 'web',
      taskDefinition: { from: 'running' },
      verify: { withinMs: 1.5 * minute, settleMs: 30_000 },
    },
  })

interface Scenario {
  name: string
  target: Target
  /** Whether the second image fails. */
  isBad: boolean
  state: string
  /** Which of the two images runs at the end: the first or the second push's. */
  runs: 0 | 1 | undefined
}

const scenarios: Scenario[] = [
  { name: 'a good task', target: task({}, { count: 2 }), isBad: false, state: 'succeeded', runs: 1 },
  { name: 'a bad task', target: task({}, { count: 2 }), isBad: true, state: 'rolled-back', runs: 0 },
  { name: 'a good service', target: service(), isBad: false, state: 'succeeded', runs: 1 },
  { name: 'a bad service', target: impatient(), isBad: true, state: 'rolled-back', runs: 0 },
  { name: 'a good job', target: job(), isBad: false, state: 'succeeded', runs: undefined },
  { name: 'a bad job', target: job(), isBad: true, state: 'failed', runs: undefined },
  { name: 'a task after its migration', target: task({ before }), isBad: false, state: 'succeeded', runs: 1 },
  {
    name: 'a service after its migration',
    target: impatient({ before }),
    isBad: true,
    state: 'rolled-back',
    runs: 0,
  },
]

/** The first image has succeeded; the second is pushed, and every call of its rollout passes the gate. */
async function rollout({ target, isBad }: Scenario, gate: Gate, crashed: Promise<unknown>) {
  let bad = ''
  const simulated = simulatedWorld({ behaviour: behaviour(() => bad) })
  const { clock, world, push } = simulated
  await simulated.createService('demo', 'web', `${registryHost}/acme/web:0.9.0`, {
    networkConfiguration: { awsvpcConfiguration: { subnets: network.subnets, assignPublicIp: 'ENABLED' } },
  })
  const first = push(target.repository, '1.0.0')
  await deployImage(first, config(target), world)
  await finish(target, simulated)
  const second = push(target.repository, '1.1.0')
  if (isBad) bad = second.detail['image-digest']
  const watched = gated(world, gate)
  const process = async (run: (world: World) => Promise<unknown>) => {
    let isDead = false
    const died = crashed.then(() => {
      isDead = true
    })
    await Promise.race([run(watched), died])
    return isDead
  }
  let isDead = await process(each => deployImage(second, config(target), each))
  // The queue brings the event back when the first delivery died.
  if (isDead) await deployImage(second, config(target), world)
  for (let looks = 0; looks < 60 && !isDead; looks++) {
    let open: Awaited<ReturnType<typeof carryOn>>['open']
    isDead = await process(async each => {
      open = (await carryOn(target, each)).open
    })
    if (!open) break
    await clock.advance(Math.max(1000, open.lookInMs))
  }
  await finish(target, simulated)
  return { simulated, digests: [first, second].map((event: EcrImageAction) => event.detail['image-digest']) }
}

async function expectRight({ target, state, runs, isBad }: Scenario, simulated: SimulatedWorld, digests: string[]) {
  const { world, ecs, clock } = simulated
  await clock.advance(3 * minute)
  const { head, newest } = await readTarget(world.table, target.name)
  expect(newest).toMatchObject({ number: 2, state })
  expect(newest?.todo).toBeUndefined()
  expect(head?.quarantine.map(({ digest }) => digest)).toEqual(isBad ? [digests[1]] : [])
  const own = ecs.tasks().filter(({ startedBy }) => startedBy?.startsWith('fg/') || startedBy?.startsWith('ecs-svc/'))
  const images = own
    .filter(each => each.desiredStatus === 'RUNNING' && !each.overrides?.containerOverrides?.[0]?.command)
    .map(each => each.containers?.[0]?.image?.replace(/^.*@/, ''))
  const count = target.run.kind === 'task' ? target.run.count : 1
  if (runs !== undefined) expect(images).toEqual(Array(count).fill(digests[runs]))
  const deployments = await listDeployments(world.table, target.name, 10)
  if (target.run.kind === 'job')
    for (const { id } of deployments) expect(own.filter(each => each.startedBy?.includes(`/${id}`))).toHaveLength(1)
  if (target.before)
    for (const { id, attempts } of deployments) {
      const names = new Set(
        attempts.flatMap(({ purpose, call }) => (purpose && 'startedBy' in call ? [call.startedBy] : [])),
      )
      expect(own.filter(each => each.startedBy?.includes(`/${id}`) && names.has(each.startedBy))).toHaveLength(1)
    }
}

describe.each(scenarios)('$name', scenario => {
  test('is killed after each of its calls, and before the first, and ends as it should', {
    timeout: 120_000,
  }, async () => {
    const calls: string[] = []
    const counting: Gate = (name, call) => {
      calls.push(name)
      return call()
    }
    const whole = await rollout(scenario, counting, new Promise(() => {}))
    await expectRight(scenario, whole.simulated, whole.digests)
    // Right after one call is right before the next: nothing lives on between them but what was written.
    for (let at = 0; at <= calls.length; at++) {
      const { gate, crashed } = crashingAfter(at)
      const { simulated, digests } = await rollout(scenario, gate, crashed)
      try {
        await expectRight(scenario, simulated, digests)
      } catch (error) {
        throw new Error(`Killed after call ${at}, ${calls[at - 1] ?? 'before any'}`, { cause: error })
      }
    }
  })
})

/** As crashingAt, over several processes: the one that makes the `at`th call dies after its effect; 0: before the first. */
function crashingAfter(at: number): { gate: Gate; crashed: Promise<void> } {
  const { promise: crashed, resolve } = Promise.withResolvers<void>()
  let made = 0
  const gate: Gate = async (_name, call) => {
    made++
    if (made < at) return call()
    if (made === at) await call().catch(() => undefined)
    resolve()
    return new Promise(() => {})
  }
  return { gate, crashed }
}
