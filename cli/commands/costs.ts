/** `farguard costs`: what runs costs, by whom, and what the guard has saved. */
import { InvalidArgumentError, Option } from 'commander'
import type { Grouping } from '../../shared/cost/summary.ts'
import { reportOn } from '../costs/report.ts'
import { show } from '../costs/show.ts'
import { json } from '../printable.ts'
import { CommandError, type DefineCommand, type Session } from '../session.ts'

interface CostsOptions {
  month?: string
  by: Grouping
  json: boolean
}

export const costs: DefineCommand = (command, run) => {
  command
    .description('What runs costs today and this month, what it comes to, and what the guard has saved.')
    .option('--month <month>', 'another month, such as 2026-03, UTC', month)
    .addOption(
      new Option('--by <what>', 'target, service, cluster, day, or tag:team')
        .argParser(grouping)
        .default({ by: 'target' } as const, 'target'),
    )
    .option('--json', 'for programs', false)
    .addHelpText(
      'after',
      '\nExamples:\n  farguard costs\n  farguard costs --by tag:team\n  farguard costs --month 2026-02 --by day',
    )
    .action((options: CostsOptions) => run(session => runCosts(options, session)))
}

function month(text: string): string {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) return text
  throw new InvalidArgumentError('It takes a month, such as 2026-03.')
}

function grouping(text: string): Grouping {
  const [, key] = /^tag:(.{1,128})$/.exec(text) ?? []
  if (key !== undefined) return { by: 'tag', key }
  if (text === 'target' || text === 'service' || text === 'cluster' || text === 'day') return { by: text }
  throw new InvalidArgumentError('It takes target, service, cluster, day, or a tag such as tag:team.')
}

async function runCosts(options: CostsOptions, session: Session): Promise<number> {
  const { terminal, stack } = session
  const report = await reportOn(options.month, options.by, session)
  const { groups, months } = report
  if (groups.length === 0 && options.month !== undefined && !report.now) {
    const known = months.map(each => each.month).join(', ')
    throw new CommandError(
      `No costs of ${options.month} are on record in ${stack.name}. ${known === '' ? 'None are yet.' : `There are those of ${known}.`}`,
    )
  }
  if (options.by.by === 'tag' && groups.length > 0 && groups.every(({ name }) => name.startsWith('not on record by ')))
    throw new CommandError(
      `Costs are not on record by the tag ${options.by.key}: only by tags that budgets or guard.rules of farguard.yml name.`,
    )
  if (options.json) terminal.print(json(report, 2))
  else for (const line of show(report, terminal.columns())) terminal.print(line)
  return 0
}
