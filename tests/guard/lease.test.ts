/** The schedule, the nightly report and a budget may all wake the guard within one second. */
import { expect, test } from 'vitest'
import { giveBack, takeLease } from '../../shared/guard/lease.ts'
import type { Table } from '../../shared/ports.ts'
import { gated, interleaved } from '../deploy/gated-world.ts'
import { simulatedWorld } from '../simulated-world.ts'

const minute = 60_000

/** A took and a lost the race for the same version in the same second: the loser took itself for the winner, and two runs acted. */
test('of two runs that want the lease in the same second one has it', async () => {
  const { world, clock } = simulatedWorld()
  const before = await takeLease(world.table, minute, clock.now())
  if ('heldBy' in before) throw new Error('held')
  await giveBack(world.table, before, clock.now())
  await clock.advance(minute)
  for (const turns of ['aabbab', 'ababab', 'abbaab', 'baabba']) {
    const gates = interleaved([...turns] as ('a' | 'b')[])
    const take = async (who: 'a' | 'b') => {
      const lease = await takeLease(gated(world, gates[who]).table, minute, clock.now())
      gates.ended(who)
      return lease
    }
    const both = await Promise.all([take('a'), take('b')])
    const had = both.flatMap(each => ('heldBy' in each ? [] : [each]))
    expect(had, turns).toHaveLength(1)
    await clock.advance(2 * minute)
  }
})

test('whose write went through, and whose answer was lost, has it', async () => {
  const { world, clock } = simulatedWorld()
  const deaf: Table = { ...world.table, put: async (...args) => (await world.table.put(...args)) && false }
  expect(await takeLease(deaf, minute, clock.now())).toMatchObject({ run: '20260301-220000' })
})

/** What the second of them did was written over what the first had done. */
test('runs that follow each other within a second have names of their own, in their order', async () => {
  const { world, clock } = simulatedWorld()
  const names: string[] = []
  for (let nth = 0; nth < 3; nth++) {
    const lease = await takeLease(world.table, minute, clock.now())
    if ('heldBy' in lease) throw new Error('held')
    names.push(lease.run)
    await giveBack(world.table, lease, clock.now())
  }
  expect(names).toEqual(['20260301-220000', '20260301-220001', '20260301-220002'])
})
