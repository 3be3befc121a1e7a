/** The inside of a lambda-worker: loads the bundle and answers invocations. Runs in a thread of its own. */
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type { Context } from 'aws-lambda'
import type { Answer, Invocation } from './lambda-worker.ts'

const { file, functionName, memoryMb, region, accountId } = workerData as {
  file: string
  functionName: string
  memoryMb: number
  region: string
  accountId: string
}

const WallDate = Date
let accountTime = () => WallDate.now()

/** Everything that the bundle does, from its first line, sees the account's time. */
globalThis.Date = new Proxy(WallDate, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [accountTime()] : args, self),
  apply: () => new WallDate(accountTime()).toString(),
  get: (target, key, self) => (key === 'now' ? accountTime : Reflect.get(target, key, self)),
})

type Handler = (event: unknown, context: Context) => unknown
let handler: Handler | undefined

parentPort?.on('message', async (invocation: Invocation) => {
  const { requestId } = invocation
  const answered = await answer(invocation, requestId)
  // What the function wrote comes before its answer: who has the answer may end the thread.
  await Promise.all([process.stdout, process.stderr].map(written))
  parentPort?.postMessage(answered)
})

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(done => stream.write('', () => done()))
}

async function answer({ event, now, timeoutMs }: Invocation, requestId: string): Promise<Answer> {
  const begun = performance.now()
  accountTime = () => Math.floor(now + performance.now() - begun)
  try {
    handler ??= load()
    const result = await handler(JSON.parse(event), contextOf(requestId, begun + timeoutMs))
    return { requestId, json: JSON.stringify(result ?? null) }
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    const about = { type: error.name, message: error.message }
    return { requestId, error: error.stack === undefined ? about : { ...about, stack: error.stack } }
  }
}

/** At the first event rather than before it, so that what fails here fails that event, as on Lambda. */
function load(): Handler {
  const loaded: { handler?: unknown } = createRequire(import.meta.url)(file)
  if (typeof loaded.handler !== 'function') throw new Error(`${file} exports no handler. Run npm run build.`)
  return loaded.handler as Handler
}

function contextOf(awsRequestId: string, deadline: number): Context {
  return {
    awsRequestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${region}:${accountId}:function:${functionName}`,
    memoryLimitInMB: String(memoryMb),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    // Of the wall clock: that is what the timeout counts.
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadline - performance.now())),
    done: refuseCallback,
    fail: refuseCallback,
    succeed: refuseCallback,
  }
}

function refuseCallback(): never {
  throw new Error('context.done, fail and succeed are gone from the Node.js runtime: return a promise.')
}
