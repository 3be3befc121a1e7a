/** ECR's logins: GetAuthorizationToken hands them out, the registry protocol checks them. */
import type * as sdk from '@aws-sdk/client-ecr'
import { type RegistryState, refuseUnmodelled } from './registry.ts'

const lifetimeMs = 12 * 60 * 60 * 1000

/** Tokens of the account. A token is what goes after `Basic ` in an Authorization header: `AWS:<password>` in base64. */
export class Logins {
  readonly #state: RegistryState
  readonly #expiry = new Map<string, Date>()

  constructor(state: RegistryState) {
    this.#state = state
  }

  getAuthorizationToken(input: sdk.GetAuthorizationTokenRequest): sdk.GetAuthorizationTokenResponse {
    const { clock, random, accountId } = this.#state.context
    // Deprecated, and of no effect but this: one answer for each registry named.
    const others = input.registryIds?.filter(id => id !== accountId) ?? []
    refuseUnmodelled('GetAuthorizationToken', { [`registryIds ${others}`]: others.length > 0 })
    const authorizationToken = Buffer.from(`AWS:${random.hex(64)}`).toString('base64')
    const expiresAt = new Date(clock.now().getTime() + lifetimeMs)
    for (const [token, expiry] of this.#expiry) if (expiry <= clock.now()) this.#expiry.delete(token)
    this.#expiry.set(authorizationToken, expiresAt)
    return { authorizationData: [{ authorizationToken, expiresAt, proxyEndpoint: this.#state.endpoint }] }
  }

  accepts(token: string): boolean {
    const expiry = this.#expiry.get(token)
    return expiry !== undefined && expiry > this.#state.context.clock.now()
  }
}
