/** What holds of gates and of the looks that wait for them. */
import { describe, expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { carryOut } from '../../shared/intents/carry-out.ts'
import type { World } from '../../shared/ports.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { listDeployments, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { config, noGates, task } from './targets.ts'

const minute = 60_000
const scan = { severity: 'HIGH', withinMs: 30 * minute, otherwise: 'deploy' } as const

/** Brings each control message when it is due, for so long; gives how many there were. */
async function control({ world, sent, clock }: SimulatedWorld, of: Config, forMs: number): Promise<number> {
  const until = clock.now().getTime() + forMs
  const due = new Map(sent.map(each => [each, clock.now().getTime() + each.delaySeconds * 1000]))
  let brought = 0
  for (;;) {
    const [next] = [...due].sort(([, a], [, b]) => a - b)
    if (!next || next[1] > until) break
    const [message, at] = next
    if (at > clock.now().getTime()) await clock.advanceTo(at)
    due.delete(message)
    brought++
    const before = sent.length
    await carryOut(message.message, of, world)
    for (const each of sent.slice(before)) due.set(each, clock.now().getTime() + each.delaySeconds * 1000)
  }
  await clock.advanceTo(until)
  return brought
}

describe('looks do not multiply', () => {
  test('when the push that began a rollout comes 50 times while its before task runs', async () => {
    const simulated = simulatedWorld({ behaviour: () => ({ kind: 'runs' }) })
    const { world, clock, push } = simulated
    const target = task({ before: { command: ['migrate'], timeoutMs: 120 * minute } })
    const event = push('acme/worker', 'v1')
    for (let times = 0; times < 50; times++) {
      await deployImage(event, config(target), world)
      await clock.advance(100)
    }
    expect((await listDeployments(world.table, 'worker', 1))[0]).toMatchObject({ state: 'starting' })
    // One look at most every five minutes, and the first ones.
    expect(await control(simulated, config(target), 60 * minute)).toBeLessThan(100)
  })

  test('when looks themselves are delivered twice', async () => {
    const simulated = simulatedWorld({ behaviour: () => ({ kind: 'runs' }) })
    const { world, push } = simulated
    const target = task({ before: { command: ['migrate'], timeoutMs: 120 * minute } })
    await deployImage(push('acme/worker', 'v1'), config(target), world)
    const send: World['control']['send'] = async (...message) => {
      await world.control.send(...message)
      await world.control.send(...message)
    }
    // SQS delivers at least once: each double must not become a chain of looks of its own.
    const twice = { ...simulated, world: { ...world, control: { send } } }
    expect(await control(twice, config(target), 40 * minute)).toBeLessThan(100)
  })

  test('when the push of an image that waits for its scan comes 20 times', async () => {
    const simulated = simulatedWorld()
    const { world, clock, push } = simulated
    const target = task({ gates: { ...noGates, scan } })
    const event = push('acme/worker', 'v1')
    for (let times = 0; times < 20; times++) {
      await deployImage(event, config(target), world)
      await clock.advance(100)
    }
    expect(await control(simulated, config(target), 20 * minute)).toBeLessThan(100)
  })
})

test('an image waits for its scan no longer than it is to, also when a newer one that waited was deleted', async () => {
  const simulated = simulatedWorld()
  const { world, clock, push, call } = simulated
  const of = config(task({ tags: { kind: 'semver', range: '^1' }, gates: { ...noGates, scan } }))
  const older = push('acme/worker', '1.0.0').detail['image-digest']
  await deployImage(push('acme/worker', '1.1.0'), of, world)
  expect((await readTarget(world.table, 'worker')).gate?.parked).toMatchObject({ image: { tag: '1.1.0' } })
  await call('ecr', 'BatchDeleteImage', { repositoryName: 'acme/worker', imageIds: [{ imageTag: '1.1.0' }] })
  for (let run = 0; run < 24; run++) {
    await sweep(of, world, () => true)
    await clock.advance(5 * minute)
  }
  expect(await listDeployments(world.table, 'worker', 2)).toMatchObject([{ image: { digest: older } }])
})

test('an image that waits for its scan is no news to the second sweep', async () => {
  const simulated = simulatedWorld()
  const { clock, push } = simulated
  const puts: string[] = []
  const world: World = {
    ...simulated.world,
    table: {
      ...simulated.world.table,
      put(record, onlyIf) {
        puts.push(`${record.pk} ${record.sk}`)
        return simulated.world.table.put(record, onlyIf)
      },
    },
  }
  const of = config(task({ gates: { ...noGates, scan } }))
  push('acme/worker', 'v1')
  await sweep(of, world, () => true)
  await clock.advance(5 * minute)
  puts.length = 0
  await sweep(of, world, () => true)
  expect(puts).toEqual([])
})

test('what is approved goes, also when a newer image waits for its own approval', async () => {
  const simulated = simulatedWorld()
  const { world, clock, push } = simulated
  const of = config(task({ tags: { kind: 'semver', range: '^1' }, gates: { ...noGates, needsApproval: true } }))
  await deployImage(push('acme/worker', '1.0.0'), of, world)
  await clock.advance(minute)
  await deployImage(push('acme/worker', '1.1.0'), of, world)
  const wish = { do: 'approve', target: 'worker', tag: '1.0.0' } as const
  await carryOut({ kind: 'intent', id: 'i1', at: clock.now().toISOString(), by: 'ada', wish }, of, world)
  expect(await listDeployments(world.table, 'worker', 2)).toMatchObject([{ image: { tag: '1.0.0' } }])
  expect((await readTarget(world.table, 'worker')).gate?.parked).toMatchObject({ image: { tag: '1.1.0' } })
})

test('what has waited for days goes when its gate opens, not with the first sweep after that', async () => {
  // A Sunday: the window ends at 23:00, and sweeps come at 22:57 and 23:02.
  const simulated = simulatedWorld({ at: '2026-03-01T22:02:00Z' })
  const { world, clock, push, sent } = simulated
  const window = { label: 'the weekend', timeZone: 'UTC', kind: 'weekly' } as const
  const weekend = { ...window, from: { day: 5, minute: 16 * 60 }, to: { day: 7, minute: 23 * 60 } }
  const of = config(task({ gates: { ...noGates, freeze: [weekend] } }))
  await deployImage(push('acme/worker', 'v1'), of, world)
  for (let run = 0; run < 13; run++) {
    await sweep(of, world, () => true)
    for (const { message, delaySeconds } of sent.splice(0))
      clock.after(delaySeconds * 1000, async () => void (await carryOut(message, of, world)))
    await clock.advance(5 * minute)
  }
  const [deployment] = await listDeployments(world.table, 'worker', 1)
  expect(Date.parse(deployment?.claimedAt ?? '') - Date.parse('2026-03-01T23:00:00Z')).toBeLessThan(10_000)
})
