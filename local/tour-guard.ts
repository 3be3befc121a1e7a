/** The tour's second part: a month under the guard, in an account of its own, whose clock goes from one thing to the next. */
import { describe, setCount } from './tour-account.ts'
import type { Month } from './tour-month.ts'
import { Walk, type Watching } from './tour-walk.ts'

const hour = 3_600_000

/** Throws Error when something did not happen that should have. */
export async function tourMonth(month: Month, watching: Watching): Promise<void> {
  const walk = new Walk(month, watching)
  const began = performance.now()
  await idle(walk)
  await overBudget(walk)
  await monthEnd(walk)
  walk.title(`A month has passed in ${Math.round((performance.now() - began) / 1000)} s.`)
}

const preview = 'service:demo/preview'

async function idle(walk: Walk): Promise<void> {
  const { local, loadTest } = walk.month
  walk.title('Now the guard, in another account: its March in a minute at most, with local/tour-guard.yml.')
  walk.say('A preview has no visitors, and somebody has started a load test and forgotten it.')
  await walk.until('preview and the load test are warned of', async () => {
    const warned = await walk.warned()
    return warned.includes(preview) && warned.includes(forgotten(walk))
  })
  const before = await describe(local, 'preview')
  await walk.type('guard', '--plan')
  walk.title('A day of grace later they are stopped:')
  await walk.until('the load test is stopped', async () =>
    local.ecs.tasks().every(({ taskArn, lastStatus }) => taskArn !== loadTest || lastStatus === 'STOPPED'),
  )
  await walk.until('preview is at zero', async () => (await walk.isParked(preview)) && walk.copies('preview') === 0)
  walk.title(`preview had ${before}.`)
  walk.say(`Now it has ${await describe(local, 'preview')}. Somebody wants it back:`)
  await walk.type('undo', 'demo/preview')
  const after = await describe(local, 'preview')
  walk.expect(`preview has ${before} again`, after === before)
  walk.title(`preview has ${after}: as before. It is kept for a day, and is needed for longer:`)
  await walk.type('keep', 'demo/preview', '--until', '2026-03-31', '--because', 'customers try it this month')
}

/** The load test, as the guard names it. */
function forgotten({ month: { loadTest } }: Walk): string {
  return `task:demo/${loadTest.slice(loadTest.lastIndexOf('/') + 1)}`
}

const backfill = 'service:demo/backfill'
const others = ['preview', 'catalog', 'ingest', 'reindex', 'web']

async function overBudget(walk: Walk): Promise<void> {
  const { local, clock } = walk.month
  await clock.advanceTo(Date.parse('2026-03-10T08:00:00Z'))
  walk.title(
    'The tenth: somebody puts backfill from one copy to four. For the data team there are $120 a month, in AWS Budgets.',
  )
  await setCount(local, 'backfill', 4)
  const copies = others.map(walk.copies)
  await walk.until('backfill is warned of', async () => (await walk.warned()).includes(backfill))
  walk.title(
    'Metered and projected are Farguard’s, up to the hour; what AWS reports is hours late, and it forecasts nothing in the first five weeks.',
  )
  await walk.type('guard', '--plan')
  walk.title('A day of grace later:')
  await walk.until('backfill is at zero', async () => (await walk.isParked(backfill)) && walk.copies('backfill') === 0)
  walk.expect('nothing else was stopped', others.map(walk.copies).join() === copies.join())
  walk.title('The smallest loss that fits: backfill alone, which is expendable. Everything else runs on.')
  await walk.type('guard', '--limit', '3')
}

async function monthEnd(walk: Walk): Promise<void> {
  const { clock } = walk.month
  await clock.advanceTo(Date.parse('2026-04-01T00:00:00Z') - hour)
  walk.title('The month’s last hour: what it cost, and what was saved.')
  await walk.type('costs')
  const saved = await walk.saved()
  walk.expect(
    'preview, the load test and backfill have saved something',
    [preview, forgotten(walk), backfill].every(each => saved.includes(each)),
  )
  await walk.until('backfill comes back with the new period', async () => walk.copies('backfill') === 4)
  walk.title('April: the budget’s period is over, and backfill is back by itself, with its four copies.')
}
