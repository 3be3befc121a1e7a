/** What wakes the guard: its own schedules, and a budget that notifies. */
import * as z from 'zod/mini'

/** `look`: every few minutes. `report`: once a night. As the schedules have it for their input: stack/guard-wakes.ts. */
const scheduled = z.object({ kind: z.enum(['look', 'report']) })

/** SNS hands AWS Budgets' plain text on. Anybody could have written it: that one came is all that counts. */
const notified = z.looseObject({
  Records: z
    .array(z.looseObject({ EventSource: z.literal('aws:sns'), Sns: z.looseObject({ MessageId: z.string() }) }))
    .check(z.minLength(1)),
})

export const guardWake = z.union([scheduled, notified])

export type GuardWake = z.infer<typeof guardWake>
