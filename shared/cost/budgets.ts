/** What has been spent of each budget of farguard.yml, by whose account, and what keeps it from stopping anything. */
import { clustersOf } from '../config/clusters.ts'
import type { Budget, Config } from '../config/config.ts'
import type { AwsBudget, BudgetAnswer, GuardWorld } from '../ports.ts'
import { type Amount, sumOf, times } from './amount.ts'
import { answerOf, type BudgetReading, keepReading } from './budget-records.ts'
import type { CostDay } from './ledger-records.ts'
import { type Ledger, type MeteredSpend, mayPick, meteredOf, readLedger } from './metered.ts'
import { dollars } from './money.ts'
import { awsPeriod, hoursLeft, limitAt, ownPeriod, type Period } from './periods.ts'
import type { Spend } from './spend.ts'
import { isCovered, type Subject } from './subject.ts'

/** A budget as it stands now. */
export interface BudgetState {
  budget: Budget
  spend: Spend
  /** Why it can't stop or hold anything; one line. It still warns where its figures are known. */
  problem?: string
}

/** What runs, and what it costs an hour. */
export interface Running {
  subject: Subject
  costPerHour: Amount
}

/** Where budgets are read. `accountId`: absent where it is not known, so that AWS's can't be read. */
export interface BudgetPlace {
  world: Pick<GuardWorld, 'table' | 'budgets' | 'log'>
  accountId?: string
  running: readonly Running[]
  /** Clusters that could not be looked at: what runs there is not among `running`. */
  unseen?: readonly string[]
  /** Days of the ledger that are newer than on record. */
  fresh?: readonly CostDay[]
  now: Date
}

/** Every budget of farguard.yml, in its order. A budget that can't be read keeps no other one from being read. */
export async function readBudgets(config: Config, place: BudgetPlace): Promise<BudgetState[]> {
  const { budgets } = config
  if (budgets.length === 0) return []
  const { world, now, fresh = [] } = place
  const answers = await askAws(budgets, place)
  const known = budgets.map(budget => ({ budget, standing: standingOf(budget, answers, now) }))
  const earliest = known.map(({ standing }) => standing.period.from).sort()[0] ?? now.toISOString()
  const ledger = await readLedger(world.table, clustersOf(config), earliest, now, fresh)
  return Promise.all(known.map(({ budget, standing }) => stateOf(budget, standing, ledger, config, place)))
}

async function askAws(
  budgets: readonly Budget[],
  { world, accountId }: BudgetPlace,
): Promise<Map<string, BudgetAnswer>> {
  const names = [...new Set(budgets.flatMap(({ limit }) => (limit.from === 'aws' ? [limit.budget] : [])))]
  if (names.length === 0) return new Map()
  const unreadable = (why: string) => new Map(names.map(name => [name, { name, unreadable: why }]))
  if (accountId === undefined) return unreadable('the account is not known')
  try {
    return new Map((await world.budgets.read(accountId, names)).map(answer => [answer.name, answer]))
  } catch (error) {
    world.log.warn('budgets not read', { error })
    return unreadable(error instanceof Error ? error.message : String(error))
  }
}

/** What a budget is measured by, before anything of it was metered. */
interface Standing {
  /** Where AWS tells none: the month. */
  period: Period
  limit: Amount
  reported?: Amount
  forecast?: Amount
  answer?: BudgetReading['answer']
  problem?: string
}

function standingOf({ limit }: Budget, answers: ReadonlyMap<string, BudgetAnswer>, now: Date): Standing {
  if (limit.from === 'own') return { period: ownPeriod(limit.per, now), limit: { usd: limit.usd } }
  const answer = answers.get(limit.budget) ?? { name: limit.budget, missing: true }
  const kept = answerOf(answer)
  if ('found' in answer) return { ...standingInAws(limit.budget, answer.found, now), answer: kept }
  const problem =
    'missing' in answer
      ? `AWS Budgets has no budget ${limit.budget} in this account`
      : `AWS budget ${limit.budget} could not be read: ${answer.unreadable}`
  return { ...notKnown(problem, now), answer: kept }
}

function notKnown(problem: string, now: Date): Standing {
  const unknown = { unknown: problem }
  return { period: ownPeriod('month', now), limit: unknown, reported: unknown, forecast: unknown, problem }
}

function standingInAws(name: string, found: AwsBudget, now: Date): Standing {
  const wrongKind = kindProblem(name, found)
  if (wrongKind !== undefined) return notKnown(wrongKind, now)
  const period = awsPeriod(found, now)
  if ('none' in period) return notKnown(`AWS budget ${name} has no period now. ${period.none}`, now)
  const limit = limitAt(found, now)
  const problem = limit === undefined ? `AWS budget ${name} has no limit for this period` : healthProblem(name, found)
  return {
    period,
    limit: amountOf(limit, 'AWS tells no limit for this period'),
    reported: amountOf(found.actual, 'AWS has not reported any spend of it yet'),
    forecast: amountOf(found.forecast, 'AWS makes no forecast of it: that takes about five weeks of spend'),
    ...(problem !== undefined && { problem }),
  }
}

