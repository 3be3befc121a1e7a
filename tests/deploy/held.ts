/** A process that is held up right before one of its port calls, until it is let go. */
import { crashingAt, type Gate } from './gated-world.ts'

export function heldBefore(name: string): { gate: Gate; reached: Promise<void>; letGo(): void } {
  const reached = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  let isHeld = false
  const gate: Gate = async (called, call) => {
    if (called === name && !isHeld) {
      isHeld = true
      reached.resolve()
      await held.promise
    }
    return call()
  }
  return { gate, reached: reached.promise, letGo: held.resolve }
}

/** A process that dies at its `nth` call of that name. */
export function dyingAt(name: string, when: 'before' | 'after', nth = 1): { gate: Gate; crashed: Promise<Error> } {
  const { gate: end, crashed } = crashingAt(1, when)
  let seen = 0
  let isDead = false
  const gate: Gate = (called, call) => {
    isDead ||= called === name && ++seen === nth
    return isDead ? end(called, call) : call()
  }
  return { gate, crashed }
}
