import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { type Lambda, lambdaWorker } from '../../../local/stack/lambda-worker.ts'

const directory = mkdtempSync(join(tmpdir(), 'farguard-lambda-'))
const running: Lambda[] = []
afterEach(async () => {
  for (const lambda of running.splice(0)) await lambda.close()
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let files = 0
function lambda(source: string, { timeoutSeconds = 10, now = '2030-01-01T00:00:00.000Z' } = {}) {
  const file = join(directory, `bundle-${++files}.cjs`)
  writeFileSync(file, source)
  const lines: string[] = []
  const made = lambdaWorker({
    function: {
      name: 'farguard-dev-f',
      bundle: 'f',
      environment: { FARGUARD_TABLE: 't' },
      timeoutSeconds,
      memoryMb: 512,
    },
    file,
    accountId: '123456789012',
    region: 'eu-central-1',
    endpoint: 'http://127.0.0.1:1',
    clock: { now: () => new Date(now) },
    onLine: line => lines.push(line),
  })
  running.push(made)
  return { invoke: made.invoke, close: made.close, lines }
}

describe('a function in a thread', () => {
  test('answers with JSON, and keeps its state from event to event', async () => {
    const { invoke } = lambda(
      'let n = 0; exports.handler = async event => ({ n: ++n, twice: [event, event], gone: undefined })',
    )
    expect(await invoke({ a: 1 })).toEqual({ n: 1, twice: [{ a: 1 }, { a: 1 }] })
    expect(await invoke('x')).toEqual({ n: 2, twice: ['x', 'x'] })
  })

  test('takes one event at a time', async () => {
    const { invoke } = lambda(`
      let running = 0
      exports.handler = async () => {
        const seen = ++running
        await new Promise(next => setTimeout(next, 5))
        running--
        return seen
      }`)
    expect(await Promise.all([invoke(1), invoke(2), invoke(3)])).toEqual([1, 1, 1])
  })

  test('has its own environment and nothing of ours', async () => {
    process.env.FARGUARD_SECRET_OF_THE_HOST = 'x'
    const { invoke } = lambda('exports.handler = async () => process.env')
    const environment = await invoke({})
    delete process.env.FARGUARD_SECRET_OF_THE_HOST
    expect(environment).toMatchObject({
      FARGUARD_TABLE: 't',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_LAMBDA_FUNCTION_NAME: 'farguard-dev-f',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    })
    expect(environment).not.toHaveProperty('FARGUARD_SECRET_OF_THE_HOST')
    expect(environment).not.toHaveProperty('PATH')
  })

  test("sees the account's time, whatever way it asks", async () => {
    const { invoke } = lambda(`
      const atLoad = Date.now()
      exports.handler = async () => [new Date().toISOString(), new Date(Date.now()).toISOString(), new Date(atLoad).toISOString(),
        Date().slice(11, 15), new Date('2020-02-02').getUTCFullYear(), new Date() instanceof Date, new Date(2021, 0, 1).getFullYear()]`)
    const answer = (await invoke({})) as unknown[]
    for (const time of answer.slice(0, 3)) expect(time).toMatch(/^2030-01-01T00:00:0[0-5]/)
    expect(answer.slice(3)).toEqual(['2030', 2020, true, 2021])
  })

  test('its time goes on as the wall clock does', async () => {
    const source = `exports.handler = async () => {
      const before = Date.now()
      await new Promise(next => setTimeout(next, 50))
      return Date.now() - before
    }`
    expect(await lambda(source).invoke({})).toBeGreaterThanOrEqual(48)
  })

  test('has the context that Lambda gives', async () => {
    const { invoke } = lambda(
      'exports.handler = async (_, context) => ({ ...context, left: context.getRemainingTimeInMillis() })',
      { timeoutSeconds: 7 },
    )
    const context = (await invoke({})) as { left: number }
    expect(context).toMatchObject({
      awsRequestId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4/),
      functionName: 'farguard-dev-f',
      invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:farguard-dev-f',
      memoryLimitInMB: '512',
    })
    expect(context.left).toBeGreaterThan(5_000)
    expect(context.left).toBeLessThanOrEqual(7_000)
  })

  test('what it writes is handed on, line by line', async () => {
    const { invoke, close, lines } = lambda(`exports.handler = async () => {
      console.log('one'); console.error('two'); process.stdout.write('three\\nfour\\n')
    }`)
    expect(await invoke({})).toBeNull()
    await close()
    expect(lines.toSorted()).toEqual(['four', 'one', 'three', 'two'])
  })

  test.each([
    { case: 'throws', source: 'exports.handler = async () => { throw new TypeError("no") }', message: 'TypeError: no' },
    { case: 'throws what is no error', source: 'exports.handler = async () => { throw "no" }', message: 'Error: no' },
    { case: 'does not load', source: 'throw new Error("at import")', message: 'Error: at import' },
    { case: 'exports no handler', source: 'exports.main = 1', message: /exports no handler\. Run npm run build/ },
    { case: 'answers with what JSON has not', source: 'exports.handler = async () => 1n', message: /BigInt/ },
    {
      case: 'ends its process',
      source: 'exports.handler = async () => process.exit(3)',
      message: 'Runtime exited with code 3',
    },
    {
      case: 'throws where nobody waits',
      source: 'exports.handler = () => new Promise(() => setTimeout(() => { throw new Error("late") }))',
      message: /broke: late/,
    },
  ])('a function that $case: the event fails with that reason', async ({ source, message }) => {
    const failure = lambda(source).invoke({})
    await expect(failure).rejects.toThrow(message)
    await expect(failure).rejects.toMatchObject({ name: 'LambdaError' })
  })

  test('one that takes too long is ended, and the next event meets a new instance', async () => {
    const { invoke } = lambda(
      'let n = 0; exports.handler = async event => { n++; if (event === "hang") for (;;); return n }',
      { timeoutSeconds: 0.5 },
    )
    expect(await invoke('quick')).toBe(1)
    const [hung, next] = await Promise.allSettled([invoke('hang'), invoke('quick')])
    expect(hung).toMatchObject({ status: 'rejected', reason: { message: 'Task timed out after 0.50 seconds' } })
    expect(next).toEqual({ status: 'fulfilled', value: 1 })
  })

  test('closing it fails what is under way and what comes after', async () => {
    const { invoke, close } = lambda('exports.handler = () => new Promise(() => setInterval(() => {}, 1000))')
    const underWay = invoke({})
    const failure = expect(underWay).rejects.toThrow(/exited/)
    await new Promise(next => setImmediate(next))
    await close()
    await failure
    await expect(invoke({})).rejects.toThrow(/closed/)
  })
})
