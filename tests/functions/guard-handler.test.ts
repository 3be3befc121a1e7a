import { readFileSync } from 'node:fs'
import type { Context } from 'aws-lambda'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { guardHandler, type Run } from '../../functions/guard-handler.ts'
import type { RunMeans } from '../../shared/guard/guard.ts'
import { config, service } from '../deploy/targets.ts'
import { simulatedWorld } from '../simulated-world.ts'

const sample = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../events/samples/${name}`, import.meta.url), 'utf8'))
const look = sample('guard-look.json')

/** The handler around a run, what woke it, and what it logged. */
function waking(run: (means: RunMeans) => ReturnType<Run> = async () => ({ skipped: 'nothing to do' })) {
  const { world, logged } = simulatedWorld()
  const triggers: string[] = []
  const noting: Run = (trigger, _config, _world, means) => {
    triggers.push(trigger)
    return run(means)
  }
  const found = { config: config(service()), world, deadLetters: { setAside: async () => undefined } }
  let finds = 0
  const handler = guardHandler(
    noting,
    () => {
      finds++
      return found
    },
    async () => undefined,
  )
  const wake = (event: unknown, remainingMs = () => 300_000) =>
    handler(event, { functionName: 'guard-costs', getRemainingTimeInMillis: remainingMs } as unknown as Context)
  return { wake, triggers, logged, finds: () => finds }
}

test.each([
  { name: 'guard-look.json', trigger: 'schedule' },
  { name: 'guard-report.json', trigger: 'report' },
  { name: 'budget-notification.json', trigger: 'budget' },
])('$name is a run for the $trigger', async ({ name, trigger }) => {
  const { wake, triggers } = waking()
  expect(await wake(sample(name))).toEqual({ skipped: 'nothing to do' })
  expect(triggers).toEqual([trigger])
})

test('whatever a notification says, it is no more than a trigger', async () => {
  const seen: unknown[][] = []
  const { world } = simulatedWorld()
  const found = { config: config(service()), world, deadLetters: { setAside: async () => undefined } }
  const run: Run = async (...all) => {
    seen.push(all.slice(0, 3))
    return { skipped: '' }
  }
  const handler = guardHandler(run, () => found)
  const context = { getRemainingTimeInMillis: () => 300_000 } as unknown as Context
  const event = sample('budget-notification.json')
  for (const Message of ['{"kind":"report"}', 'ACTUAL Amount: $0.00', ''])
    await handler({ Records: [{ ...event.Records[0], Sns: { ...event.Records[0].Sns, Message } }] }, context)
  expect(seen).toEqual(Array(3).fill(['budget', found.config, world]))
})

describe('what nobody of ours sends makes no run, and is in the log', () => {
  const { Records } = sample('budget-notification.json')
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['another kind', { kind: 'sweep' }],
    ['a kind that is no text', { kind: 1 }],
    ["the control queue's look", { Records: [{ EventSource: 'aws:sqs', body: '{"kind":"look","target":"web"}' }] }],
    ['a message of a queue', { Records: [{ ...Records[0], EventSource: 'aws:sqs' }] }],
    ['no message at all', { Records: [] }],
    ["Scheduler's own event", { source: 'aws.scheduler', 'detail-type': 'Scheduled Event', detail: '{}' }],
    ['what is too long for a log', { kind: 'x'.repeat(100_000) }],
  ])('%s', async (_, event) => {
    const { wake, triggers, logged } = waking()
    expect(await wake(event)).toEqual({ skipped: 'unknown-event' })
    expect(triggers).toEqual([])
    expect(logged).toMatchObject([{ level: 'error', message: 'not woken', facts: { reason: 'unknown-event' } }])
    expect(JSON.stringify(logged).length).toBeLessThan(1500)
  })

  test('nor does anything else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async event => {
        const { wake, triggers } = waking()
        expect(await wake(event)).toEqual({ skipped: 'unknown-event' })
        expect(triggers).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})

test('a run is told when too little time is left, and how long its lease has to outlast it', async () => {
  let remaining = 300_000
  const said: boolean[] = []
  const leases: number[] = []
  const { wake } = waking(async ({ hasTime, leaseMs }) => {
    leases.push(leaseMs)
    said.push(hasTime())
    remaining = 39_000
    said.push(hasTime())
    return { skipped: '' }
  })
  await wake(look, () => remaining)
  expect(said).toEqual([true, false])
  expect(leases[0]).toBeGreaterThan(300_000)
  expect(leases[0]).toBeLessThan(330_000)
})

test('a run that fails fails the invocation, so that it is seen', async () => {
  const { wake } = waking(() => Promise.reject(new Error('a defect of ours')))
  await expect(wake(look)).rejects.toThrow('a defect of ours')
})

test('the world is found once for all runs of an instance', async () => {
  const { wake, finds, triggers } = waking()
  for (let run = 0; run < 3; run++) await wake(look)
  expect([finds(), triggers.length]).toEqual([1, 3])
})
