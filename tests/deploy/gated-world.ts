/** A world whose every port call passes a gate: to crash there, or to let somebody else go first. */
import type { GuardWorld, World } from '../../shared/ports.ts'

export type Gate = <Answer>(name: string, call: () => Promise<Answer>) => Promise<Answer>

/** The ports that have a gate, each with its calls that answer page by page. */
const paged: { [Port in keyof GuardWorld]?: readonly string[] } = {
  registry: ['listImages'],
  fleet: ['listTasks', 'listServices'],
  table: [],
  control: [],
  scaling: [],
  metrics: ['read'],
  budgets: [],
  priceList: [],
}

export function gated<W extends World>(world: W, gate: Gate): W {
  const through = <Port extends object>(port: Port, inPages: readonly string[]): Port =>
    new Proxy(port, {
      get(of, name, receiver) {
        const method: unknown = Reflect.get(of, name, receiver)
        if (typeof method !== 'function') return method
        return inPages.includes(String(name))
          ? (...args: unknown[]) => pagesThrough(gate, String(name), method(...args))
          : (...args: unknown[]) => gate(String(name), () => method(...args))
      },
    })
  const ports = Object.entries(world).map(([name, port]) => {
    const inPages = paged[name as keyof GuardWorld]
    return [name, inPages ? through(port, inPages) : port]
  })
  return Object.fromEntries(ports)
}

/** Each page is a call of its own. */
async function* pagesThrough<Page>(gate: Gate, name: string, pages: AsyncIterable<Page>): AsyncGenerator<Page> {
  const each = pages[Symbol.asyncIterator]()
  for (;;) {
    const { done, value } = await gate(name, () => each.next())
    if (done) return
    yield value
  }
}

/** The process ended here: nothing after this happens, and no `catch` can know of it. */
export class Crash extends Error {}

/** Ends the process at the `at`th port call, before or after its effect; every later call of that process never comes back. */
export function crashingAt(
  at: number,
  when: 'before' | 'after',
): { gate: Gate; crashed: Promise<Crash>; calls: string[] } {
  const calls: string[] = []
  const { promise: crashed, resolve } = Promise.withResolvers<Crash>()
  const gate: Gate = async (name, call) => {
    calls.push(name)
    if (calls.length < at) return call()
    if (calls.length === at && when === 'after') await call().catch(() => undefined)
    resolve(new Crash(`${name}, ${when} its effect`))
    return new Promise(() => {})
  }
  return { gate, crashed, calls }
}

/** Lets two processes take turns: `turns` says who makes the next port call; when one has ended, the other goes on alone. */
export function interleaved(turns: readonly ('a' | 'b')[]): { a: Gate; b: Gate; ended(who: 'a' | 'b'): void } {
  const queue = [...turns]
  // A process may make several calls at once: they go one after the other.
  const waiting: Record<'a' | 'b', (() => void)[]> = { a: [], b: [] }
  const over = new Set<'a' | 'b'>()
  let busy = false
  const wake = () => {
    if (busy) return
    while (queue.length > 0 && over.has(queue[0] ?? 'a')) queue.shift()
    const next = queue[0] ?? (waiting.a.length > 0 ? 'a' : 'b')
    const go = waiting[next].shift()
    if (!go) return
    queue.shift()
    busy = true
    go()
  }
  const gateOf =
    (who: 'a' | 'b'): Gate =>
    async (_name, call) => {
      await new Promise<void>(resolve => {
        waiting[who].push(resolve)
        wake()
      })
      try {
        return await call()
      } finally {
        busy = false
        setImmediate(wake)
      }
    }
  return {
    a: gateOf('a'),
    b: gateOf('b'),
    ended(who) {
      over.add(who)
      wake()
    },
  }
}
