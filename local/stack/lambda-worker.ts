/** Runs one built function as Lambda would: a thread with its own environment, one event at a time, within its timeout. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import type { StackFunction } from './resource.ts'

export interface LambdaOptions {
  function: StackFunction
  /** Path of the built bundle. */
  file: string
  accountId: string
  region: string
  /** The local account's address, `http://127.0.0.1:<port>`. */
  endpoint: string
  /** The account's time. It stands still while a function runs; the function's `Date` goes on from it as the wall clock does. */
  clock: { now(): Date }
  /** Gets each line that the function writes. */
  onLine(line: string): void
}

export interface Lambda {
  /** Throws LambdaError when the function throws, ends or takes too long; the next event then meets a new instance. */
  invoke(event: unknown): Promise<unknown>
  /** Ends the thread; an event under way fails. */
  close(): Promise<void>
}

export class LambdaError extends Error {
  override name = 'LambdaError'
}

/** What the thread is told. */
export interface Invocation {
  requestId: string
  event: string
  /** Milliseconds since the epoch, of the account. */
  now: number
  timeoutMs: number
}

/** What it answers: the handler's JSON, or what it threw. */
export type Answer = { requestId: string } & (
  | { json: string }
  | { error: { type: string; message: string; stack?: string } }
)

const runtime = new URL('./lambda-runtime.ts', import.meta.url)

export function lambdaWorker(options: LambdaOptions): Lambda {
  let worker: Worker | undefined
  let isClosed = false
  let last: Promise<unknown> = Promise.resolve()
  let invocations = 0

  function start(): Worker {
    const { function: about, file, region, accountId } = options
    const thread = new Worker(runtime, {
      env: environmentOf(options),
      // Nothing of how this process was started: no loader, no inspector.
      execArgv: [],
      argv: [],
      stdout: true,
      stderr: true,
      workerData: { file, functionName: about.name, memoryMb: about.memoryMb, region, accountId },
    })
    for (const stream of [thread.stdout, thread.stderr]) createInterface({ input: stream }).on('line', options.onLine)
    // Without a listener an error that no invocation waits for would end the whole process.
    thread.on('error', error => options.onLine(`${about.name}: ${error.message}`))
    thread.once('exit', () => {
      if (worker === thread) worker = undefined
    })
    return thread
  }

  async function run(event: unknown): Promise<unknown> {
    if (isClosed) throw new LambdaError(`${options.function.name} is closed.`)
    worker ??= start()
    const thread = worker
    const timeoutMs = options.function.timeoutSeconds * 1000
    // Shaped as Lambda's, counted so that a run can be repeated.
    const requestId = `00000000-0000-4000-8000-${String(++invocations).padStart(12, '0')}`
    const now = options.clock.now().getTime()
    const told: Invocation = { requestId, event: JSON.stringify(event), now, timeoutMs }
    thread.postMessage(told)
    return await answerOf(thread, requestId, timeoutMs, options.function.timeoutSeconds)
  }

  return {
    invoke(event) {
      const next = last.then(() => run(event))
      last = next.catch(() => undefined)
      return next
    },
    async close() {
      isClosed = true
      await worker?.terminate()
    },
  }
}

function answerOf(thread: Worker, requestId: string, timeoutMs: number, seconds: number): Promise<unknown> {
  return new Promise((done, failed) => {
    const end = (finish: () => void) => {
      clearTimeout(timer)
      thread.off('message', heard)
      thread.off('error', broke)
      thread.off('exit', ended)
      finish()
    }
    const heard = (answer: Answer) => {
      if (answer.requestId !== requestId) return
      end(() => {
        if ('json' in answer) done(JSON.parse(answer.json))
        else failed(new LambdaError(`${answer.error.type}: ${answer.error.message}`, { cause: answer.error }))
      })
    }
    const broke = (error: Error) =>
      end(() => failed(new LambdaError(`The function broke: ${error.message}`, { cause: error })))
    const ended = (code: number) =>
      end(() => failed(new LambdaError(`Runtime exited with code ${code} before it answered.`)))
    const late = async () => {
      const isEnded = once(thread, 'exit')
      end(() => undefined)
      await Promise.all([thread.terminate(), isEnded])
      failed(new LambdaError(`Task timed out after ${seconds.toFixed(2)} seconds`))
    }
    const timer = setTimeout(late, timeoutMs)
    thread.on('message', heard)
    thread.on('error', broke)
    thread.on('exit', ended)
  })
}

function environmentOf({
  function: { name, environment, memoryMb },
  region,
  endpoint,
}: LambdaOptions): Record<string, string> {
  return {
    ...environment,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'ASIAFARGUARDLOCAL000',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    // Lambda has no such files; here the SDK would find those of whoever runs this.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    TZ: 'UTC',
  }
}
