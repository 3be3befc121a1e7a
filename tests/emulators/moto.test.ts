/** The built bundles against an AWS emulator that is not ours, moved there by AWS_ENDPOINT_URL alone. Skipped where moto is not installed. */
import { afterAll, beforeAll, describe } from 'vitest'
import { config, job, noGates, service, task } from '../deploy/targets.ts'
import { intents } from './intents.ts'
import { isInstalled } from './moto.ts'
import { pushes } from './pushes.ts'
import { records } from './records.ts'
import { rollouts } from './rollouts.ts'
import { type StackOnMoto, stackOnMoto } from './stack-on-moto.ts'
import { sweeps } from './sweeps.ts'

describe.skipIf(!isInstalled)('the built bundles on moto', () => {
  let stack: StackOnMoto
  const it = () => stack

  beforeAll(async () => {
    stack = await stackOnMoto(subnet => {
      const network = { subnets: [subnet], securityGroups: [], publicIp: true }
      // moto does not say when a task started: what has to stay up for a while would never have.
      const verify = { withinMs: 15 * 60_000, settleMs: 0 }
      // Nor does it tell pushes of one second apart.
      const of = (name: string) => ({
        name,
        repository: `acme/${name}`,
        tags: { kind: 'semver', range: '^1' } as const,
      })
      const serviceOf = (name: string) => service(of(name), { service: name, verify })
      const copiesOf = (name: string, count: number) => task(of(name), { count, network, verify })
      const approved = { ...noGates, needsApproval: true }
      const scanned = { ...noGates, scan: { severity: 'HIGH', withinMs: 60 * 60_000, otherwise: 'hold' } } as const
      return config(
        service(),
        job({}, { network }),
        task({}, { count: 12, network }),
        serviceOf('api'),
        serviceOf('asleep'),
        copiesOf('copies', 2),
        copiesOf('held', 1),
        { ...copiesOf('approved', 1), gates: approved },
        { ...copiesOf('scanned', 1), gates: scanned },
        { ...copiesOf('missed', 1), cluster: 'night' },
      )
    })
  }, 60_000)

  afterAll(() => stack?.close())

  describe('pushes', () => pushes(it))
  describe('task events', () => records(it))
  describe('rollouts', () => rollouts(it))
  describe('intents', () => intents(it))
  describe('sweeps', () => sweeps(it))
})
