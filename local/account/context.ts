/** What every service of the local account shares. */
import type { SimulatedClock } from './clock.ts'

export interface AccountContext {
  clock: SimulatedClock
  accountId: string
  region: string
  /** `host:port` under which images are known, e.g. `123456789012.dkr.ecr.eu-central-1.amazonaws.com`. */
  registryHost: string
  random: Random
  /** Puts an event on the account's default bus, as the service of that `source` does. */
  emit(event: AwsEvent): void
}

/** Reproducible: the same seed gives the same account. */
export interface Random {
  /** 0 inclusive to 1 exclusive */
  next(): number
  /** `digits` lower-case hex digits */
  hex(digits: number): string
  /** A version-4 shaped UUID */
  uuid(): string
}

/** An EventBridge event before the bus adds `version`, `id`, `account`, `region` and `time`. */
export interface AwsEvent {
  source: string
  'detail-type': string
  resources: string[]
  detail: Record<string, unknown>
}

/**
 * One AWS service of the account. `operations` are keyed by AWS's operation name (`RunTask`); input and output are the
 * SDK's own shapes with `Date` for timestamps and `Uint8Array` for blobs; failures are thrown as `AwsError`.
 */
export interface AccountService {
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own shape, checked by the wire against the SDK's schemas
  operations: Record<string, (input: any, caller: Caller) => unknown | Promise<unknown>>
}

export interface Caller {
  accessKeyId: string
}
