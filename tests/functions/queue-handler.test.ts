import { readFileSync } from 'node:fs'
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EcrImageAction, ecrImageAction } from '../../events/ecr-image-action.ts'
import { queueHandler, type UseCase } from '../../functions/queue-handler.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import type { Outcome } from '../../shared/outcome.ts'
import { RetryableError } from '../../shared/ports.ts'
import { config, job } from '../deploy/targets.ts'
import { simulatedWorld } from '../simulated-world.ts'

const samples = new URL('../../events/samples/', import.meta.url)
const sample = (name: string) => readFileSync(new URL(name, samples), 'utf8')
const good = sample('push-tagged.json')

interface Letter {
  body: string
  reason: string
  attributes: Readonly<Record<string, string>> | undefined
}

/** The handler around a use case, and what comes of a batch of bodies. */
function handling(useCase: UseCase<EcrImageAction>, { lettersFail = false, targets = config(job()) } = {}) {
  const { world } = simulatedWorld()
  const letters: Letter[] = []
  const deadLetters = {
    async setAside(body: string, reason: string, attributes?: Readonly<Record<string, string>>) {
      if (lettersFail) throw new RetryableError('sqs:SendMessage: ECONNREFUSED')
      letters.push({ body, reason, attributes })
    },
  }
  const handler = queueHandler(ecrImageAction, useCase, () => ({ config: targets, world, deadLetters }))
  const run = async (bodies: readonly string[], remainingMs: () => number = () => 30_000) => {
    const context = { functionName: 'deploy-image', getRemainingTimeInMillis: remainingMs } as unknown as Context
    const answer = await handler({ Records: bodies.map(message) } as SQSEvent, context)
    return answer.batchItemFailures.map(each => each.itemIdentifier)
  }
  return { run, letters, world }
}

const message = (body: string, index: number) => ({ messageId: `m${index}`, body }) as SQSRecord

const always =
  (outcome: Outcome): UseCase<EcrImageAction> =>
  async () =>
    outcome

const done = always({ kind: 'done', what: 'web #1 started' })

const withDetail = (detail: Record<string, unknown>) => {
  const event = JSON.parse(good)
  return JSON.stringify({ ...event, detail: { ...event.detail, ...detail } })
}

describe('what can never succeed goes aside with its reason, as it came, and is done with', () => {
  test.each([
    ['no JSON', '{"detail":', /^malformed: The message is not JSON: /],
    ['nothing', '', /^malformed: The message is not JSON: /],
    ['JSON that is no object', '[]', /^malformed: The message is no such event: /],
    ['null', 'null', /^malformed: /],
    ['another kind of event', sample('replication.json'), /^malformed: .*detail-type/s],
    ['a tag that is no text', withDetail({ 'image-tag': 7 }), /^malformed: .*image-tag/s],
    ['a digest that is none', withDetail({ 'image-digest': 'sha256:beef' }), /^malformed: .*image-digest/s],
    ['no digest', withDetail({ 'image-digest': undefined }), /^malformed: .*image-digest/s],
    ['an empty repository', withDetail({ 'repository-name': '' }), /^malformed: .*repository-name/s],
    ['JSON as deep as a message allows', '['.repeat(200_000), /^malformed: /],
    ['a member named __proto__', `{"__proto__":{"id":"x"},"detail":${good}}`, /^malformed: /],
  ])('%s', async (_, body, reason) => {
    const { run, letters } = handling(done)
    expect(await run([body])).toEqual([])
    expect(letters).toEqual([{ body, reason: expect.stringMatching(reason), attributes: { messageId: 'm0' } }])
  })

  test('a permanent outcome', async () => {
    const { run, letters } = handling(always({ kind: 'permanent', reason: 'service-missing', detail: 'No web.' }))
    expect(await run([good])).toEqual([])
    expect(letters).toEqual([{ body: good, reason: 'service-missing: No web.', attributes: { messageId: 'm0' } }])
  })

  test('unless the dead letters can not be reached: then it comes back', async () => {
    const outcome: Outcome = { kind: 'permanent', reason: 'service-missing', detail: 'No web.' }
    const { run } = handling(always(outcome), { lettersFail: true })
    expect(await run([good, 'no JSON'])).toEqual(['m0', 'm1'])
  })
})

