/** What happens in the local account, one readable line each. */
import { stripVTControlCharacters, styleText } from 'node:util'
import type { BusEvent } from './account/bus.ts'
import type { FailedAttempt } from './stack/asynchronous.ts'
import type { Batch } from './stack/poller.ts'

type Style = Parameters<typeof styleText>[0]

export interface Line {
  /** ISO 8601, of the account. */
  at: string
  who: string
  what: string
  style?: Style
}

/** `12:00:05  image    acme/web:1.0.1 pushed` */
export function formatLine({ at, who, what, style }: Line, isColoured: boolean): string {
  // Tags and reasons come from outside: none of them may begin a line of its own.
  const line = stripVTControlCharacters(what).replace(/\p{Cc}+/gu, ' ')
  const text = `${at.slice(11, 19)}  ${who.padEnd(8)} ${line}`
  return isColoured && style ? styleText(style, text) : text
}

/**
 * Prints lines one below the other, and a date above the first and above each of another day: the account's time may run fast.
 */
export function printer(print: (text: string) => void, isColoured: boolean): (line: Line) => void {
  let day: string | undefined
  return line => {
    const date = line.at.slice(0, 10)
    if (date !== day && /^\d{4}-\d\d-\d\d$/.test(date)) {
      day = date
      print(isColoured ? styleText('bold', dayName(date)) : dayName(date))
    }
    print(formatLine(line, isColoured))
  }
}

/** `Sun 2026-03-01` */
function dayName(date: string): string {
  return `${new Date(date).toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' })} ${date}`
}

/** The line for an event of AWS; undefined for what says nothing new. */
export function lineOfEvent(event: BusEvent): Line | undefined {
  const { detail, time: at } = event
  switch (event['detail-type']) {
    case 'ECR Image Action':
      return { at, who: 'image', ...imageAction(detail) }
    case 'ECR Image Scan':
    case 'Inspector2 Scan':
      return { at, who: 'image', ...imageScan(detail) }
    case 'ECS Task State Change':
      return taskLine(at, detail)
    case 'ECS Deployment State Change':
    case 'ECS Service Action':
      return { at, who: 'service', ...serviceEvent(event) }
    default:
      return { at, who: 'event', what: `${event.source} ${event['detail-type']}` }
  }
}

/**
 * Gives the line for what a function logged; undefined for what is no log of Farguard's, for bare counts, and for a guard run that
 * found what the one before it found.
 */
export function logLines(): (line: string) => Line | undefined {
  let foundLast = ''
  return line => {
    const log = parsed(line)
    if (!log) return undefined
    if (log.message !== 'guarded') return lineOfLog(log)
    const found = foundBy(log)
    const isNew = found !== foundLast
    foundLast = found
    if (!isNew || found === '') return undefined
    return { at: String(log.timestamp ?? ''), who: 'guard', what: `${found} (mode ${log.mode})`, style: 'yellow' }
  }
}

function lineOfLog(log: Record<string, unknown>): Line | undefined {
  const facts = told.flatMap(name => log[name] ?? []).join('  ')
  if (facts === '' && log.level === 'INFO') return undefined
  const deployment = log.deployment === undefined ? '' : `#${log.deployment} `
  const what = `${log.target ?? log.workload ?? ''} ${deployment}${log.message}: ${facts}`.trim()
  const style = styles[String(log.level)]
  return { at: String(log.timestamp ?? ''), who: 'farguard', what, ...(style && { style }) }
}

/** `2 warned of, 1 parked`; empty where a run found nothing of the kind. */
function foundBy({ mode, ...counts }: Record<string, unknown>): string {
  const told: [count: string, words: string][] = [
    ['warn', 'warned of'],
    mode === 'enforce' ? ['acted', 'stopped'] : ['stop', 'would be stopped'],
    ['failed', 'failed'],
    ['left', 'left for the next run'],
    ['parked', 'parked'],
  ]
  return told.flatMap(([name, words]) => (Number(counts[name] ?? 0) > 0 ? `${counts[name]} ${words}` : [])).join(', ')
}

/** What of a log is told, in this order; lists member by member. */
const told = ['image', 'repository', 'reason', 'because', 'detail', 'undone', 'repaired', 'failed']

/** The line for a batch that failed as a whole; what came back alone is in the functions' own logs. */
export function lineOfBatch({ functionName, messages, error }: Batch, now: Date): Line | undefined {
  if (error === undefined) return undefined
  const what = `${functionName} failed with ${messages.length} messages: ${error instanceof Error ? error.message : error}`
  return { at: now.toISOString(), who: 'lambda', what, style: 'red' }
}

