/** What each deployment adds a month, on its own record: priced once it has succeeded. */
import type { Config, Target } from '../config/config.ts'
import { type Copies, monthlyAddition, sizeOf } from '../cost/additions.ts'
import type { Amount } from '../cost/amount.ts'
import type { Prices } from '../cost/prices.ts'
import type { Priced } from '../cost/rate.ts'
import { asProblem } from '../deploy/problem.ts'
import { type Deployment, readDeployment, writeDeployment } from '../deploy/records.ts'
import type { GuardWorld, Service } from '../ports.ts'
import type { Seen } from './observe.ts'

/** Each takes a few calls: the rest is the next run's. */
const mostARun = 20

/** Gives what could not be priced, one line each. */
export async function priceDeployments(
  { targets, services }: Pick<Seen, 'targets' | 'services'>,
  prices: Prices,
  config: Config,
  world: GuardWorld,
): Promise<string[]> {
  const problems: string[] = []
  const open = config.targets.flatMap(target => {
    const newest = targets.get(target.name)?.newest
    const { run, cluster } = target
    const service = run.kind === 'service' ? services.get(cluster)?.find(({ name }) => name === run.service) : undefined
    // There is nothing to price by where the service is gone, or could not be looked at: it keeps no other one from its turn.
    const isKnown = run.kind === 'task' || service !== undefined
    const isOpen = newest?.state === 'succeeded' && !newest.todo && !newest.addsPerMonth && isKnown
    return isOpen ? [{ target, newest, service }] : []
  })
  for (const { target, newest, service } of open.slice(0, mostARun)) {
    try {
      const addsPerMonth = await additionOf(newest, target, service, prices, world)
      // Where somebody else has written it since, the next run prices it.
      await writeDeployment(world.table, { ...newest, addsPerMonth })
    } catch (error) {
      const said = asProblem(error, `Pricing ${target.name} #${newest.number}`)
      problems.push(said instanceof Error ? said.message : String(error))
    }
  }
  return problems
}

async function additionOf(
  deployment: Deployment,
  target: Target,
  service: Service | undefined,
  prices: Prices,
  world: GuardWorld,
): Promise<Amount> {
  const where = whereOf(deployment, target, service)
  if ('unknown' in where) return where
  const count = target.run.kind === 'task' ? target.run.count : (service?.desiredCount ?? 0)
  const copiesOf = async (revision: string | undefined): Promise<Copies[]> => {
    const found = revision === undefined ? undefined : await world.fleet.describeTaskDefinition(revision)
    return found ? [{ size: sizeOf(found.definition, where), count }] : []
  }
  const before = await revisionBefore(deployment, world)
  return monthlyAddition(await copiesOf(before), await copiesOf(deployment.revision?.arn), prices)
}

/** Of a service, what it was on; of copies, what the deployment before ran. */
async function revisionBefore({ attempts, before, target }: Deployment, { table }: GuardWorld) {
  const [update] = attempts.flatMap(({ call }) => (call.operation === 'UpdateService' ? [call] : []))
  if (update) return update.was
  if (before?.number === undefined) return undefined
  return (await readDeployment(table, target, before.number))?.revision?.arn
}

/** What copies run on, and whether each has a public address. */
function whereOf(
  { attempts }: Deployment,
  { run }: Target,
  service: Service | undefined,
): Pick<Priced, 'capacityProvider' | 'publicIp'> | { unknown: string } {
  if (run.kind !== 'service') {
    const last = attempts.findLast(({ call, purpose }) => call.operation === 'RunTask' && purpose !== 'before')
    const isSpot = last?.call.operation === 'RunTask' && last.call.capacity === 'spot'
    return { publicIp: run.network.publicIp, ...(isSpot && { capacityProvider: 'FARGATE_SPOT' }) }
  }
  const { capacityProviders = [], network } = service ?? {}
  const isSpot = capacityProviders.includes('FARGATE_SPOT')
  if (isSpot && capacityProviders.length > 1)
    return { unknown: 'which of its copies are on Spot is for ECS to decide, each time' }
  return { ...(network && { publicIp: network.publicIp }), ...(isSpot && { capacityProvider: 'FARGATE_SPOT' }) }
}
