/** What the guard has stopped and what brings it back, as a list. */
import { spoken } from '../../shared/cost/money.ts'
import { type Parked, readParked } from '../../shared/guard/records.ts'
import type { Table } from '../../shared/ports.ts'
import { columnsWithNotes } from '../layout.ts'
import { span, utc } from '../times.ts'
import { shortName } from './workload-names.ts'

/** What is stopped now, or on its way there or back; the latest first. What came back by itself and is left alone is none of it. */
export async function parkedNow(table: Table): Promise<Parked[]> {
  const all = await readParked(table)
  return all.filter(({ state }) => state !== 'over' && state !== 'left').sort((a, b) => (a.at < b.at ? 1 : -1))
}

export function showParked(parked: readonly Parked[], now: Date, columns: number | undefined): string[] {
  const rows = parked.map(each => ({ cells: row(each, now), notes: notesOn(each) }))
  return columnsWithNotes(['workload', 'stopped for', 'goes back to', 'saves an hour'], rows, columns)
}

function row({ workload, at, stoppedAt, was, costPerHour }: Parked, now: Date): string[] {
  const forMs = now.getTime() - Date.parse(stoppedAt ?? at)
  return [shortName(workload), span(forMs), `${was.desiredCount} copies`, spoken(costPerHour)]
}

function notesOn({ reasons, state }: Parked): string[] {
  if (state === 'waking') return ['it is being put back']
  return reasons.map(
    ({ reason, detail, run, until }) =>
      `${reason}: ${detail} (run ${run}${until === undefined ? '' : `, until ${utc(until)}`})`,
  )
}
