/** Reads streams: their last lines, and then what comes after. */
import { callEach } from '../../shared/aws/batches.ts'
import type { Logs } from '../../shared/ports.ts'
import type { Stream } from './streams.ts'

export interface LogLine extends Pick<Stream, 'task' | 'container'> {
  at: string
  text: string
}

/** Keeps where it was in each stream, so that every line is given once. */
export class Tail {
  readonly #logs: Logs
  readonly #count: number
  /** Where to go on, by group and stream; absent as long as the stream does not exist. */
  readonly #next = new Map<string, string>()

  /** `count`: lines of a stream to begin with. */
  constructor(logs: Logs, count: number) {
    this.#logs = logs
    this.#count = count
  }

  /** The lines since the last call, or the last ones of a stream that is new, oldest first; and the streams that do not exist. */
  async read(streams: readonly Stream[]): Promise<{ lines: LogLine[]; missing: Stream[] }> {
    const missing: Stream[] = []
    const pages = await callEach(streams, async stream => {
      const key = `${stream.group} ${stream.stream}`
      const next = this.#next.get(key)
      const page =
        next === undefined
          ? await this.#logs.lastLines(stream.group, stream.stream, this.#count)
          : await this.#logs.linesAfter(stream.group, stream.stream, next)
      if (!page) missing.push(stream)
      else this.#next.set(key, page.next)
      return (page?.lines ?? []).map(line => ({ ...line, task: stream.task, container: stream.container }))
    })
    // Sorting is stable: lines of one stream at the same instant stay in its order.
    return { lines: pages.flat().sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)), missing }
  }
}
