/** `npm run push -- acme/web:1.0.1`: makes a tiny image and pushes it to the local account. */
import { Command } from 'commander'
import { localAddress } from '../cli/local-address.ts'
import { activityHelp, activityLabel, readActivity } from './activity-label.ts'
import { behaviourHelp, behaviourLabels, LabelMistake, readBehaviour } from './behaviour-label.ts'
import { pushImage, tinyImage } from './tiny-image.ts'

const program = new Command('npm run push --')
  .description('Makes a tiny image and pushes it to the local account of npm start. No docker needed.')
  .argument('<image>', 'acme/web:1.0.1')
  .option('--to <host:port>', 'where npm start listens', process.env.FARGUARD_LOCAL ?? localAddress)
  .option('--label <name=value...>', 'labels of the image, such as org.opencontainers.image.revision=3f9a1c2', [])
  .addHelpText(
    'after',
    `
The label local.behaviour says what the image's containers do in the local account, which simulates their lives:
${behaviourHelp}
Without "after", what ends does so after 3s. Without the label, a job exits 0, and everything else runs.
The label local.before says the same of a task that runs the image with another command, such as a migration: it
exits 0 unless the label says otherwise.
  npm run push -- acme/web:1.0.2 --label "local.behaviour=exits 1 after 30s"
The label local.activity says how much they use, which the guard judges by. A word, amounts, or both with commas between them
("idle, requests 5/min"; where only amounts are said, the rest is idle):
${activityHelp}
  npm run push -- acme/web:1.0.4 --label local.activity=idle
The labels local.findings (CRITICAL=1,HIGH=3) and local.scan (after 90s, fails or unsupported) say what a scan of it finds, where
the repository is scanned: that of a target with a scan gate is. Without them it finds nothing, after 20s.
  npm run push -- acme/web:1.0.3 --label "local.findings=CRITICAL=1"`,
  )
  .showHelpAfterError('npm run push -- --help tells more.')
  .parse()

const [image = ''] = program.args
const { to, label } = program.opts<{ to: string; label: string[] }>()
const [, repository = '', tag = ''] = /^([a-z0-9][a-z0-9._/-]*):([\w][\w.-]{0,127})$/.exec(image) ?? []
if (!tag) program.error(`"${image}" is no image with a tag. Try acme/web:1.0.1`, { exitCode: 2 })
const labels: Record<string, string> = {
  'org.opencontainers.image.version': tag,
  ...Object.fromEntries(label.map(asPair)),
}
for (const name of behaviourLabels) refuseMistake(name, value => readBehaviour(name, value))
refuseMistake(activityLabel, readActivity)
try {
  const digest = await pushImage(`http://${to}`, repository, tag, tinyImage(labels, new Date()))
  console.log(`pushed ${repository}:${tag}  ${digest}`)
  console.log(`Why it runs or not:  npx farguard --local ${to} why ${repository}:${tag}`)
} catch (error) {
  console.error(reason(error))
  process.exitCode = 1
}

function asPair(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) program.error(`"${text}" is no label. Try name=value`, { exitCode: 2 })
  return [text.slice(0, at), text.slice(at + 1)]
}

function refuseMistake(name: string, read: (value: string) => unknown): void {
  try {
    if (labels[name] !== undefined) read(labels[name])
  } catch (error) {
    if (error instanceof LabelMistake) program.error(`${error.message}. Nothing was pushed.`, { exitCode: 2 })
    throw error
  }
}

function reason(error: unknown): string {
  // fetch wraps what went wrong with the connection into its cause.
  const cause = error instanceof TypeError ? error.cause : undefined
  if (cause instanceof Error) return `Nothing answers at ${to}. Start it with: npm start`
  return error instanceof Error ? error.message : String(error)
}
