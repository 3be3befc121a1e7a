/** RunTask's idempotency: a token in a cluster stands for one request, as long as ECS remembers it. */
import type { RunTaskCommandInput } from '@aws-sdk/client-ecs'
import { AwsError } from '../aws-error.ts'
import type { SimulatedClock } from '../clock.ts'
import { hour } from './durations.ts'
import { invalidParameter } from './refusals.ts'
import type { TaskRecord } from './task-record.ts'
import type { TaskStore } from './task-store.ts'

interface Remembered {
  request: string
  taskArns: string[]
  refused: number
  expiresAt: number
}

const longestMemory = 24 * hour

export class ClientTokens {
  readonly #clock: SimulatedClock
  readonly #store: TaskStore
  readonly #tokens = new Map<string, Remembered>()

  constructor(clock: SimulatedClock, store: TaskStore) {
    this.#clock = clock
    this.#store = store
  }

  /**
   * What the first such request came to, its tasks as they are now; undefined when the token is new or forgotten.
   * Throws ConflictException, naming the tasks, when the token came with another request.
   */
  recall(cluster: string, input: RunTaskCommandInput): { started: TaskRecord[]; refused: number } | undefined {
    const { clientToken } = input
    if (clientToken === undefined) return undefined
    if (!/^[\x21-\x7e]{1,64}$/.test(clientToken))
      throw invalidParameter('clientToken can have up to 64 ASCII characters, in the range of 33-126.')
    const remembered = this.#tokens.get(`${cluster} ${clientToken}`)
    if (!remembered || remembered.expiresAt <= this.#clock.now().getTime()) return undefined
    // A token lives at most an hour longer than its tasks, which is as long as ECS knows them at all.
    const started = remembered.taskArns.flatMap(arn => this.#store.byArn(arn) ?? [])
    if (started.length === 0) return undefined
    if (remembered.request !== canonical(input))
      throw new AwsError(
        'ConflictException',
        'The provided clientToken is already in use with a different RunTask request.',
        { members: { resourceIds: [...remembered.taskArns] } },
      )
    return { started, refused: remembered.refused }
  }

  /** A request that started nothing is not remembered: its retry may find capacity. */
  remember(cluster: string, input: RunTaskCommandInput, outcome: { started: TaskRecord[]; refused: number }): void {
    if (input.clientToken === undefined || outcome.started.length === 0) return
    this.#tokens.set(`${cluster} ${input.clientToken}`, {
      request: canonical(input),
      taskArns: outcome.started.map(record => record.state.taskArn),
      refused: outcome.refused,
      expiresAt: this.#clock.now().getTime() + longestMemory,
    })
  }
}

/** The same text for the same parameters, in whatever order their members come. */
function canonical({ clientToken: _, ...request }: RunTaskCommandInput): string {
  return JSON.stringify(request, (_key, value) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  )
}
