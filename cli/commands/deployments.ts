/** `farguard deployments`: what was deployed, and what came of it. */
import type { Config } from '../../shared/config/config.ts'
import { type Deployment, deploymentsOf } from '../../shared/deploy/records.ts'
import { targetName, upTo } from '../arguments.ts'
import { configIfAny } from '../find.ts'
import { tagOf } from '../image-name.ts'
import { columnsOf } from '../layout.ts'
import { json } from '../printable.ts'
import type { DefineCommand, Session } from '../session.ts'
import { checkTarget } from '../targets.ts'
import { span, utc } from '../times.ts'

interface DeploymentsOptions {
  json: boolean
  limit: number
}

export const deployments: DefineCommand = (command, run) => {
  command
    .description('The deployments of a target, or of every target of farguard.yml, newest first.')
    .argument('[target]', 'its name in farguard.yml', targetName)
    .option('--limit <n>', 'at most this many', upTo(1000), 20)
    .option('--json', 'for programs', false)
    .addHelpText('after', '\nExamples:\n  farguard deployments\n  farguard deployments web --limit 5')
    .action((target: string | undefined, options: DeploymentsOptions) =>
      run(session => runDeployments(target, options, session)),
    )
}

async function runDeployments(target: string | undefined, options: DeploymentsOptions, session: Session) {
  const { stack, terminal } = session
  const targets = target === undefined ? session.config().targets.map(({ name }) => name) : [target]
  const found: Deployment[] = []
  for (const name of targets) found.push(...(await newest(stack.table, name, options.limit)))
  found.sort((a, b) => (a.claimedAt < b.claimedAt ? 1 : -1))
  const listed = found.slice(0, options.limit)
  // What was taken out of farguard.yml still has its history.
  if (listed.length === 0 && target !== undefined) checkTarget(target, session)
  if (options.json) terminal.print(json(listed.map(forPrograms), 2))
  else if (listed.length === 0) terminal.print(`No deployment of ${targets.join(', ')} is on record in ${stack.name}.`)
  else {
    const head = ['target', '#', 'image', 'state', 'when', 'took', 'why']
    const now = await session.now()
    const config = configIfAny(session)
    const rows = listed.map(deployment => row(deployment, config, now))
    for (const line of columnsOf(head, rows, terminal.columns())) terminal.print(line)
  }
  return listed.length === 0 && target !== undefined ? 1 : 0
}

async function newest(table: Session['stack']['table'], target: string, limit: number): Promise<Deployment[]> {
  const found: Deployment[] = []
  for await (const deployment of deploymentsOf(table, target)) if (found.push(deployment) === limit) break
  return found
}

/** When it came to its end, as far as it has. */
function endOf({ undone, ended, succeededAt }: Deployment): string | undefined {
  return undone?.at ?? ended?.at ?? succeededAt
}

function row(deployment: Deployment, config: Config, now: Date): string[] {
  const { target, number, image, state, claimedAt } = deployment
  const end = endOf(deployment)
  const tookMs = (end === undefined ? now.getTime() : Date.parse(end)) - Date.parse(claimedAt)
  return [
    target,
    `#${number}`,
    tagOf(image, target, config),
    state,
    utc(claimedAt),
    end ? span(tookMs) : `${span(tookMs)} …`,
    story(deployment),
  ]
}

/** Why it came to be and who asked for it; and how it ended, where that was not well. */
function story({ because, event, ended, undone }: Deployment): string {
  const asked = event.by ? ` (asked by ${event.by})` : ''
  const end = ended ? `. ${ended.reason}: ${ended.detail}` : ''
  return `${because}${asked}${end}${undone ? `. ${undone.what}` : ''}`
}

function forPrograms(deployment: Deployment) {
  const { target, number, image, state, claimedAt, startedAt, because, event, ended, undone, revision, addsPerMonth } =
    deployment
  const endedAt = endOf(deployment)
  return {
    target,
    number,
    image,
    state,
    claimedAt,
    ...(startedAt && { startedAt }),
    ...(endedAt && { endedAt }),
    because,
    ...(event.by && { by: event.by }),
    ...(ended && { ended }),
    ...(undone && { undone }),
    ...(revision && { revision: revision.arn }),
    ...(addsPerMonth && { addsPerMonth }),
  }
}