/** The line for a scheduled invocation that failed. */
export function lineOfFailedAttempt({ functionName, attempt, error, retryAt }: FailedAttempt, now: Date): Line {
  const next = retryAt ? `tried again at ${retryAt.toISOString().slice(11, 19)}` : 'given up'
  const what = `${functionName} failed at attempt ${attempt}, ${next}: ${error instanceof Error ? error.message : error}`
  return { at: now.toISOString(), who: 'lambda', what, style: 'red' }
}

const styles: Record<string, Style> = { INFO: 'green', WARN: 'yellow', ERROR: 'red' }

type What = Pick<Line, 'what' | 'style'>

function imageAction(detail: Record<string, unknown>): What {
  const tag = detail['image-tag'] ? `:${detail['image-tag']}` : ' (untagged)'
  const change = String(detail['target-storage-class'] ?? detail['action-type'])
  const action = actions[change] ?? words(change)
  const what = `${detail['repository-name']}${tag} ${action}  ${detail['image-digest']}`
  return change === 'DELETE' || change === 'ARCHIVE' ? { what, style: 'yellow' } : { what }
}

const actions: Record<string, string> = {
  PUSH: 'pushed',
  DELETE: 'deleted',
  ARCHIVE: 'archived: no task can pull it',
  STANDARD: 'back from the archive',
}

/** Inspector names the repository by its ARN, and counts a total. */
function imageScan(detail: Record<string, unknown>): What {
  const repository = String(detail['repository-name']).replace(/^arn:.*:repository\//, '')
  const tags = (detail['image-tags'] as string[] | undefined) ?? []
  const image = tags.length > 0 ? `${repository}:${tags.join(',')}` : `${repository} (untagged)`
  const status = String(detail['scan-status'])
  if (!status.endsWith('COMPLETE')) return { what: `${image} scan ${words(status)}`, style: 'red' }
  const { TOTAL: _, ...counts } = detail['finding-severity-counts'] as Record<string, number>
  const found = Object.entries(counts).map(([severity, count]) => `${count} ${words(severity)}`)
  const what = `${image} scanned: ${found.join(', ') || 'nothing found'}`
  return { what, style: counts.CRITICAL || counts.HIGH ? 'yellow' : 'green' }
}

function serviceEvent({ detail, resources }: BusEvent): What {
  const { eventName, eventType, reason } = detail
  const why = reason === undefined ? '' : `: ${reason}`
  const style = eventName === 'SERVICE_DEPLOYMENT_COMPLETED' ? 'green' : serviceStyles[String(eventType)]
  const what = `${lastPart(resources[0])} ${words(eventName).replace(/^service /, '')}${why}`
  return { what, ...(style && { style }) }
}

const serviceStyles: Record<string, Style> = { INFO: 'blue', WARN: 'yellow', ERROR: 'red' }

/** A warning that AWS will take the task comes while it still runs. */
const warnings = ['SpotInterruption', 'TerminationNotice']

function taskLine(at: string, detail: Record<string, unknown>): Line | undefined {
  const status = String(detail.lastStatus)
  const who = 'task'
  const task = `${lastPart(detail.taskArn)} of ${detail.group}`
  if (status === 'STOPPED') return { at, who, ...stopped(task, detail) }
  if (detail.desiredStatus === 'STOPPED') {
    const isWarning = status === 'RUNNING' && warnings.includes(String(detail.stopCode))
    if (!isWarning) return undefined
    return { at, who, what: `${task} is about to be stopped: ${detail.stoppedReason}`, style: 'yellow' }
  }
  // The steps between are over within seconds and say nothing to a reader.
  if (!['PROVISIONING', 'RUNNING'].includes(status)) return undefined
  return { at, who, what: `${task} ${words(status)}`, style: 'cyan' }
}

function stopped(task: string, { stopCode, stoppedReason, containers }: Record<string, unknown>): What {
  const exits = ((containers ?? []) as { exitCode?: number; reason?: string }[]).filter(
    ({ exitCode, reason }) => exitCode !== undefined || reason !== undefined,
  )
  const codes = exits.flatMap(({ exitCode }) => exitCode ?? [])
  const reasons = exits.flatMap(({ reason }) => reason ?? []).filter(reason => reason !== stoppedReason)
  const exited = codes.length > 0 ? `, exit code ${codes.join(', ')}` : ''
  const why = [stoppedReason, ...reasons].filter(Boolean).join('; ')
  const isFailure =
    stopCode === 'TaskFailedToStart' || (stopCode === 'EssentialContainerExited' && codes.some(code => code !== 0))
  return { what: `${task} stopped: ${stopCode}${exited}: ${why}`, style: isFailure ? 'red' : 'gray' }
}

function words(name: unknown): string {
  return String(name).toLowerCase().replaceAll('_', ' ')
}

function lastPart(arn: unknown): string {
  return String(arn).slice(String(arn).lastIndexOf('/') + 1)
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const log: unknown = JSON.parse(line)
    return typeof log === 'object' && log !== null && 'message' in log ? (log as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
