/** Log groups, their streams, and the events in them, in the order of time. */
import { AwsError } from '../aws-error.ts'
import type { AccountContext } from '../context.ts'

export interface LogEvent {
  /** 56 digits that sort as the events do: by time, then as they came in. */
  id: string
  timestamp: number
  ingestionTime: number
  message: string
}

export interface LogStream {
  name: string
  arn: string
  createdAt: number
  events: LogEvent[]
}

export interface LogGroup {
  name: string
  /** Without the `:*` at its end. */
  arn: string
  createdAt: number
  streams: Map<string, LogStream>
}

/** An account that runs for days at many times the wall clock's speed must not fill the memory with lines. */
const keptEvents = 10_000
const groupName = /^[.\-_/#A-Za-z0-9]{1,512}$/
const streamName = /^[^:*]{1,512}$/

export class LogGroups {
  readonly #context: Omit<AccountContext, 'emit'>
  readonly #groups = new Map<string, LogGroup>()
  #sequence = 0

  constructor(context: Omit<AccountContext, 'emit'>) {
    this.#context = context
  }

  /** By name, rising. */
  all(): LogGroup[] {
    return byName(this.#groups.values())
  }

  has(name: string): boolean {
    return this.#groups.has(name)
  }

  /** Throws ResourceAlreadyExistsException. */
  create(name: string): void {
    if (!groupName.test(name)) throw invalidParameter(`logGroupName has 1 to 512 of a-zA-Z0-9_-/.#, but was "${name}".`)
    if (this.has(name)) throw alreadyExists('log group')
    const { clock, region, accountId } = this.#context
    const arn = `arn:aws:logs:${region}:${accountId}:log-group:${name}`
    this.#groups.set(name, { name, arn, createdAt: clock.now().getTime(), streams: new Map() })
  }

  /** Throws ResourceNotFoundException. */
  find(name: string): LogGroup {
    const group = this.#groups.get(name)
    if (!group) throw notFound('log group')
    return group
  }

  /** Throws ResourceAlreadyExistsException, or ResourceNotFoundException for a group that is missing. */
  createStream(group: string, name: string): void {
    const { streams, arn } = this.find(group)
    if (!streamName.test(name))
      throw invalidParameter(`logStreamName has 1 to 512 characters, without : and *: "${name}".`)
    if (streams.has(name)) throw alreadyExists('log stream')
    const createdAt = this.#context.clock.now().getTime()
    streams.set(name, { name, arn: `${arn}:log-stream:${name}`, createdAt, events: [] })
  }

  /** Throws ResourceNotFoundException, for the group or for the stream. */
  stream(group: string, name: string): LogStream {
    const stream = this.find(group).streams.get(name)
    if (!stream) throw notFound('log stream')
    return stream
  }

  append({ events }: LogStream, lines: readonly { timestamp: number; message: string }[]): void {
    const ingestionTime = this.#context.clock.now().getTime()
    for (const { timestamp, message } of lines) {
      const sequence = this.#sequence++
      const id = `${timestamp.toString().padStart(16, '0')}${sequence.toString().padStart(40, '0')}`
      events.push({ id, timestamp, ingestionTime, message })
      const [before, last] = events.slice(-2)
      if (before && last && before.id > last.id) events.sort((one, other) => (one.id < other.id ? -1 : 1))
    }
    events.splice(0, events.length - keptEvents)
  }
}

export const invalidParameter = (message: string) => new AwsError('InvalidParameterException', message)

const notFound = (what: string) => new AwsError('ResourceNotFoundException', `The specified ${what} does not exist.`)
const alreadyExists = (what: string) =>
  new AwsError('ResourceAlreadyExistsException', `The specified ${what} already exists`)

/** Sorted by code points, as AWS lists names. */
export function byName<Named extends { name: string }>(items: Iterable<Named>): Named[] {
  return [...items].sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0))
}
