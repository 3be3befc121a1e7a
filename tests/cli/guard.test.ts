import { beforeAll, describe, expect, test } from 'vitest'
import type { Plan } from '../../shared/guard/plan.ts'
import type { Table } from '../../shared/ports.ts'
import { RefusedError } from '../../shared/ports.ts'
import { type Guarded, guarded, hour } from './guarded.ts'

const late = async () => {
  const all = await guarded()
  await all.clock.advance(2 * hour)
  return all
}

/** A table that nobody may write to. */
const readOnly = (table: Table): Table => ({
  ...table,
  put: ({ pk, sk }) => Promise.reject(new Error(`${pk} ${sk} was written`)),
})

describe('the plan', () => {
  let all: Guarded
  beforeAll(async () => {
    all = await late()
  })
  const plan = async (line = 'guard --plan --json'): Promise<Plan> => JSON.parse((await all.type(line)).out)

  test('is what acting takes: the run that follows stops just that', async () => {
    const acting = await late()
    const said: Plan = JSON.parse((await acting.type('guard --plan --json')).out)
    const run = await acting.run()
    const stops = said.lines.filter(({ verdict }) => verdict.is === 'stop')
    expect(stops.map(({ workload, costPerHour }) => ({ workload, costPerHour }))).toEqual(
      run.stopped.map(({ workload, costPerHour }) => ({ workload, costPerHour })),
    )
    expect(stops).toHaveLength(2)
  })

  test('writes nothing, stops nothing and sends nothing', async () => {
    const before = all.calls.length
    const { code } = await all.type('guard --plan', { ports: { table: readOnly(all.world.table) } })
    expect(code).toBe(0)
    const changing = /^(ecs:(Update|Stop|Run|Register|Create)|application-autoscaling:(Register|Put))/
    expect(all.calls.slice(before).filter(call => changing.test(call))).toEqual([])
    expect(all.sent).toEqual([])
  })

  test('shows what is to stop first, the dearest of it first, and counts what is kept', async () => {
    const { out } = await all.type('guard --plan', { columns: 80 })
    const shown = out.split('\n').flatMap(line => /^(\S+) +(stop|keep) (\S+)/.exec(line)?.slice(1, 4).join(' ') ?? [])
    expect(shown).toEqual([
      'demo/web stop lived-too-long',
      'worker stop lived-too-long',
      `${all.foreign.slice(0, 8)} keep unrestorable`,
    ])
    expect(out.replaceAll('\n', ' ')).toContain('What is kept: 1 protected, 1 unrestorable; --all shows it.')
    expect(out).toMatch(/^Stopping saves \$\d+\.\d\d until the month's end\.$/m)
    expect((await all.type('guard --plan --all')).out).toMatch(/^demo\/steady +keep protected/m)
  })

  test('fits a screen of 80 columns, whatever there is to say', async () => {
    const { out } = await all.type('guard --plan --all', { columns: 80 })
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test.each(['web', 'demo/web', 'service:demo/web'])('of %s alone', async name => {
    expect((await plan(`guard --plan ${name} --json`)).lines.map(({ workload }) => workload)).toEqual([
      'service:demo/web',
    ])
    const { out } = await all.type(`guard --plan ${name}`)
    expect(out).toContain('stop lived-too-long')
    expect(out).not.toContain('worker')
  })

  test('of a task by its first digits, and of nothing that is there', async () => {
    const lines = (await plan(`guard --plan ${all.foreign.slice(0, 6)} --json`)).lines
    expect(lines.map(({ workload }) => workload)).toEqual([`task:demo/${all.foreign}`])
    expect(await all.type('guard --plan nothing')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Nothing that is judged is named nothing.'),
    })
  })

  test('says of a budget what nobody has metered yet, and then each figure under its own head', async () => {
    const fresh = await late()
    expect((await fresh.type('guard --plan')).out).toContain('Nothing of cluster demo is metered yet')
    await fresh.run()
    const { out } = await fresh.type('guard --plan')
    expect(out).toMatch(/^BUDGET +LIMIT +METERED +PROJECTED +AWS REPORTS +AWS FORECASTS$/m)
    expect(out).toMatch(/^demo +\$10\.00 +\$0\.\d\d +\$\d+\.\d\d +- +-$/m)
    expect(out).toMatch(/80% of projected: warn: Farguard projects \$\d/)
  })

  test('by another farguard.yml than the runs go by is said to be that, and by the same one is not', async () => {
    const acting = await late()
    await acting.run()
    expect((await acting.type('guard --plan')).err).toBe('')
    const { err, out } = await acting.type('guard --plan --json', { environment: { FARGUARD_CONFIG: 'farguard.yml' } })
    expect(err).toMatch(/^Its runs go by another farguard\.yml than this one, in mode enforce/)
    expect(JSON.parse(out).mode).toBe('observe')
  })

  test('where ECS says no to a cluster, says so and goes on', async () => {
    const refused = new RefusedError('AccessDeniedException', 'ecs:DescribeClusters of demo: AccessDeniedException: no')
    const fleet = { ...all.world.fleet, describeCluster: () => Promise.reject(refused) }
    const { code, out } = await all.type('guard --plan', { ports: { fleet } })
    expect(code).toBe(0)
    expect(out).toMatch(
      /^Not known: cluster demo could not be looked at, nothing in it is judged: .*ecs:DescribeClusters/m,
    )
  })
})

describe('runs', () => {
  test('there is none yet', async () => {
    const { out } = await (await guarded()).type('guard')
    expect(out).toMatch(/^The guard has not run in the test stack yet\./)
  })

  test('the last one, and those before it that found something', async () => {
    const all = await late()
    const first = await all.run()
    await all.clock.advance(hour)
    const second = await all.run()
    await all.clock.advance(hour)
    const third = await all.run()
    const { out } = await all.type('guard')
    expect(out).toMatch(new RegExp(`^Run ${third.id}, .*\\(0 s ago\\), for schedule, mode enforce`))
    expect(out).toMatch(new RegExp(`^${second.id} .*\\n${first.id} +2 h +schedule +enforce +2 +0 +0 +0$`, 'm'))
    // It found what the second one had found.
    expect(out).not.toMatch(new RegExp(`^${third.id}`, 'm'))
    expect((await all.type('guard --limit 1')).out).not.toContain(first.id)
    const { last, runs } = JSON.parse((await all.type('guard --json')).out)
    expect([last.id, ...runs.map(({ id }: { id: string }) => id)]).toEqual([third.id, second.id, first.id])
  })

  test('one of them with all that it did', async () => {
    const all = await late()
    const { id } = await all.run()
    const { code, out } = await all.type(`guard --run ${id}`)
    expect(code).toBe(0)
    expect(out).toMatch(/^stop +demo\/web +2 copies +\$0\.\d+ +lived-too-long: ran /m)
    expect(out).toMatch(/^stop +worker +2 copies/m)
    expect(out).toMatch(new RegExp(`^To take it back: farguard undo ${id}$`, 'm'))
    expect(JSON.parse((await all.type(`guard --run ${id} --json`)).out)).toMatchObject({
      run: { id },
      actions: [{ workload: 'service:demo/web', state: 'done' }, { workload: 'target:worker' }],
    })
  })

  test('one that nobody knows', async () => {
    expect(await (await guarded()).type('guard --run 20200101-000000')).toMatchObject({
      code: 1,
      err: expect.stringContaining('No run 20200101-000000 is on record.'),
    })
  })
})

test.each([
  { line: 'guard web', says: 'add --plan' },
  { line: 'guard --run yesterday', says: 'It takes the id of a run' },
  { line: 'guard --plan --run 20200101-000000', says: 'name one' },
])('$line is called wrongly', async ({ line, says }) => {
  expect(await (await guarded()).type(line)).toMatchObject({ code: 2, err: expect.stringContaining(says) })
})
