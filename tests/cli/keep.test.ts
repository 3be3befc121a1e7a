import { describe, expect, test } from 'vitest'
import { readUntil, shownIn } from '../../cli/until.ts'
import { readKeeps } from '../../shared/guard/records.ts'
import { guarded, hour } from './guarded.ts'

describe('until when, in Berlin at 11:00 (10:00Z) on March 10th', () => {
  const now = new Date('2026-03-10T10:00:00Z')
  test.each([
    { said: '18:00', is: '2026-03-10T17:00:00.000Z' },
    { said: '9:30', is: '2026-03-11T08:30:00.000Z' },
    { said: '11:00', is: '2026-03-11T10:00:00.000Z' },
    { said: 'tomorrow', is: '2026-03-11T23:00:00.000Z' },
    { said: '2026-03-12', is: '2026-03-12T23:00:00.000Z' },
    { said: '2026-03-10', is: '2026-03-10T23:00:00.000Z' },
    { said: '2026-03-12T18:00', is: '2026-03-12T17:00:00.000Z' },
    { said: '2026-03-12 18:00', is: '2026-03-12T17:00:00.000Z' },
    { said: '2026-03-12T18:00:00Z', is: '2026-03-12T18:00:00.000Z' },
    { said: '2026-03-12T18:00-05:00', is: '2026-03-12T23:00:00.000Z' },
    { said: '90m', is: '2026-03-10T11:30:00.000Z' },
    { said: '3d', is: '2026-03-13T10:00:00.000Z' },
    // Clocks go from 2:00 to 3:00 on the 29th: what they skip is an hour later, and that day has 23 hours.
    { said: '2026-03-29T02:30', is: '2026-03-29T01:30:00.000Z' },
    { said: '2026-03-29', is: '2026-03-29T22:00:00.000Z' },
    { said: '2026-02-30', is: undefined },
    { said: '2026-13-01', is: undefined },
    { said: '24:00', is: undefined },
    { said: '18', is: undefined },
    { said: 'soon', is: undefined },
    { said: '', is: undefined },
    { said: '2026-03-12T25:00Z', is: undefined },
  ])('$said', ({ said, is }) => expect(readUntil(said, now, 'Europe/Berlin')?.toISOString()).toBe(is))

  test('a time of day is found the day after where clocks change meanwhile', () => {
    const evening = new Date('2026-03-28T20:00:00Z')
    expect(readUntil('20:00', evening, 'Europe/Berlin')?.toISOString()).toBe('2026-03-29T18:00:00.000Z')
  })

  test('is shown as it was meant', () =>
    expect(shownIn(new Date('2026-03-10T17:00:00Z'), 'Europe/Berlin')).toBe('2026-03-10 18:00 Europe/Berlin'))
})

async function running() {
  const all = await guarded()
  await all.sweep()
  return { ...all, keep: (line: string) => all.type(`keep ${line}`, { meanwhile: [all.answer] }) }
}

