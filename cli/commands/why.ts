/** `farguard why`: the decisions on an image, as a story for people or JSON for programs. */
import { parseImageName, type Story, why as storiesOf } from '../../shared/deploy/why.ts'
import { upTo } from '../arguments.ts'
import type { Connection } from '../connection.ts'
import { json, printable } from '../printable.ts'
import { type DefineCommand, UsageError } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { utc } from '../times.ts'

/** What of a session it needs: the tour has no more. */
interface Asking {
  stack: Pick<Connection, 'name' | 'table' | 'annotations'>
  terminal: Pick<Terminal, 'print'>
}

interface WhyOptions {
  json: boolean
  limit: number
}

/** An image's own words on where it comes from, by the names that the OCI image specification gives them. */
interface Provenance {
  commit?: string
  source?: string
  version?: string
  created?: string
}

export const why: DefineCommand = (command, run) => {
  command
    .description('Why an image runs where it runs, or does not: every decision on it, newest first.')
    .argument('<image>', 'acme/web:1.4.2 or acme/web@sha256:…')
    .option('--limit <n>', 'at most this many decisions', upTo(1000), 20)
    .option('--json', 'for programs', false)
    .addHelpText('after', '\nExample:\n  farguard why acme/web:1.4.2')
    .action((image: string, options: WhyOptions) => run(session => runWhy(image, options, session)))
}

/** 0, or 1 when nothing is on record. Throws UsageError for a name that is no image's. */
export async function runWhy(name: string, options: WhyOptions, { stack, terminal }: Asking): Promise<number> {
  const image = parseImageName(name)
  if (!image) throw new UsageError(`"${name}" is no image. Try acme/web:1.4.2 or acme/web@sha256:<64 hex digits>`)
  const stories = await storiesOf(image, options.limit, stack.table)
  const digest = 'digest' in image ? image.digest : stories[0]?.image.digest
  const annotations =
    digest === undefined
      ? undefined
      : await stack.annotations.annotationsOf(image.repository, { digest }).catch(() => undefined)
  const provenance = provenanceOf(annotations ?? {})
  if (options.json) terminal.print(json({ image: name, ...(digest && { digest }), provenance, decisions: stories }, 2))
  else if (stories.length === 0)
    terminal.print(
      `No decision on ${name} is on record in ${stack.name}: its push has not arrived, or no target of farguard.yml is for ${image.repository}.`,
    )
  else for (const line of tell(name, digest, provenance, stories)) terminal.print(line)
  return stories.length === 0 ? 1 : 0
}

function provenanceOf(annotations: Record<string, string>): Provenance {
  // Labels come as whoever built the image wrote them.
  const of = (name: string) => {
    const value: unknown = annotations[`org.opencontainers.image.${name}`]
    return typeof value === 'string' ? value : undefined
  }
  const [commit, source, version, created] = [of('revision'), of('source'), of('version'), of('created')]
  return {
    ...(commit && { commit }),
    ...(source && { source }),
    ...(version && { version }),
    ...(created && { created }),
  }
}

function tell(name: string, digest: string | undefined, provenance: Provenance, stories: readonly Story[]): string[] {
  const from = Object.entries(provenance).map(([what, value]) => `${what} ${printable(value)}`)
  return [[name, digest, ...from].filter(Boolean).join('  '), ...stories.flatMap(story => ['', ...tellStory(story)])]
}

function tellStory(story: Story): string[] {
  const { deployment, before } = story
  const verdict = deployment
    ? `deployment #${deployment.number}, ${deployment.state}`
    : `${verdicts[story.verdict]}: ${story.reason}`
  const lines: [string, string][] = [
    [utc(story.at), `${story.target}  ${verdict}`],
    ['because', story.because],
    ['event', `${story.event.id}, ${utc(story.event.at)}, ${story.image.tag} ${story.image.digest}`],
  ]
  if (before) {
    const number = before.number === undefined ? '' : ` of deployment #${before.number}`
    lines.push(['before', [before.tag, before.digest].filter(Boolean).join(' ') + number])
  }
  if (deployment?.revision) lines.push(['revision', deployment.revision])
  for (const event of [...(deployment?.calls ?? []), ...story.since]) lines.push([utc(event.at), event.what])
  return lines.map(([what, value]) => `${what.padStart(20)}  ${printable(value)}`)
}

const verdicts: Record<Story['verdict'], string> = {
  deploy: 'deployed',
  skip: 'skipped',
  hold: 'waiting',
  retry: 'not yet',
  refuse: 'not possible',
  warn: 'warning',
}
