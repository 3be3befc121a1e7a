import { describe, expect, test } from 'vitest'
import { type FailedAttempt, invokeAsynchronously } from '../../../local/stack/asynchronous.ts'
import type { AsynchronousSettings } from '../../../local/stack/resource.ts'
import { accountContext } from '../account-context.ts'

const start = Date.parse('2026-03-01T22:00:00.250Z')

/** `fails`: how many attempts do. */
async function invoked(fails: number, asynchronous?: AsynchronousSettings) {
  const context = accountContext()
  const at: number[] = []
  const events: unknown[] = []
  const failed: FailedAttempt[] = []
  const sent: { queueArn: string; body: unknown; attributes: Record<string, string> }[] = []
  const parts = {
    context,
    async invoke(name: string, event: unknown) {
      at.push((context.clock.now().getTime() - start) / 1000)
      events.push([name, event])
      if (at.length <= fails) throw new Error(`no ${at.length}`)
      return null
    },
    send: (queueArn: string, body: string, attributes: Record<string, string>) =>
      sent.push({ queueArn, body: JSON.parse(body), attributes }),
    onFailure: (attempt: FailedAttempt) => failed.push(attempt),
  }
  await invokeAsynchronously(parts, { name: 'sweep', ...(asynchronous && { asynchronous }) }, { a: 1 })
  await context.clock.advance(24 * 3_600_000)
  return { at, events, failed, sent }
}

const settings = (more: Partial<AsynchronousSettings>) => ({ retries: 2, maximumAgeSeconds: 21_600, ...more })

describe('an asynchronous invocation', () => {
  test.each([
    { case: 'succeeds at once', fails: 0, asynchronous: undefined, at: [0] },
    { case: 'fails once: again after a minute', fails: 1, asynchronous: undefined, at: [0, 60] },
    { case: 'fails always: twice more, then no more', fails: 9, asynchronous: undefined, at: [0, 60, 180] },
    { case: 'is not repeated', fails: 9, asynchronous: settings({ retries: 0 }), at: [0] },
    {
      case: 'is too old for its second repetition',
      fails: 9,
      asynchronous: settings({ maximumAgeSeconds: 90 }),
      at: [0, 60],
    },
  ])('that $case', async ({ fails, asynchronous, at }) => {
    const run = await invoked(fails, asynchronous)
    expect(run.at).toEqual(at)
    expect(run.events).toEqual(at.map(() => ['sweep', { a: 1 }]))
    expect(run.failed.map(({ retryAt }) => retryAt && (retryAt.getTime() - start) / 1000)).toEqual(
      at.slice(0, fails).map((_, nth) => at[nth + 1]),
    )
  })

  test('given up goes to the dead letters as it came, and to the destination with what became of it', async () => {
    const { sent } = await invoked(9, settings({ deadLetterArn: 'arn:dead', onFailureArn: 'arn:failed' }))
    expect(sent).toMatchObject([
      { queueArn: 'arn:dead', body: { a: 1 }, attributes: { ErrorMessage: 'no 3', ErrorCode: '200' } },
      {
        queueArn: 'arn:failed',
        body: {
          requestContext: {
            condition: 'RetriesExhausted',
            approximateInvokeCount: 3,
            functionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:sweep:$LATEST',
          },
          requestPayload: { a: 1 },
          responsePayload: { errorMessage: 'no 3' },
        },
      },
    ])
  })

  test('too old says so', async () => {
    const { sent } = await invoked(9, settings({ maximumAgeSeconds: 60, onFailureArn: 'arn:failed' }))
    expect(sent).toMatchObject([
      { body: { requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: 2 } } },
    ])
  })

  test('that succeeded after all is not set aside', async () => {
    expect((await invoked(2, settings({ deadLetterArn: 'arn:dead' }))).sent).toEqual([])
  })
})