describe('keeping', () => {
  test.each([
    { name: 'web', id: 'service:demo/web' },
    { name: 'demo/steady', id: 'service:demo/steady' },
    { name: 'service:demo/web', id: 'service:demo/web' },
    { name: 'worker', id: 'target:worker' },
    { name: 'target:worker', id: 'target:worker' },
  ])('$name is $id', async ({ name, id }) => {
    const { keep, world, clock } = await running()
    expect(await keep(`${name} --until 3d`)).toMatchObject({ code: 0, out: expect.stringContaining(id) })
    expect(await readKeeps(world.table, clock.now())).toMatchObject([{ workload: id, by: 'ana@laptop' }])
  })

  test('a copy stands for all copies of its target, a task of a service for the service', async () => {
    const { keep, ecs, foreign } = await running()
    const idOf = (group: RegExp) => {
      const found = ecs.tasks().find(({ startedBy, group: own }) => group.test(`${startedBy} ${own}`))
      return found?.taskArn?.split('/').at(-1)
    }
    expect((await keep(`${idOf(/^fg\/worker/)} --until 1h`)).out).toContain('target:worker')
    expect((await keep(`${idOf(/service:steady/)} --until 1h`)).out).toContain('service:demo/steady')
    expect((await keep(`${foreign.slice(0, 6)} --until 1h`)).out).toContain(`task:demo/${foreign}`)
  })

  test('says the time here and there, and what it costs until then by the prices of the plan', async () => {
    const { keep, type } = await running()
    const { lines } = JSON.parse((await type('guard --plan web --json')).out)
    const { err } = await keep('web --until 10h')
    const perHour = lines[0].costPerHour.usd
    expect(perHour).toBeGreaterThan(0.02)
    expect(err).toMatch(
      /^Keeping demo\/web until 2026-03-10 \d\d:\d\d Europe\/Berlin \(2026-03-10 \d\d:\d\d:\d\dZ\) costs /,
    )
    expect(err).toContain(
      `costs $${(10 * perHour).toFixed(2)}: $${perHour.toFixed(4)} an hour, as it runs now, for 10.0 h.`,
    )
  })

  test('what a task of an unknown size costs is not known, and not nothing', async () => {
    const { keep, foreign, world, type } = await running()
    const describeTasks: typeof world.fleet.describeTasks = async (cluster, arns) =>
      (await world.fleet.describeTasks(cluster, arns)).map(({ cpu: _cpu, ...task }) => task)
    const { err } = await type(`keep ${foreign} --until 1h --no-wait`, {
      ports: { fleet: { ...world.fleet, describeTasks } },
    })
    expect(err).toContain('what that costs is not known: ECS does not tell its CPU and memory')
    expect((await keep(`${foreign} --until 1h`)).err).toMatch(/costs \$0\.0\d+:/)
  })

  test('the guard leaves it alone, until it is ended', async () => {
    const { keep, clock, run } = await running()
    await keep('web --until 3d --because tests')
    await clock.advance(2 * hour)
    expect((await run()).stopped.map(({ workload }) => workload)).toEqual(['target:worker'])
    expect(await keep('web --end')).toMatchObject({ code: 0, out: 'service:demo/web is not kept any more.' })
    expect((await run()).stopped.map(({ workload }) => workload)).toEqual(['service:demo/web'])
  })

  test('what is gone can be ended all the same', async () => {
    const { keep, foreign, call, clock, world } = await running()
    await keep(`${foreign} --until 30d`)
    await call('ecs', 'StopTask', { cluster: 'demo', task: foreign })
    await clock.advance(3 * hour)
    expect(await keep(`${foreign.slice(0, 8)} --end`)).toMatchObject({
      code: 0,
      out: expect.stringContaining('not kept any more'),
    })
    expect(await readKeeps(world.table, clock.now())).toEqual([])
  })

  test('what is stopped already is said to be', async () => {
    const { keep, clock, run, sweep } = await running()
    await clock.advance(2 * hour)
    await run()
    await clock.advance(hour)
    await sweep()
    const { err } = await keep('web --until 1h')
    expect(err).toContain('none of it runs now.')
    expect(err).toContain('The guard has stopped it. To put it back: farguard undo demo/web')
  })

  test('the list says who keeps what and why, soonest end first, and what farguard.yml protects', async () => {
    const { keep, type, answer } = await running()
    expect((await type('keep')).out).toMatch(/^Nothing is kept\.\n\nProtected by farguard\.yml: service:steady\./)
    await keep('web --until 3d')
    await type(['keep', 'worker', '--until', '18:00', '--because', 'the load test'], { meanwhile: [answer] })
    const { kept, protectedBy } = JSON.parse((await type('keep --json')).out)
    expect(protectedBy).toEqual(['service:steady'])
    expect(kept).toMatchObject([
      { workload: 'target:worker', until: '2026-03-10T17:00:00.000Z', because: 'the load test' },
      { workload: 'service:demo/web' },
    ])
    expect((await type('keep')).out).toMatch(
      /^demo\/web +2026-03-13 \d\d:\d\d Europe\/Berlin +ana@laptop +no reason given/m,
    )
  })

  test.each([
    { line: 'web', says: 'Say until when' },
    { line: 'web --until soon', says: '--until "soon" is no time' },
    { line: 'web --until 2026-03-01', says: 'which has passed' },
    { line: 'web --until 1h --end', says: 'name one' },
    { line: '--until 1h', says: 'Name what is meant' },
    { line: '--end', says: 'Name what is meant' },
  ])('keep $line is called wrongly, and nothing is sent', async ({ line, says }) => {
    const { type, sent } = await guarded()
    expect(await type(`keep ${line}`)).toMatchObject({ code: 2, err: expect.stringContaining(says) })
    expect(sent).toEqual([])
  })

  test('a name of nothing is not found', async () => {
    const { type, sent } = await guarded()
    expect(await type('keep wep --until 1h')).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no target'),
    })
    expect(sent).toEqual([])
  })
})
