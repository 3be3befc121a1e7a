import { describe, expect, test } from 'vitest'
import { findParked, writeParked } from '../../shared/guard/records.ts'
import { RefusedError } from '../../shared/ports.ts'
import { guarded, hour } from './guarded.ts'

/** Service web and the copies of worker are stopped, by one run. */
async function stopped() {
  const all = await guarded()
  await all.sweep()
  await all.clock.advance(2 * hour)
  const { id } = await all.run()
  await all.clock.advance(hour)
  await all.sweep()
  const sweeping = Array.from({ length: 600 }, () => async () => void (await all.sweep()))
  return {
    ...all,
    id,
    /** As `type`, with a stack that answers and sweeps. */
    ask: (line: string, shell: Parameters<typeof all.type>[1] = {}) =>
      all.type(line, { meanwhile: [all.answer, ...sweeping], ...shell }),
    counts: async (name: string) => {
      const service = await all.world.fleet.describeService('demo', name)
      return [service?.desiredCount, service?.runningCount]
    },
  }
}

describe('undo', () => {
  test.each(['web', 'demo/web', 'service:demo/web'])(
    '%s is put back, and waited for until its copies run',
    async name => {
      const { ask, counts } = await stopped()
      expect(await counts('web')).toEqual([0, 0])
      const { code, out, err } = await ask(`undo ${name}`)
      expect({ code, out }).toEqual({
        code: 0,
        out: 'service web in demo: back to 2 copies.\ndemo/web: 2 of 2 copies run',
      })
      expect(err).toMatch(/^demo\/web: 0 of 2 copies run/m)
      expect(await counts('web')).toEqual([2, 2])
    },
  )

  test('copies are waited for until as many run as farguard.yml asks for', async () => {
    const { ask, ecs } = await stopped()
    const { code, out, err } = await ask('undo worker')
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/\nworker: 2 of 2 copies run$/) })
    expect(err).toMatch(/^worker: [01] of 2 copies run/m)
    const running = ecs
      .tasks()
      .filter(({ startedBy, lastStatus }) => startedBy?.startsWith('fg/worker/') && lastStatus === 'RUNNING')
    expect(running).toHaveLength(2)
  })

  test('a whole run', async () => {
    const { ask, id, world, counts } = await stopped()
    const { code, out } = await ask(`undo ${id}`)
    expect(code).toBe(0)
    expect(out).toContain('demo/web: 2 of 2 copies run')
    expect(out).toContain('worker: 2 of 2 copies run')
    expect(await counts('web')).toEqual([2, 2])
    expect(await findParked(world.table, 'target:worker')).toMatchObject({ state: 'over' })
  })

  test('twice does no harm, and says since when it runs', async () => {
    const { ask, counts, call } = await stopped()
    await ask('undo web')
    await call('ecs', 'UpdateService', { cluster: 'demo', service: 'web', desiredCount: 5 })
    const { code, out } = await ask('undo web')
    expect(code).toBe(0)
    expect(out).toMatch(/^service web in demo is not stopped: since 2026-03-10T\S+, undone by ana@laptop/)
    expect((await counts('web'))[0]).toBe(5)
  })

  test('says what somebody else has changed meanwhile', async () => {
    const { ask, call } = await stopped()
    await call('ecs', 'RegisterTaskDefinition', {
      family: 'web',
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      requiresCompatibilities: ['FARGATE'],
      containerDefinitions: [{ name: 'app', image: 'other' }],
    })
    await call('ecs', 'UpdateService', { cluster: 'demo', service: 'web', taskDefinition: 'web:2' })
    expect((await ask('undo web', { meanwhile: [], interruptedAt: 1 })).code).toBe(130)
    const { out } = await ask('undo web --timeout 1s')
    expect(out).toMatch(/it is on web:2 by now; it was on web:1/)
  })

  test('a service that comes up slowly is not settled in time: exit code 1, and what it began goes on', async () => {
    const { ask, counts, clock } = await stopped()
    const { code, out, err } = await ask('undo web --timeout 3s')
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining('Not settled after 3 s. What it began goes on.'),
    })
    expect(out).toMatch(/demo\/web: 0 of 2 copies run/)
    await clock.advance(hour / 6)
    expect(await counts('web')).toEqual([2, 2])
  })

  test('where ECS may not be asked, it is put back and said not to be watched', async () => {
    const { ask, world, counts } = await stopped()
    const refused = new RefusedError(
      'AccessDeniedException',
      'ecs:DescribeServices of web in demo: AccessDeniedException: no',
    )
    const fleet = { ...world.fleet, describeService: () => Promise.reject(refused) }
    const { code, out } = await ask('undo web', { ports: { fleet } })
    expect(code).toBe(0)
    expect(out).toContain(
      'demo/web is being put back, which could not be watched: Your credentials have no right to ecs:DescribeServices',
    )
    expect((await counts('web'))[0]).toBe(2)
  })

  test('an answer of ECS that lags behind is no end: none of none is not what was asked for', async () => {
    const { ask, world } = await stopped()
    let lagging = 3
    const describeService: typeof world.fleet.describeService = async (cluster, name) => {
      const found = await world.fleet.describeService(cluster, name)
      return found && lagging-- > 0 ? { ...found, desiredCount: 0, runningCount: 0, pendingCount: 0 } : found
    }
    const { code, out, err } = await ask('undo web', { ports: { fleet: { ...world.fleet, describeService } } })
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('demo/web: 2 of 2 copies run') })
    expect(err).toContain('demo/web: 0 of 2 copies run')
  })

  test('a service that is gone, and its name', async () => {
    const { ask, call } = await stopped()
    await call('ecs', 'DeleteService', { cluster: 'demo', service: 'web', force: true })
    const { code, out } = await ask('undo web')
    expect({ code, out }).toEqual({ code: 0, out: 'service web in demo: nothing to put back; the service is gone.' })
  })

  test('one task can not be started again: that is said, also of one that runs still', async () => {
    const { ask, type, foreign, call, clock, sent, sweep } = await stopped()
    expect(await type(`undo ${foreign.slice(0, 6)}`)).toMatchObject({
      code: 0,
      out: expect.stringContaining('runs: there is nothing to undo'),
    })
    expect(sent).toEqual([])
    await call('ecs', 'StopTask', { cluster: 'demo', task: foreign })
    await clock.advance(2 * hour)
    await sweep()
    expect(await ask(`undo task:demo/${foreign}`)).toMatchObject({
      code: 0,
      out: expect.stringContaining('a task that was stopped can not be started again'),
    })
  })

  test.each([
    { line: 'undo nothing', says: 'The guard has stopped nothing of the name nothing.' },
    { line: 'undo 20200101-000000', says: 'Refused, no-such-run' },
  ])('$line ends with 1', async ({ line, says }) => {
    const { ask } = await stopped()
    const { code, out, err } = await ask(line)
    expect({ code, said: out + err }).toEqual({ code: 1, said: expect.stringContaining(says) })
  })

  test('without a name: what is stopped, why, and by which run', async () => {
    const { type, id } = await stopped()
    const { out } = await type('undo', { columns: 80 })
    expect(out).toMatch(/^demo\/web +1 h +2 copies +\$0\.\d+$/m)
    expect(out).toMatch(new RegExp(`^ {4}lived-too-long: ran .* \\(run ${id}\\)$`, 'm'))
    expect(out).toMatch(new RegExp(`^${id} +2026-03-10 \\S+Z +(demo/web, worker|worker, demo/web)$`, 'm'))
    const { parked, runs } = JSON.parse((await type('undo --json')).out)
    expect(parked.map(({ workload }: { workload: string }) => workload).sort()).toEqual([
      'service:demo/web',
      'target:worker',
    ])
    expect(runs).toMatchObject([{ id }])
    expect((await (await guarded()).type('undo')).out).toBe('Nothing is stopped by the guard.')
  })
})

