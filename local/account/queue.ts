/** One SQS standard queue: what is visible, what is in flight, and when it comes back. */
import type { Timer } from './clock.ts'
import type { AccountContext } from './context.ts'
import { type MessageAttributes, md5OfText } from './message-md5.ts'
import type { PolicyStatement } from './resource-policy.ts'

export interface QueueSettings {
  name: string
  visibilityTimeoutSeconds: number
  retentionSeconds: number
  redrive?: { deadLetterArn: string; maxReceiveCount: number }
  /** The queue's access policy, as the template has it. */
  policy?: { Statement: readonly PolicyStatement[] }
}

export interface Message {
  id: string
  body: string
  attributes: MessageAttributes
  md5OfBody: string
  /** Milliseconds since the epoch, as all times here. */
  sentAt: number
  receiveCount: number
  firstReceivedAt?: number
  /** Of the latest time it was given out. */
  receipt?: string
  deadLetterSourceArn?: string
}

interface Held {
  message: Message
  why: 'in flight' | 'delayed'
  timer: Timer
}

export class Queue {
  readonly arn: string
  readonly settings: QueueSettings
  readonly createdAt: number
  readonly #context: Pick<AccountContext, 'clock' | 'random'>
  /** In the order in which they became visible. */
  readonly #visible = new Set<Message>()
  readonly #held = new Map<string, Held>()
  readonly #listeners = new Set<() => void>()
  #deadLetters: ((message: Message) => void) | undefined

  constructor(context: Omit<AccountContext, 'emit'>, settings: QueueSettings) {
    this.#context = context
    this.settings = settings
    this.arn = `arn:aws:sqs:${context.region}:${context.accountId}:${settings.name}`
    this.createdAt = this.#now()
  }

  /** Where messages go that were given out `maxReceiveCount` times in vain. */
  setDeadLetters(take: (message: Message) => void): void {
    this.#deadLetters = take
  }

  get counts(): { visible: number; inFlight: number; delayed: number } {
    const held = [...this.#held.values()]
    const inFlight = held.filter(({ why }) => why === 'in flight').length
    return { visible: this.#visible.size, inFlight, delayed: held.length - inFlight }
  }

  send(body: string, attributes: MessageAttributes = {}, delaySeconds = 0): Message {
    const id = this.#context.random.uuid()
    const message: Message = { id, body, attributes, md5OfBody: md5OfText(body), sentAt: this.#now(), receiveCount: 0 }
    if (delaySeconds > 0) this.#hold(message, 'delayed', delaySeconds)
    else this.#show(message)
    return message
  }

  /** Takes a message from another queue as its dead letter: id and age stay, so that retention counts from the first send. */
  adopt(message: Message, deadLetterSourceArn: string): void {
    const { receipt, ...rest } = message
    this.#show({ ...rest, deadLetterSourceArn })
  }

  /** Gives out up to `most` messages; moves those to the dead letters that were given out too often. */
  receive(most: number, visibilitySeconds = this.settings.visibilityTimeoutSeconds): Message[] {
    const given: Message[] = []
    for (const message of this.#visible) {
      if (given.length >= most) break
      this.#visible.delete(message)
      if (this.#now() - message.sentAt >= this.settings.retentionSeconds * 1000) continue
      const { redrive } = this.settings
      if (redrive && this.#deadLetters && message.receiveCount >= redrive.maxReceiveCount) {
        this.#deadLetters(message)
        continue
      }
      message.receiveCount++
      message.firstReceivedAt ??= this.#now()
      message.receipt = `${message.id}.${message.receiveCount}.${this.#context.random.hex(32)}`
      this.#hold(message, 'in flight', visibilitySeconds)
      given.push({ ...message })
    }
    return given
  }

  /** An old receipt deletes nothing, and SQS does not say so. */
  delete(receipt: string): void {
    const id = idOf(receipt)
    const held = this.#held.get(id)
    if (held?.message.receipt === receipt) {
      held.timer.cancel()
      this.#held.delete(id)
    }
    // Its time ran out but nobody took it since: the receipt still counts.
    for (const message of this.#visible) if (message.receipt === receipt) this.#visible.delete(message)
  }

  /** False when the message is not in flight under this receipt. */
  changeVisibility(receipt: string, seconds: number): boolean {
    const held = this.#held.get(idOf(receipt))
    if (held?.message.receipt !== receipt) return false
    held.timer.cancel()
    this.#hold(held.message, 'in flight', seconds)
    return true
  }

  purge(): void {
    for (const { timer } of this.#held.values()) timer.cancel()
    this.#held.clear()
    this.#visible.clear()
  }

  /** Called whenever a message becomes visible; gives the function that stops it. */
  onVisible(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #hold(message: Message, why: Held['why'], seconds: number): void {
    const timer = this.#context.clock.after(seconds * 1000, () => this.#show(message))
    this.#held.set(message.id, { message, why, timer })
  }

  #show(message: Message): void {
    this.#held.delete(message.id)
    this.#visible.add(message)
    for (const listener of [...this.#listeners]) listener()
  }

  #now(): number {
    return this.#context.clock.now().getTime()
  }
}

function idOf(receipt: string): string {
  return receipt.split('.')[0] ?? ''
}
