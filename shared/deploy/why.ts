/** Why an image runs where it runs, or does not: the decisions on record, each with what happened since. */
import type { Amount } from '../cost/amount.ts'
import { dollars } from '../cost/money.ts'
import type { Table } from '../ports.ts'
import {
  type Attempt,
  type DecisionRecord,
  type Deployment,
  readDeployment,
  readTarget,
  recordsOfImage,
} from './records.ts'

export type ImageName = { repository: string } & ({ tag: string } | { digest: string })

/** One decision for one target. Times are ISO 8601. */
export interface Story {
  target: string
  at: string
  verdict: 'deploy' | DecisionRecord['verdict']
  /** One word for programs. */
  reason: string
  /** One line for people. */
  because: string
  image: { repository: string; tag: string; digest: string }
  event: { id: string; at: string }
  /** What the target ran when it was decided; absent when nothing did, or it was not known. */
  before?: Deployment['before']
  deployment?: { number: number; state: Deployment['state']; revision?: string; calls: Event[] }
  /** What happened after the decision, oldest first. */
  since: Event[]
}

export interface Event {
  at: string
  what: string
}

/** Decisions about `image`, newest first, at most `limit`. */
export async function why(image: ImageName, limit: number, table: Table): Promise<Story[]> {
  const records = await recordsOfImage(table, image, limit)
  const deployments = records.filter(record => 'attempts' in record)
  const decisions = records.filter((record): record is DecisionRecord => !('attempts' in record))
  // What delayed a deployment is part of its story, not a decision beside it.
  const isDelayOf = (decision: DecisionRecord, { target, event }: Deployment) =>
    (decision.verdict === 'retry' || decision.verdict === 'refuse') &&
    decision.target === target &&
    decision.event.id === event.id
  const stories = deployments.map(async deployment => {
    const delays = decisions.filter(decision => isDelayOf(decision, deployment))
    return deployed(deployment, delays, await followed(table, deployment))
  })
  const others = decisions.filter(decision => !deployments.some(deployment => isDelayOf(decision, deployment)))
  return [...(await Promise.all(stories)), ...others.map(decided)].sort((a, b) => (a.at < b.at ? 1 : -1))
}

/** The deployment that the target was about next. */
async function followed(table: Table, { target, number, state }: Deployment): Promise<Event[]> {
  if (state !== 'started' && state !== 'succeeded') return []
  const { head } = await readTarget(table, target)
  if (!head || head.current.number <= number) return []
  const claims = [head.current, ...head.earlier]
  const next = claims.find(claim => claim.number === number + 1) ?? (await readDeployment(table, target, number + 1))
  return next ? [{ at: next.claimedAt, what: `followed by #${next.number}, ${next.image.tag}` }] : []
}

/** `acme/web:1.4.2` or `acme/web@sha256:…`; undefined for what is neither. */
export function parseImageName(text: string): ImageName | undefined {
  const [, repository, tag, digest] =
    /^(?!sha256:)([a-z0-9][a-z0-9._/-]*)(?::([\w][\w.-]{0,127})|@(sha256:[0-9a-f]{64}))$/.exec(text) ?? []
  if (repository === undefined) return undefined
  if (tag !== undefined) return { repository, tag }
  return digest === undefined ? undefined : { repository, digest }
}

function decided(record: DecisionRecord): Story {
  const { target, at, verdict, reason, detail, image, event, before } = record
  return { target, at, verdict, reason, because: detail, image, event, ...(before && { before }), since: [] }
}

function deployed(record: Deployment, delays: readonly DecisionRecord[], followedBy: readonly Event[]): Story {
  const { target, claimedAt, because, image, event, before, number, state, revision, attempts } = record
  const waited = delays.map(({ at, reason, detail }) => ({ at, what: `not yet: ${reason}: ${detail}` }))
  const calls = [...attempts.flatMap(attempted), ...waited].sort((a, b) => (a.at < b.at ? -1 : 1))
  return {
    target,
    at: claimedAt,
    verdict: 'deploy',
    reason: state,
    because,
    image,
    event,
    ...(before && { before }),
    deployment: { number, state, ...(revision && { revision: revision.arn }), calls },
    since: [...ownEnd(record), ...followedBy],
  }
}

function attempted({ at, call, outcome }: Attempt): Event[] {
  const doing =
    call.operation === 'UpdateService'
      ? `UpdateService ${call.service} in ${call.cluster}`
      : `RunTask ×${call.count} ${call.capacity} in ${call.cluster}`
  if (!outcome) return [{ at, what: `${doing}: no answer on record yet` }]
  const answers = [
    ...(outcome.serviceDeployment ? [outcome.serviceDeployment] : []),
    ...(outcome.tasks ?? []).map(arn => `task ${arn.slice(arn.lastIndexOf('/') + 1)}`),
    ...(outcome.failures ?? []).map(failure => `failed: ${failure}`),
    ...(outcome.isLost ? ['what came of it was lost'] : []),
  ]
  return [{ at: outcome.at, what: `${doing}: ${answers.join(', ') || 'accepted'}` }]
}

/** What became of it, oldest first. */
function ownEnd(deployment: Deployment): Event[] {
  const {
    preparedAt,
    startedAt,
    wokeAt,
    succeededAt,
    ended,
    undone,
    retiredAt,
    gone = [],
    state,
    addsPerMonth,
  } = deployment
  const moments: [string | undefined, string][] = [
    [preparedAt, 'its before task exited with 0'],
    ...gone
      .filter(({ how }) => how !== 'completed')
      .map(({ at, how }): [string, string] => [at, `lost a task: ${how}`]),
    [startedAt, 'started'],
    [wokeAt, 'the service woke'],
    [succeededAt, `succeeded${addsPerMonth ? `; ${additionText(addsPerMonth)}` : ''}`],
    [ended?.at, ended ? endText(deployment, ended) : ''],
    [undone?.at, undone ? `${state === 'rolled-back' ? 'rolled back: ' : ''}${undone.what}` : ''],
    [retiredAt, 'its copies were stopped: a newer deployment succeeded'],
  ]
  return moments
    .flatMap(([at, what]) => (at === undefined ? [] : [{ at, what }]))
    .sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)))
}

function additionText(adds: Amount): string {
  if ('unknown' in adds) return `what it adds a month is not known: ${adds.unknown}`
  return adds.usd < 0 ? `takes ${dollars(-adds.usd)} a month less` : `adds ${dollars(adds.usd)} a month`
}

function endText({ state }: Deployment, { reason, detail, quarantines }: NonNullable<Deployment['ended']>): string {
  if (state === 'superseded') return `superseded ${detail}`
  if (state === 'stopped') return `stopped: ${detail}`
  return `failed: ${reason}: ${detail}${quarantines ? '; quarantined' : ''}`
}
