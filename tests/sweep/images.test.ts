/** What repositories hold against what targets are about, when every event was lost. */
import { describe, expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { carryOut } from '../../shared/intents/carry-out.ts'
import type { World } from '../../shared/ports.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { config, noGates, service, task } from '../deploy/targets.ts'
import { listDeployments, registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'

const minute = 60_000

async function sweeps({ world, clock }: SimulatedWorld, of: Config, times: number, as: World = world) {
  const reports = []
  for (let run = 0; run < times; run++) {
    reports.push(await sweep(of, as, () => true))
    await clock.advance(5 * minute)
  }
  return reports
}

async function ask({ world, clock }: SimulatedWorld, wish: { do: 'release' | 'approve'; tag?: string }, of: Config) {
  const { do: what, tag = '' } = wish
  const intent = { kind: 'intent' as const, id: `${what} ${tag}`, at: clock.now().toISOString(), by: 'ada' }
  const whole = what === 'release' ? { do: what, target: 'worker' } : { do: what, target: 'worker', tag }
  await carryOut({ ...intent, wish: whole }, of, world)
}

const failing = (of: string) => ({ 'local.behaviour': 'fails-to-start secrets', of })

describe('of two images that failed for no fault of their own', () => {
  async function failed() {
    const simulated = simulatedWorld()
    const of = config(task())
    simulated.push('acme/worker', 'v1')
    await sweeps(simulated, of, 3)
    for (const tag of ['v2', 'v3']) {
      simulated.push('acme/worker', tag, tag, failing(tag))
      await simulated.clock.advance(1000)
    }
    await sweeps(simulated, of, 12)
    const tried = async () => (await listDeployments(simulated.world.table, 'worker', 20)).map(each => each.image.tag)
    expect(await tried()).toEqual(['v2', 'v3', 'v1'])
    return { ...simulated, of, tried }
  }

  test('each is tried once more after a release', async () => {
    const { of, tried, ...simulated } = await failed()
    await ask(simulated, { do: 'release' }, of)
    await sweeps(simulated, of, 12)
    expect(await tried()).toEqual(['v2', 'v3', 'v2', 'v3', 'v1'])
  })

  test('the one that is pushed anew is tried once more', async () => {
    const { of, tried, ...simulated } = await failed()
    // Its image was deleted and comes again: ECR dates it anew.
    await simulated.call('ecr', 'BatchDeleteImage', { repositoryName: 'acme/worker', imageIds: [{ imageTag: 'v3' }] })
    simulated.push('acme/worker', 'v3', 'v3', failing('v3'))
    await sweeps(simulated, of, 12)
    expect(await tried()).toEqual(['v3', 'v2', 'v3', 'v1'])
  })
})

test('a target whose look-up fails in a way that nothing describes keeps no other from its turn', async () => {
  const simulated = simulatedWorld()
  for (const name of ['web', 'staging']) await simulated.createService('demo', name, `${registryHost}/acme/web:0`)
  simulated.push('acme/web', '1.0.0')
  const { world } = simulated
  const broken: World = {
    ...world,
    fleet: {
      ...world.fleet,
      describeTaskDefinition: id =>
        id.includes('staging') ? Promise.reject(new TypeError('a defect')) : world.fleet.describeTaskDefinition(id),
    },
  }
  const of = config(service({ name: 'staging' }, { service: 'staging' }), service())
  const [report] = await sweeps(simulated, of, 1, broken)
  expect(report?.failed).toEqual([expect.stringContaining('staging')])
  expect((await readTarget(world.table, 'web')).head?.current.image.tag).toBe('1.0.0')
})

describe('approved images', () => {
  const of = config(task({ tags: { kind: 'semver', range: '^1' }, gates: { ...noGates, needsApproval: true } }))

  test('the newest of them goes, whatever waits above it, and the sweep is quiet then', async () => {
    const simulated = simulatedWorld()
    for (const tag of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) {
      simulated.push('acme/worker', tag)
      await simulated.clock.advance(1000)
    }
    await sweeps(simulated, of, 1)
    await ask(simulated, { do: 'approve', tag: '1.0.0' }, of)
    await sweeps(simulated, of, 2)
    await ask(simulated, { do: 'approve', tag: '1.2.0' }, of)
    await ask(simulated, { do: 'approve', tag: '1.1.0' }, of)
    const reports = await sweeps(simulated, of, 4)
    const tags = (await listDeployments(simulated.world.table, 'worker', 5)).map(({ image }) => image.tag)
    expect(tags).toEqual(['1.2.0', '1.0.0'])
    expect((await readTarget(simulated.world.table, 'worker')).gate?.parked).toMatchObject({ image: { tag: '1.3.0' } })
    expect(reports.at(-1)).toEqual({ repaired: [], failed: [], left: [] })
  })

  test('what waits and is deleted waits no more', async () => {
    const simulated = simulatedWorld()
    simulated.push('acme/worker', '1.0.0')
    await sweeps(simulated, of, 1)
    expect((await readTarget(simulated.world.table, 'worker')).gate?.parked).toBeDefined()
    await simulated.call('ecr', 'BatchDeleteImage', {
      repositoryName: 'acme/worker',
      imageIds: [{ imageTag: '1.0.0' }],
    })
    await sweeps(simulated, of, 1)
    expect((await readTarget(simulated.world.table, 'worker')).gate?.parked).toBeUndefined()
  })
})

describe('an image in use', () => {
  async function twice() {
    const simulated = simulatedWorld()
    const of = config(task({ tags: { kind: 'exact', tag: 'live' } }))
    const before = simulated.push('acme/worker', 'live', 'a').detail['image-digest']
    await sweeps(simulated, of, 3)
    const runs = simulated.push('acme/worker', 'live', 'b').detail['image-digest']
    await sweeps(simulated, of, 4)
    const gone = async () => (await readTarget(simulated.world.table, 'worker')).gate?.gone ?? []
    return { ...simulated, of, before, runs, gone }
  }

  test('that lost its tag to a newer one is there', async () => {
    const { gone, of, ...simulated } = await twice()
    expect(await gone()).toEqual([])
    expect((await sweeps(simulated, of, 1))[0]?.repaired).toEqual([])
  })

  test('that is archived is on record once, and no more when it is restored', async () => {
    const { gone, of, before, call, ...simulated } = await twice()
    const stored = (targetStorageClass: string) =>
      call('ecr', 'UpdateImageStorageClass', {
        repositoryName: 'acme/worker',
        imageId: { imageDigest: before },
        targetStorageClass,
      })
    await stored('ARCHIVE')
    const [first, second] = await sweeps({ ...simulated, call }, of, 2)
    expect(await gone()).toMatchObject([{ digest: before, how: 'archived' }])
    expect(first?.repaired).toEqual([expect.stringContaining('could not be gone back to')])
    expect(second?.repaired).toEqual([])
    await stored('STANDARD')
    await simulated.clock.advance(60 * minute)
    await sweeps({ ...simulated, call }, of, 1)
    expect(await gone()).toEqual([])
  })

  test('is gone with its whole repository', async () => {
    const { gone, of, before, runs, call, ...simulated } = await twice()
    await call('ecr', 'DeleteRepository', { repositoryName: 'acme/worker', force: true })
    await sweeps({ ...simulated, call }, of, 1)
    expect((await gone()).map(({ digest }) => digest).sort()).toEqual([before, runs].sort())
  })
})
