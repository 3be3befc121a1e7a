/** An account's clock, randomness and names, without any service. */
import { SimulatedClock } from '../../local/account/clock.ts'
import { seededRandom } from '../../local/account/random.ts'

export function accountContext({ at = '2026-03-01T22:00:00.250Z', seed = 1 } = {}) {
  return {
    clock: new SimulatedClock(at),
    accountId: '123456789012',
    region: 'eu-central-1',
    registryHost: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
    random: seededRandom(seed),
  }
}
