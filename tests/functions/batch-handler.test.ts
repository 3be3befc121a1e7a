import { readFileSync } from 'node:fs'
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EcsTaskStateChange, ecsTaskStateChange } from '../../events/ecs-task-state-change.ts'
import { type BatchUseCase, batchHandler } from '../../functions/queue-handler.ts'
import type { Outcome } from '../../shared/outcome.ts'
import { RetryableError } from '../../shared/ports.ts'
import { config, service } from '../deploy/targets.ts'
import { simulatedWorld } from '../simulated-world.ts'

const good = readFileSync(new URL('../../events/samples/task-of-service.json', import.meta.url), 'utf8')
const done: Outcome = { kind: 'done', what: '' }

/** The handler around a use case, and what comes of a batch of bodies. */
function handling(useCase: BatchUseCase<EcsTaskStateChange>, { lettersFail = false } = {}) {
  const { world } = simulatedWorld()
  const letters: { body: string; reason: string }[] = []
  const deadLetters = {
    async setAside(body: string, reason: string) {
      await new Promise(setImmediate)
      if (lettersFail) throw new RetryableError('sqs:SendMessage: ECONNREFUSED')
      letters.push({ body, reason })
    },
  }
  const handler = batchHandler(ecsTaskStateChange, useCase, () => ({ config: config(service()), world, deadLetters }))
  const run = async (bodies: readonly string[], remainingMs = () => 30_000) => {
    const context = { functionName: 'record-task', getRemainingTimeInMillis: remainingMs } as unknown as Context
    const records = bodies.map((body, index) => ({ messageId: `m${index}`, body }) as SQSRecord)
    const answer = await handler({ Records: records } as SQSEvent, context)
    return answer.batchItemFailures.map(each => each.itemIdentifier)
  }
  return { run, letters }
}

test('the use case gets the events of the batch at once, in their order, without what is none', async () => {
  const seen: number[][] = []
  const { run, letters } = handling(async events => {
    seen.push(events.map(({ detail }) => detail.version))
    return events.map(() => done)
  })
  const version = (number: number) =>
    JSON.stringify({ ...JSON.parse(good), detail: { ...JSON.parse(good).detail, version: number } })
  expect(await run([version(3), 'no JSON', version(1), '{}', version(2)])).toEqual([])
  expect(seen).toEqual([[3, 1, 2]])
  expect(letters.map(({ body }) => body)).toEqual(['no JSON', '{}'])
  for (const { reason } of letters) expect(reason).toMatch(/^malformed: /)
})

test('each message has the outcome that is its own', async () => {
  const outcomes: Outcome[] = [
    done,
    { kind: 'retryable', reason: 'aws-unavailable', detail: '' },
    { kind: 'permanent', reason: 'aws-refused', detail: 'Too big.' },
    { kind: 'skipped', reason: 'older' },
  ]
  const { run, letters } = handling(async () => outcomes)
  expect(await run([good, 'no JSON', good, good, good])).toEqual(['m2'])
  expect(letters.map(({ reason }) => reason)).toEqual([expect.stringMatching(/^malformed/), 'aws-refused: Too big.'])
})

describe('what goes wrong loses nothing', () => {
  test.each([
    ['a use case that throws', () => Promise.reject(new Error('a defect of ours'))],
    [
      'a use case that throws at once',
      () => {
        throw new Error('a defect of ours')
      },
    ],
    ['too few outcomes', async () => []],
  ] as [string, BatchUseCase<EcsTaskStateChange>][])(
    '%s: the events come back, what is none goes aside',
    async (_, useCase) => {
      const { run, letters } = handling(useCase)
      expect(await run(['no JSON', good, good])).toEqual(['m1', 'm2'])
      expect(letters).toHaveLength(1)
    },
  )

  test('dead letters that can not be reached', async () => {
    const { run } = handling(async events => events.map(() => done), { lettersFail: true })
    expect(await run([good, 'no JSON'])).toEqual(['m1'])
  })

  test('a batch without any event', async () => {
    const { run } = handling(() => Promise.reject(new Error('there is nothing to do')))
    expect(await run(['no JSON'])).toEqual([])
    expect(await run([])).toEqual([])
  })
})

test('the use case is told when too little time is left', async () => {
  const said: boolean[] = []
  let remaining = 30_000
  const { run } = handling(async (events, _config, _world, hasTime) => {
    said.push(hasTime())
    remaining = 7_000
    said.push(hasTime())
    return events.map(() => done)
  })
  await run([good], () => remaining)
  expect(said).toEqual([true, false])
})

test('whatever arrives, each message is done, comes back or is kept aside: exactly one of them', async () => {
  const body = fc.oneof(fc.constant(good), fc.json(), fc.string({ unit: 'binary', maxLength: 100 }))
  const kinds = fc.constantFrom<Outcome['kind']>('done', 'skipped', 'retryable', 'permanent')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(body, kinds), { maxLength: 12 }), async messages => {
      const wanted = messages.filter(([text]) => text === good).map(([, kind]) => kind)
      const { run, letters } = handling(async events =>
        events.map((_, nth) => ({ kind: wanted[nth] ?? 'done', what: '', reason: 'r', detail: '' }) as Outcome),
      )
      const failed = await run(messages.map(([text]) => text))
      const expected = messages.flatMap(([text, kind], nth) =>
        text === good && kind === 'retryable' ? [`m${nth}`] : [],
      )
      expect(failed).toEqual(expected)
      const aside = messages.filter(([text, kind]) => text !== good || kind === 'permanent')
      expect(letters.map(letter => letter.body)).toEqual(aside.map(([text]) => text))
    }),
    { numRuns: 200 },
  )
})