describe('what may succeed later comes back, and nothing else does', () => {
  test('a retryable outcome', async () => {
    const { run, letters } = handling(always({ kind: 'retryable', reason: 'no-capacity', detail: 'Later.' }))
    expect(await run([good])).toEqual(['m0'])
    expect(letters).toEqual([])
  })

  test.each([
    ['an error', new TypeError('a defect of ours')],
    ['what is no error', 'a text'],
    ['nothing', undefined],
  ])('%s that is thrown', async (_, thrown) => {
    const { run, letters } = handling(() => Promise.reject(thrown))
    expect(await run([good])).toEqual(['m0'])
    expect(letters).toEqual([])
  })

  test('each message stands for itself', async () => {
    const outcomes: (Outcome | Error)[] = [
      { kind: 'done', what: '' },
      new Error('thrown'),
      { kind: 'skipped', reason: 'untagged' },
      { kind: 'retryable', reason: 'no-capacity', detail: '' },
      { kind: 'permanent', reason: 'aws-refused', detail: '' },
      { kind: 'done', what: '' },
    ]
    const { run, letters } = handling(async () => {
      const next = outcomes.shift()
      if (!next || next instanceof Error) throw next
      return next
    })
    expect(await run(Array(6).fill(good))).toEqual(['m1', 'm3'])
    expect(letters).toHaveLength(1)
  })

  test('when the time runs out, what was not begun, untouched', async () => {
    let calls = 0
    let remaining = 20_000
    const { run, letters } = handling(async () => {
      calls++
      remaining -= 7_000
      return { kind: 'done', what: '' }
    })
    expect(await run([good, good, good, 'no JSON'], () => remaining)).toEqual(['m2', 'm3'])
    expect(calls).toBe(2)
    expect(letters).toEqual([])
  })

  test('everything, when the environment lacks what the function needs', async () => {
    const missing = () => {
      throw new Error('The environment variable FARGUARD_TABLE is not set.')
    }
    const handler = queueHandler(ecrImageAction, done, missing)
    const context = { getRemainingTimeInMillis: () => 30_000 } as unknown as Context
    await expect(handler({ Records: [message(good, 0)] } as SQSEvent, context)).rejects.toThrow('FARGUARD_TABLE')
  })
})

describe('each sample of an event of ECR has its outcome', () => {
  /** Of each event that the schema takes: why it deploys nothing here. The others go aside. */
  const reasons: Record<string, string[]> = {
    'delete.json': ['not-in-use'],
    'push-failed.json': ['failed-push'],
    'push-index.json': ['untagged', 'untagged', 'image-gone'],
    'push-signature.json': ['signature'],
    'push-tagged.json': ['image-gone'],
    'push-unknown-members.json': ['image-gone'],
    'push-untagged-absent.json': ['untagged'],
    'push-untagged-empty.json': ['untagged'],
    'replication.json': [],
    'update-storage-class.json': ['not-in-use'],
  }

  test.each(Object.keys(reasons))('%s', async name => {
    const content = JSON.parse(sample(name))
    const bodies = (Array.isArray(content) ? content : [content]).map(event => JSON.stringify(event))
    const outcomes: Outcome[] = []
    const { run, letters } = handling(
      async (event, targets, world) => {
        const outcome = await deployImage(event, targets, world)
        outcomes.push(outcome)
        return outcome
      },
      { targets: config(job({ repository: 'acme/web' })) },
    )
    expect(await run(bodies)).toEqual([])
    expect(letters).toHaveLength(bodies.length - outcomes.length)
    expect(outcomes.map(outcome => 'reason' in outcome && outcome.reason)).toEqual(reasons[name])
  })
})

describe('whatever arrives', () => {
  const anyBody = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.json(),
    fc.constant(good),
    // A good event in which one member, at either level, is anything at all, or gone.
    fc
      .tuple(fc.constantFrom('event', 'detail'), fc.nat(20), fc.option(fc.jsonValue(), { nil: undefined }))
      .map(([level, which, value]) => {
        const event = JSON.parse(good)
        const of = level === 'event' ? event : event.detail
        const names = Object.keys(of)
        of[names[which % names.length] ?? ''] = value
        return JSON.stringify(event)
      }),
    // Texts that reach keys, patterns and ECR.
    fc
      .tuple(fc.constantFrom('image-tag', 'repository-name'), fc.string({ unit: 'binary', maxLength: 3000 }))
      .map(([name, value]) => withDetail({ 'repository-name': 'acme/nightly', [name]: value })),
  )

  test('the handler never throws, and each message either is done, comes back, or is kept aside: exactly one of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyBody, { maxLength: 12 }), async bodies => {
        const finished: number[] = []
        const { run, letters } = handling(async (event, targets, world) => {
          const outcome = await deployImage(event, targets, world)
          if (outcome.kind === 'done' || outcome.kind === 'skipped') finished.push(1)
          return outcome
        })
        const failed = await run(bodies)
        expect(new Set(failed).size).toBe(failed.length)
        expect(finished.length + letters.length + failed.length).toBe(bodies.length)
        for (const { body } of letters) expect(bodies).toContain(body)
      }),
      { numRuns: 300 },
    )
  })

  test('a message in front never keeps a good one behind it from its turn', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyBody, { maxLength: 9 }), async bodies => {
        const seen: string[] = []
        const { run } = handling(async event => {
          seen.push(event.id)
          if (event.id === 'the-last') return { kind: 'done', what: '' }
          throw new Error('a defect of ours')
        })
        const last = JSON.stringify({ ...JSON.parse(good), id: 'the-last' })
        expect(await run([...bodies, last])).not.toContain(`m${bodies.length}`)
        expect(seen.at(-1)).toBe('the-last')
      }),
      { numRuns: 200 },
    )
  })
})
