/** What the guard leaves alone: what people keep, and what farguard.yml protects. */
import type { Guard } from '../../shared/config/config.ts'
import { type Keep, readKeeps } from '../../shared/guard/records.ts'
import { configIfAny } from '../find.ts'
import { columnsOf, wrapped } from '../layout.ts'
import { json, printable } from '../printable.ts'
import type { Session } from '../session.ts'
import { utc } from '../times.ts'
import { shownIn } from '../until.ts'
import { shortName } from './workload-names.ts'

/** Gives the exit code. */
export async function listKeeps(isJson: boolean, session: Session): Promise<number> {
  const { stack, terminal } = session
  const kept = (await readKeeps(stack.table, await session.now())).sort((a, b) => (a.until < b.until ? -1 : 1))
  const { guard } = configIfAny(session)
  if (isJson) {
    const protectedBy = (guard?.rules ?? []).filter(({ isProtected }) => isProtected).map(({ label }) => label)
    terminal.print(json({ kept, protectedBy }, 2))
    return 0
  }
  const columns = terminal.columns()
  const rows = kept.map(each => row(each, terminal.timeZone()))
  const lines =
    rows.length === 0 ? ['Nothing is kept.'] : columnsOf(['workload', 'until', 'by', 'because'], rows, columns)
  const rules = protection(guard).flatMap(text => wrapped(printable(text), columns))
  for (const line of [...lines, '', ...rules]) terminal.print(line)
  return 0
}

function row({ workload, until, by, because, at }: Keep, timeZone: string): string[] {
  return [shortName(workload), shownIn(new Date(until), timeZone), by, `${because} (since ${utc(at)})`]
}

/** What else is never stopped, by rules that are looked at in each run. */
function protection(guard: Guard | undefined): string[] {
  if (!guard) return ['farguard.yml has no guard: nothing is ever stopped.']
  const labels = guard.rules.filter(({ isProtected }) => isProtected).map(({ label }) => label)
  const critical = guard.rules.filter(({ importance }) => importance === 'critical').map(({ label }) => label)
  return [
    labels.length > 0
      ? `Protected by farguard.yml: ${labels.join(', ')}.`
      : 'No rule of farguard.yml protects anything.',
    ...(critical.length > 0 ? [`Never stopped for a budget: ${critical.join(', ')}.`] : []),
    'ECS task protection counts as well. farguard guard --plan --all shows what is kept, and why.',
  ]
}
