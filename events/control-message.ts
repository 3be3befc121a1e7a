/** What travels on the control queue: a rollout's next look at itself, and what operators want. */
import * as z from 'zod/mini'

const target = z.string().check(z.regex(/^[a-z0-9-]{1,24}$/))
const text = z.string().check(z.minLength(1), z.maxLength(1000))

/** What is due to be looked at: a target's rollout, by the number of its deployment; without one: its gate. */
const look = z.object({ kind: z.literal('look'), target, deployment: z.optional(z.int()) })

/** What an operator asks for. Nothing of it is trusted to be possible: whoever carries it out decides. */
const wish = z.discriminatedUnion('do', [
  z.object({ do: z.literal('deploy'), repository: text, tag: text, target: z.optional(target) }),
  /** `to`: a tag or digest that ran before; absent: what ran before. */
  z.object({ do: z.literal('rollback'), target, to: z.optional(text) }),
  z.object({ do: z.literal('hold'), target, because: z.optional(text) }),
  z.object({ do: z.literal('release'), target }),
  z.object({ do: z.literal('approve'), target, tag: text }),
  /** `task`: its ARN or id. */
  z.object({ do: z.literal('stop-task'), cluster: text, task: text, because: z.optional(text) }),
  z.object({ do: z.literal('stop-service'), cluster: text, service: text, because: z.optional(text) }),
  /** `workload`: `service:demo/web`, `target:worker`, `task:demo/<id>`. `until`: ISO 8601; in the past: it is not kept any more. */
  z.object({ do: z.literal('keep'), workload: text, until: text, because: z.optional(text) }),
  /** `what`: a guard run's id, or a workload's. */
  z.object({ do: z.literal('undo'), what: text }),
  /** All that is parked. */
  z.object({ do: z.literal('wake') }),
])

/** `by`: who asks, as the command knows it: for people, not for deciding. `id`: its outcome is on record under this. */
const intent = z.object({ kind: z.literal('intent'), id: text, at: text, by: text, wish })

export const controlMessage = z.discriminatedUnion('kind', [look, intent])

export type ControlMessage = z.infer<typeof controlMessage>
export type Intent = z.infer<typeof intent>
export type Wish = z.infer<typeof wish>
