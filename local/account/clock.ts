/** The local account's time: it moves only when told to, and runs what is due in order. */
import TinyQueue from 'tinyqueue'

export interface Timer {
  cancel(): void
}

interface Due {
  at: number
  sequence: number
  /** Undefined once it is cancelled: taking it out of the middle of a heap would cost more than passing over it. */
  run: (() => void | Promise<void>) | undefined
}

/** A clock that a test advances, or that `pace` lets follow the wall clock at some speed. */
export class SimulatedClock {
  #now: number
  #sequence = 0
  readonly #due = new TinyQueue<Due>([], (a, b) => a.at - b.at || a.sequence - b.sequence)
  #advancing: Promise<void> = Promise.resolve()

  /** `at`: where time begins, ISO 8601 or milliseconds since the epoch. */
  constructor(at: string | number) {
    this.#now = typeof at === 'number' ? at : Date.parse(at)
    if (Number.isNaN(this.#now)) throw new TypeError(`"${at}" is not a time. Try 2026-03-01T22:00:00Z`)
  }

  now(): Date {
    return new Date(this.#now)
  }

  /** When the next timer is due, milliseconds since the epoch; undefined when nothing is planned. */
  get nextDue(): number | undefined {
    return this.#next()?.at
  }

  /** Runs `run` when time reaches `delayMs` from now; at the next advance when it is 0. */
  after(delayMs: number, run: () => void | Promise<void>): Timer {
    // It would compare with no other, and so leave the heap without an order.
    if (Number.isNaN(delayMs)) throw new TypeError('A timer takes a delay in milliseconds, and got NaN')
    const due: Due = { at: this.#now + Math.max(0, delayMs), sequence: this.#sequence++, run }
    this.#due.push(due)
    return {
      cancel: () => {
        due.run = undefined
      },
    }
  }

  /** Moves time on by `ms`, running what falls due on the way, each at its own moment and to its end. */
  advance(ms: number): Promise<void> {
    return this.advanceTo(this.#now + ms)
  }

  /** As `advance`, to a moment; a moment that is past runs what is due now. Calls queue up behind each other. */
  advanceTo(moment: number): Promise<void> {
    const next = this.#advancing.then(() => this.#run(moment))
    this.#advancing = next.catch(() => undefined)
    return next
  }

  async #run(moment: number): Promise<void> {
    const end = Math.max(this.#now, moment)
    for (let due = this.#next(); due && due.at <= end; due = this.#next()) {
      this.#due.pop()
      this.#now = Math.max(this.#now, due.at)
      await due.run?.()
    }
    this.#now = end
  }

  #next(): Due | undefined {
    let next = this.#due.peek()
    while (next && !next.run) {
      this.#due.pop()
      next = this.#due.peek()
    }
    return next
  }
}
