/** What happens in the local account, one readable line each. */
import { stripVTControlCharacters, styleText } from 'node:util'
import type { BusEvent } from './account/bus.ts'
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

/** The line for an event of AWS; undefined for what says nothing new. */
export function lineOfEvent(event: BusEvent): Line | undefined {
  const { detail, time: at } = event
  switch (event['detail-type']) {
    case 'ECR Image Action':
      return { at, who: 'image', what: imageAction(detail) }
    case 'ECS Task State Change':
      return taskLine(at, detail)
    case 'ECS Deployment State Change':
      return {
        at,
        who: 'service',
        what: `${lastPart(event.resources[0])} ${detail.reason}`,
        style: 'blue',
      }
    case 'ECS Service Action':
      return { at, who: 'service', what: `${lastPart(event.resources[0])} ${words(detail.eventName)}`, style: 'blue' }
    default:
      return { at, who: 'event', what: `${event.source} ${event['detail-type']}` }
  }
}

/** The line for what a function logged; undefined for what is no log of Farguard's. */
export function lineOfLog(line: string): Line | undefined {
  const log = parsed(line)
  if (!log) return undefined
  const at = String(log.timestamp ?? '')
  const facts = (names: string[]) =>
    names
      .map(name => log[name])
      .filter(value => value !== undefined)
      .join('  ')
  const deployment = log.deployment === undefined ? '' : `#${log.deployment} `
  const what =
    `${log.target ?? ''} ${deployment}${log.message}: ${facts(['image', 'repository', 'reason', 'because', 'detail'])}`.trim()
  const style = styles[String(log.level)]
  return { at, who: 'farguard', what, ...(style && { style }) }
}

/** The line for a batch that failed as a whole; what came back alone is in the functions' own logs. */
export function lineOfBatch({ functionName, messages, error }: Batch, now: Date): Line | undefined {
  if (error === undefined) return undefined
  const what = `${functionName} failed with ${messages.length} messages: ${error instanceof Error ? error.message : error}`
  return { at: now.toISOString(), who: 'lambda', what, style: 'red' }
}

const styles: Record<string, Style> = { INFO: 'green', WARN: 'yellow', ERROR: 'red' }

function imageAction(detail: Record<string, unknown>): string {
  const tag = detail['image-tag'] ? `:${detail['image-tag']}` : ' (untagged)'
  const action = actions[String(detail['action-type'])] ?? words(detail['action-type'])
  return `${detail['repository-name']}${tag} ${action}  ${detail['image-digest']}`
}

const actions: Record<string, string> = { PUSH: 'pushed', DELETE: 'deleted' }

function taskLine(at: string, detail: Record<string, unknown>): Line | undefined {
  const status = String(detail.lastStatus)
  // The steps between are over within seconds and say nothing to a reader.
  if (!['PROVISIONING', 'RUNNING', 'STOPPED'].includes(status)) return undefined
  if (detail.desiredStatus === 'STOPPED' && status !== 'STOPPED') return undefined
  const reason = status === 'STOPPED' ? `: ${detail.stoppedReason}` : ''
  const what = `${lastPart(detail.taskArn)} of ${detail.group} ${words(status)}${reason}`
  return { at, who: 'task', what, style: status === 'STOPPED' ? 'gray' : 'cyan' }
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
