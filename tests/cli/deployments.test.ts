import { describe, expect, test } from 'vitest'
import { simulatedWorld } from '../simulated-world.ts'
import { deployment, digestOf, putDeployments } from './records.ts'
import { type } from './shell.ts'

async function history() {
  const simulated = simulatedWorld()
  const { table } = simulated.world
  const ended = { reason: 'application-exit', detail: 'task f2cb90c1 exited with 3', at: '2026-03-01T21:02:40Z' }
  const undone = { at: '2026-03-01T21:04:00Z', by: 'farguard' as const, what: 'web:1 of #1 runs again', to: 1 }
  await putDeployments(table, [
    deployment({ succeededAt: '2026-03-01T21:01:45.000Z' }),
    deployment({
      number: 2,
      state: 'rolled-back',
      because: 'newer than acme/web:1.1.0 of deployment 1',
      ended,
      undone,
    }),
    deployment({
      number: 4,
      state: 'started',
      because: 'an operator asked for it',
      event: { id: 'e', at: '2026-03-01T21:04:00Z', account: '1', region: 'r', by: 'ana@laptop' },
    }),
  ])
  const where = { kind: 'task' as const, cluster: 'demo' }
  await putDeployments(table, [
    deployment({
      target: 'worker',
      number: 3,
      where,
      state: 'superseded',
      ended: { ...ended, reason: 'superseded', detail: 'by deployment 4' },
    }),
  ])
  return simulated
}

describe('farguard deployments', () => {
  test('of every target, newest first, as a table that fits the screen', async () => {
    const { code, out } = await type('deployments', await history(), { columns: 80 })
    expect(code).toBe(0)
    expect(out).toMatchInlineSnapshot(`
      "TARGET  #   IMAGE  STATE        WHEN        TOOK      WHY
      web     #4  1.4.0  started      2026-03-01  56 min …  an operator asked for it
                                      21:04:00Z             (asked by ana@laptop)
      worker  #3  1.3.0  superseded   2026-03-01  0 s       nothing runs yet.
                                      21:03:00Z             superseded: by
                                                            deployment 4
      web     #2  1.2.0  rolled-back  2026-03-01  2 min     newer than
                                      21:02:00Z             acme/web:1.1.0 of
                                                            deployment 1.
                                                            application-exit: task
                                                            f2cb90c1 exited with 3.
                                                            web:1 of #1 runs again
      web     #1  1.1.0  succeeded    2026-03-01  45 s      nothing runs yet
                                      21:01:00Z"
    `)
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('where every deployment has the same tag, digests tell them apart', async () => {
    const simulated = simulatedWorld()
    const of = (number: number, letter: string) =>
      deployment({ target: 'live', number, image: { repository: 'acme/live', tag: 'live', digest: digestOf(letter) } })
    await putDeployments(simulated.world.table, [of(1, 'a'), of(2, 'b')])
    const { out } = await type('deployments live', simulated, {
      environment: { FARGUARD_CONFIG: 'tests/cli/one-tag.yml' },
    })
    expect(out).toMatch(/#2 +live bbbbbbbb +succeeded.*\n.*#1 +live aaaaaaaa +succeeded/)
  })

  test('in a pipe a deployment is one line', async () => {
    const { out } = await type('deployments web', await history())
    expect(out.split('\n')).toHaveLength(4)
  })

  test('of one target, bounded', async () => {
    const { out } = await type('deployments web --limit 2 --json', await history())
    expect(JSON.parse(out)).toMatchObject([
      { target: 'web', number: 4, state: 'started', by: 'ana@laptop' },
      {
        number: 2,
        state: 'rolled-back',
        image: { repository: 'acme/web', tag: '1.2.0', digest: digestOf('a') },
        endedAt: '2026-03-01T21:04:00Z',
        ended: { reason: 'application-exit' },
        undone: { to: 1 },
      },
    ])
  })

  test('none on record: said, and 1 for a target that was named', async () => {
    expect(await type('deployments nightly', await history())).toMatchObject({
      code: 1,
      out: 'No deployment of nightly is on record in the test stack.',
    })
    expect((await type('deployments', simulatedWorld())).code).toBe(0)
  })

  test('of a target that there is not', async () => {
    const said = await type('deployments wep', await history())
    expect(said).toMatchObject({ code: 2, out: '', err: 'farguard.yml has no target wep. Try web' })
  })

  test('a target that farguard.yml no longer has is still listed by name', async () => {
    const simulated = simulatedWorld()
    await putDeployments(simulated.world.table, [deployment({ target: 'gone' })])
    expect((await type('deployments gone', simulated)).out).toContain('#1')
  })
})
