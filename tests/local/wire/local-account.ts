/** An account with ECR and STS, and ECS and SQS as far as a test writes them down, behind the wire. */
import { Account } from '../../../local/account/account.ts'
import { SimulatedClock } from '../../../local/account/clock.ts'
import type { AccountContext, AccountService, AwsEvent } from '../../../local/account/context.ts'
import { createEcr } from '../../../local/account/ecr/ecr.ts'
import { seededRandom } from '../../../local/account/random.ts'
import { createSts } from '../../../local/account/sts.ts'
import { inProcessHandler } from '../../../local/wire/in-process.ts'
import { createWire } from '../../../local/wire/wire.ts'

export const registryHost = '123456789012.dkr.ecr.eu-central-1.amazonaws.com'

/** `services`: the operations that the test brings itself. */
export function localAccount(services: Record<string, AccountService['operations']> = {}) {
  const events: AwsEvent[] = []
  const faults: unknown[] = []
  const clock = new SimulatedClock('2026-03-01T22:00:00.750Z')
  const context: AccountContext = {
    clock,
    accountId: '123456789012',
    region: 'eu-central-1',
    registryHost,
    random: seededRandom(1),
    emit: event => events.push(event),
  }
  const ecr = createEcr(context)
  const own = Object.entries(services).map(([name, operations]) => [name, { operations }] as const)
  const account = new Account({ ecr, sts: createSts(context), ...Object.fromEntries(own) })
  const wire = createWire({ account, ecr, onFault: error => faults.push(error) })
  const client = {
    region: 'eu-central-1',
    endpoint: 'http://127.0.0.1',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'test' },
    requestHandler: inProcessHandler(wire),
    maxAttempts: 1,
  }
  return { account, ecr, wire, clock, events, faults, client }
}