describe('wake', () => {
  test('lists what is stopped, puts all of it back and waits for it, without a question', async () => {
    const { ask, counts } = await stopped()
    const { code, out, err, questions } = await ask('wake', { answers: 'no' })
    expect({ code, questions }).toEqual({ code: 0, questions: [] })
    expect(err).toMatch(/^demo\/web +1 h +2 copies/m)
    expect(out).toContain('demo/web: 2 of 2 copies run')
    expect(out).toContain('worker: 2 of 2 copies run')
    expect(await counts('web')).toEqual([2, 2])
  })

  test('sends nothing where nothing is stopped', async () => {
    const { type, sent } = await guarded()
    expect(await type('wake')).toMatchObject({ code: 0, out: 'Nothing is stopped by the guard.' })
    expect(JSON.parse((await type('wake --json')).out)).toEqual({ how: 'nothing-parked' })
    expect(sent).toEqual([])
  })

  test('leaves alone what came back by itself', async () => {
    const { type, world, clock, sent } = await stopped()
    for (const id of ['service:demo/web', 'target:worker']) {
      const parked = await findParked(world.table, id)
      if (parked) await writeParked(world.table, { ...parked, state: 'left' }, parked, clock.now())
    }
    expect((await type('wake')).out).toBe('Nothing is stopped by the guard.')
    expect(sent).toEqual([])
  })

  test('Ctrl-C ends the waiting, not what was asked', async () => {
    const { ask, answer, counts, clock } = await stopped()
    const { code, err } = await ask('wake', { meanwhile: [], interruptedAt: 1 })
    expect({ code, err }).toEqual({
      code: 130,
      err: expect.stringContaining('No longer waiting. The request stays in the queue.'),
    })
    await answer()
    await clock.advance(hour / 6)
    expect(await counts('web')).toEqual([2, 2])
  })
})
