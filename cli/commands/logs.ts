/** `farguard logs`: what the containers of a target or task wrote last. */
import { RetryableError, type Task } from '../../shared/ports.ts'
import { upTo, words } from '../arguments.ts'
import { type Found, find } from '../find.ts'
import { type Streams, streamsOf } from '../logs/streams.ts'
import { type LogLine, Tail } from '../logs/tail.ts'
import { newestTasks } from '../logs/tasks.ts'
import { json as jsonOf, printable, printableLine } from '../printable.ts'
import { CommandError, type DefineCommand, type Session, UsageError } from '../session.ts'
import { utc } from '../times.ts'

interface LogsOptions {
  lines: number
  follow: boolean
  container?: string
  json: boolean
}

/** Milliseconds between two looks at the streams, and looks between two at which tasks there are. */
const everyMs = 2_000
const looksPerTaskList = 5

export const logs: DefineCommand = (command, run) => {
  command
    .description('The last lines of the containers of a target, service or task, from CloudWatch Logs.')
    .argument('<name>', "a target, cluster/service, a task's id (or its first 6 digits), or an ARN")
    .option('-n, --lines <n>', 'last lines of each container', upTo(10_000), 20)
    .option('-f, --follow', 'go on with what comes, also from newer tasks, until Ctrl-C', false)
    .option('--container <name>', 'this container only', words)
    .option('--json', 'for programs: one object a line', false)
    .addHelpText('after', '\nExamples:\n  farguard logs web -n 100\n  farguard logs 3f9a1c2e --follow --container app')
    .action((name: string, options: LogsOptions) => run(session => runLogs(name, options, session)))
}

async function runLogs(name: string, options: LogsOptions, session: Session): Promise<number> {
  const found = await find(name, session)
  const { tasks, running } = await newestTasks(found, session)
  if (tasks.length === 0 && !options.follow)
    throw new CommandError(`Nothing of ${name} runs, and no task of it that stopped is known any more.`)
  const streams = await streamsToRead(tasks, options, session)
  for (const note of notes(name, streams, tasks, running)) session.terminal.say(printable(note))
  if (streams.streams.length === 0 && !options.follow) return 1
  const tail = new Tail(session.stack.logs, options.lines)
  const { lines, missing } = await tail.read(streams.streams)
  show(lines, options, session)
  for (const { group, stream } of missing)
    session.terminal.say(
      printable(
        `There is no stream ${stream} in group ${group}: nothing was written yet, the group is gone, or it let the stream go.`,
      ),
    )
  const isSilent = lines.length === 0 && missing.length < streams.streams.length
  if (isSilent) session.terminal.say('There are no lines: nothing was written, or it is older than its group keeps.')
  if (options.follow) await follow(found, tail, streams, options, session)
  return options.follow || missing.length < streams.streams.length ? 0 : 1
}

async function streamsToRead(tasks: readonly Task[], { container }: LogsOptions, { stack }: Session): Promise<Streams> {
  const streams = await streamsOf(tasks, container, stack.fleet)
  const { containers } = streams
  if (container !== undefined && containers.length > 0 && !containers.includes(container))
    throw new UsageError(`There is no container ${container}. Try ${containers.join(' or ')}`)
  return streams
}

function notes(name: string, { without }: Streams, tasks: readonly Task[], running: number): string[] {
  const some = running > tasks.length ? [`${running} tasks of ${name} run; these are the newest ${tasks.length}.`] : []
  const none = running === 0 && tasks.length > 0 ? [`Nothing of ${name} runs; this is what stopped last.`] : []
  const waits = tasks.length === 0 ? [`Nothing of ${name} runs yet.`] : []
  return [...some, ...none, ...waits, ...without]
}

async function follow(found: Found, tail: Tail, first: Streams, options: LogsOptions, session: Session): Promise<void> {
  const { terminal } = session
  await terminal.untilInterrupted(async signal => {
    let streams = first.streams
    for (let looks = 1; ; looks++) {
      await terminal.sleep(everyMs, signal)
      if (signal.aborted) return
      try {
        if (looks % looksPerTaskList === 0) {
          // What a task that is no longer listed wrote at its end is still to be read.
          show((await tail.read(streams)).lines, options, session)
          const { tasks } = await newestTasks(found, session)
          streams = (await streamsToRead(tasks, options, session)).streams
        }
        show((await tail.read(streams)).lines, options, session)
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error
        terminal.say(printable(`Can't look just now, and goes on trying: ${error.message}`))
      }
    }
  })
}

function show(lines: readonly LogLine[], { json }: LogsOptions, { terminal }: Session): void {
  for (const line of lines) {
    const { at, task, container, text } = line
    if (json) terminal.print(jsonOf(line))
    else terminal.print(`${utc(at)} ${printable(task.slice(0, 8))} ${printable(container)}  ${printableLine(text)}`)
  }
}
