/** What `farguard status` shows of what the guard has stopped. */
import { describe, expect, test } from 'vitest'
import type { StatusReport } from '../../cli/status/report.ts'
import { changeGate } from '../../shared/deploy/park.ts'
import { findParked, type ParkReason, writeParked } from '../../shared/guard/records.ts'
import { registryHost } from '../simulated-world.ts'
import { type Guarded, guarded, hour } from './guarded.ts'

/** Service web, which is target web's, the copies of worker, and service other, which is of no target. */
async function stopped() {
  const all = await guarded()
  await all.createService('demo', 'other', `${registryHost}/acme/web:web`)
  await all.clock.advance(2 * hour)
  await all.run()
  await all.clock.advance(hour / 6)
  await all.sweep()
  return all
}

const report = async ({ type }: Guarded, line = 'status'): Promise<StatusReport> =>
  JSON.parse((await type(`${line} --json`)).out)
const target = async (all: Guarded, name: string) => (await report(all)).targets.find(each => each.target === name)

async function change(all: Guarded, workload: string, of: { reasons?: ParkReason[]; state?: 'left' | 'waking' }) {
  const parked = await findParked(all.world.table, workload)
  if (!parked) throw new Error('not parked')
  await writeParked(
    all.world.table,
    {
      ...parked,
      ...of,
      ...(of.state === 'left' && {
        ended: { at: '2026-03-10T10:05:00.000Z', how: 'came-back' as const, detail: 'it came back twice' },
      }),
    },
    parked,
    all.clock.now(),
  )
}

describe('what the guard has stopped', () => {
  test('stands by its target, with since when, why, and what puts it back', async () => {
    const { out } = await (await stopped()).type('status')
    const since = '2026-03-10 10:0\\d:\\d\\dZ: lived-too-long: ran \\S+ h, at most 1 h'
    expect(out).toMatch(
      new RegExp(`^web +stopped +by the guard since ${since}; farguard undo demo/web puts it back$`, 'm'),
    )
    expect(out).toMatch(
      new RegExp(`^worker +stopped +by the guard since ${since}; farguard undo worker puts it back$`, 'm'),
    )
    expect(out).toMatch(
      new RegExp(`^demo/other: stopped by the guard since ${since}; farguard undo demo/other puts it back$`, 'm'),
    )
  })

  test('copies that sleep are not missing: the sweep starts none', async () => {
    const all = await stopped()
    expect(await target(all, 'worker')).toMatchObject({
      copies: { desired: 2, running: 0 },
      drift: [],
      stopped: { state: 'stopped' },
    })
    await changeGate('worker', all.world, ({ asleep: _asleep, ...gate }) => gate)
    expect((await target(all, 'worker'))?.drift).toEqual(['2 of 2 copies are missing; the sweep starts what is.'])
  })

  test('every reason is told; only one that stands alone says until when', async () => {
    const all = await stopped()
    const offHours: ParkReason = {
      reason: 'off-hours',
      detail: 'until Mon 07:00',
      at: '2026-03-10T10:00:00Z',
      run: 'r',
      until: '2026-03-16T06:00:00.000Z',
    }
    const overBudget: ParkReason = {
      ...offHours,
      reason: 'over-budget',
      detail: 'team',
      until: '2026-04-01T00:00:00.000Z',
    }
    await change(all, 'target:worker', { reasons: [offHours] })
    expect((await target(all, 'worker'))?.stopped).toMatchObject({
      because: ['off-hours: until Mon 07:00'],
      until: '2026-03-16T06:00:00.000Z',
    })
    await change(all, 'target:worker', { reasons: [offHours, overBudget] })
    const both = (await target(all, 'worker'))?.stopped
    expect(both).toMatchObject({ because: ['off-hours: until Mon 07:00', 'over-budget: team'] })
    expect(both).not.toHaveProperty('until')
  })

  test.each([
    { state: 'left' as const, says: /^worker +left +alone since 2026-03-10 10:05:00Z: it came back twice$/m },
    { state: 'waking' as const, says: /^worker +waking +by the guard since [^;]+$/m },
  ])('$state is told as such', async ({ state, says }) => {
    const all = await stopped()
    await change(all, 'target:worker', { state })
    expect((await all.type('status')).out).toMatch(says)
  })

  test('status of one target leaves the others out, and once it is undone nothing is said', async () => {
    const all = await stopped()
    expect((await report(all, 'status web')).stopped).toEqual([])
    expect((await all.type('status worker')).out).not.toContain('demo/')
    await all.type('undo web --no-wait')
    await all.answer()
    expect(await target(all, 'web')).not.toHaveProperty('stopped')
  })
})

describe('a budget that holds deployments back', () => {
  const hold = {
    budget: 'team',
    detail: 'budget team: AWS reports $91.00 of $100.00 (91 %)',
    at: '2026-03-10T10:00:00.000Z',
  }
  const holding = async (until: string) => {
    const all = await guarded()
    await changeGate('worker', all.world, gate => ({ ...gate, budgetHold: { ...hold, until } }))
    return (await all.type('status')).out
  }

  test('stands by its target, with the figure', async () => {
    expect(await holding('2026-04-01T00:00:00.000Z')).toMatch(
      /^worker +over budget +deployments wait since 2026-03-10 10:00:00Z, until 2026-04-01 00:00:00Z at the longest: budget team: AWS reports \$91\.00 of \$100\.00 \(91 %\)$/m,
    )
  })

  test('is over with its period', async () =>
    expect(await holding('2026-03-10T08:00:00.000Z')).not.toContain('over budget'))
})