/** Its figures are no dollars, or none of costs. */
function kindProblem(name: string, { type, unit }: AwsBudget): string | undefined {
  if (type !== 'COST') return `AWS budget ${name} is of type ${type}: only a COST budget says what was spent`
  if (unit !== 'USD')
    return `AWS budget ${name} is in ${unit ?? 'no unit that AWS tells'}: only US dollars are compared`
  return undefined
}

function healthProblem(name: string, { health }: AwsBudget): string | undefined {
  return health === undefined || health === 'HEALTHY'
    ? undefined
    : `AWS says that budget ${name} is ${health}: its figures may be wrong`
}

function amountOf(usd: number | undefined, why: string): Amount {
  return usd === undefined ? { unknown: why } : { usd }
}

async function stateOf(
  budget: Budget,
  standing: Standing,
  ledger: Ledger,
  config: Config,
  place: BudgetPlace,
): Promise<BudgetState> {
  const { world, now } = place
  const metered = meteredOfBudget(budget, standing.period, ledger, config, now)
  const perHour = perHourOf(budget, config, place)
  const told = spendOf(standing, metered, perHour, now)
  const kept = standing.answer && (await keepReading(world.table, readingOf(budget, standing.answer, told, now)))
  const spend = kept ? withoutOld(told, kept) : told
  const since = kept?.at
  const problem = standing.problem ?? coversProblem(budget)
  if (problem === undefined) return { budget, spend }
  const isOld = since !== undefined && since < now.toISOString() && standing.answer && !('found' in standing.answer)
  return { budget, spend, problem: isOld ? `${problem} (since ${since})` : problem }
}

/** A period that has begun has the old one's figures until AWS refreshes them, half a day later: those are none of its own. */
function withoutOld(spend: Spend, { before }: BudgetReading): Spend {
  if (!before) return spend
  const { drift: _drift, reported, forecast, ...rest } = spend
  const unless = (amount: Amount | undefined, old: number | undefined): Amount | undefined =>
    amount && 'usd' in amount && amount.usd !== 0 && amount.usd === old
      ? { unknown: `AWS still says ${dollars(old)}, as in the period before: it has not reported of this one` }
      : amount
  const [nowReported, nowForecast] = [unless(reported, before.actual), unless(forecast, before.forecast)]
  return { ...rest, ...(nowReported && { reported: nowReported }), ...(nowForecast && { forecast: nowForecast }) }
}

function coversProblem({ name, covers }: Budget): string | undefined {
  return covers.length === 0 ? `budgets.${name} has no covers: it can only warn` : undefined
}

function meteredOfBudget(
  { name, covers }: Budget,
  period: Period,
  ledger: Ledger,
  config: Config,
  now: Date,
): MeteredSpend {
  if (covers.length === 0) return { amount: { unknown: `budgets.${name} has no covers: nothing of it is metered` } }
  return meteredOf(covers, period, ledger, { clusters: clustersOf(config), config }, now)
}

function spendOf(
  { period, limit, reported, forecast }: Standing,
  { amount: metered, since }: MeteredSpend,
  perHour: Amount,
  now: Date,
): Spend {
  const drift =
    reported && 'usd' in reported && 'usd' in metered && since === undefined
      ? { usd: reported.usd - metered.usd }
      : undefined
  return {
    period,
    limit,
    metered,
    ...(since !== undefined && { meteredSince: since }),
    perHour,
    projected: sumOf([metered, times(perHour, hoursLeft(period, now))]),
    ...(reported && { reported }),
    ...(forecast && { forecast }),
    ...(drift && { drift }),
  }
}

/** Of what it covers; where that may run in a cluster that could not be looked at, it is not known. */
function perHourOf({ covers }: Budget, config: Config, { running, unseen = [] }: BudgetPlace): Amount {
  const hidden = unseen.find(cluster => covers.some(selector => mayPick(selector, cluster, config)))
  if (hidden !== undefined) return { unknown: `what runs in cluster ${hidden} could not be looked at` }
  return sumOf(running.map(({ subject, costPerHour }) => coveredPerHour(covers, subject, costPerHour)))
}

function coveredPerHour(covers: Budget['covers'], subject: Subject, costPerHour: Amount): Amount {
  const covered = isCovered(covers, subject)
  if (covered === 'unknown') return { unknown: `the tags of something in cluster ${subject.cluster} could not be read` }
  return covered ? costPerHour : { usd: 0 }
}

function readingOf({ name }: Budget, answer: BudgetReading['answer'], spend: Spend, now: Date): BudgetReading {
  return {
    budget: name,
    at: now.toISOString(),
    answer,
    period: spend.period,
    ...('usd' in spend.metered && { meteredUsd: spend.metered.usd }),
    ...(spend.drift && 'usd' in spend.drift && { driftUsd: spend.drift.usd }),
  }
}
