/** An AWS account in one process: its services behind one door, where calls are counted and faults strike. */
import { AwsError } from './aws-error.ts'
import type { AccountService, Caller } from './context.ts'

/** `ecs:RunTask`, `ecr:DescribeImages`: the names that IAM and the SDK use. */
export type CallName = `${string}:${string}`

/** Strikes once. `before`: the call has no effect; `after`: it has, and the caller is told that it failed. */
export interface Fault {
  when: 'before' | 'after'
  error: AwsError
}

export interface Call {
  name: CallName
  input: unknown
  outcome: 'answered' | { refused: AwsError }
}

export class Account {
  readonly #services: Record<string, AccountService>
  readonly #faults = new Map<CallName, Fault[]>()
  readonly #listeners = new Set<(call: Call) => void>()

  /** `services`: keyed by IAM prefix: ecs, ecr, sqs, sts. */
  constructor(services: Record<string, AccountService>) {
    this.#services = services
  }

  /** The next calls of this name meet these faults, one each, in order. */
  failNext(name: CallName, ...faults: Fault[]): void {
    this.#faults.set(name, [...(this.#faults.get(name) ?? []), ...faults])
  }

  /** Hears of every call after it was answered; gives the function that stops listening. */
  onCall(listener: (call: Call) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  has(service: string, operation: string): boolean {
    return Object.hasOwn(this.#services[service]?.operations ?? {}, operation)
  }

  /** Throws AwsError as the service would. */
  async call(service: string, operation: string, input: unknown, caller: Caller): Promise<unknown> {
    const name: CallName = `${service}:${operation}`
    try {
      const run = this.has(service, operation) ? this.#services[service]?.operations[operation] : undefined
      if (!run) throw new AwsError('UnknownOperationException', `The local account does not have ${name}.`)
      const fault = this.#faults.get(name)?.shift()
      if (fault?.when === 'before') throw fault.error
      const output = await run(input, caller)
      if (fault) throw fault.error
      this.#tell({ name, input, outcome: 'answered' })
      return output
    } catch (error) {
      if (error instanceof AwsError) this.#tell({ name, input, outcome: { refused: error } })
      throw error
    }
  }

  #tell(call: Call): void {
    for (const listener of this.#listeners) listener(call)
  }
}
