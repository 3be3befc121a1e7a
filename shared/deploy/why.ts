/** Why an image runs where it runs, or does not: the decisions on record, each with what happened since. */
import type { Table } from '../ports.ts'
import {
  type Attempt,
  type DecisionRecord,
  type Deployment,
  readTarget,
  recordsOfImage,
  type TargetHead,
} from './records.ts'

export type ImageName = { repository: string } & ({ tag: string } | { digest: string })

/** One decision for one target. Times are ISO 8601. */
export interface Story {
  target: string
  at: string
  verdict: 'deploy' | 'skip' | 'retry' | 'refuse'
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
  const heads = new Map<string, TargetHead | undefined>()
  for (const { target } of records) if (!heads.has(target)) heads.set(target, (await readTarget(table, target)).head)
  return records.map(record => ('attempts' in record ? deployed(record, heads.get(record.target)) : decided(record)))
}

/** `acme/web:1.4.2` or `acme/web@sha256:…`; undefined for what is neither. */
export function parseImageName(text: string): ImageName | undefined {
  const [, repository, tag, digest] =
    /^([a-z0-9][a-z0-9._/-]*)(?::([\w][\w.-]{0,127})|@(sha256:[0-9a-f]{64}))$/.exec(text) ?? []
  if (repository === undefined) return undefined
  if (tag !== undefined) return { repository, tag }
  return digest === undefined ? undefined : { repository, digest }
}

function decided(record: DecisionRecord): Story {
  const { target, at, verdict, reason, detail, image, event, before } = record
  return { target, at, verdict, reason, because: detail, image, event, ...(before && { before }), since: [] }
}

function deployed(record: Deployment, head: TargetHead | undefined): Story {
  const { target, claimedAt, because, image, event, before, number, state, revision } = record
  return {
    target,
    at: claimedAt,
    verdict: 'deploy',
    reason: state,
    because,
    image,
    event,
    ...(before && { before }),
    deployment: {
      number,
      state,
      ...(revision && { revision: revision.arn }),
      calls: record.attempts.flatMap(attempted),
    },
    since: since(record, head),
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
  ]
  return [{ at: outcome.at, what: `${doing}: ${answers.join(', ') || 'accepted'}` }]
}

function since(deployment: Deployment, head: TargetHead | undefined): Event[] {
  const events: Event[] = []
  if (deployment.startedAt) events.push({ at: deployment.startedAt, what: 'started' })
  if (deployment.ended) {
    const { reason, detail, at } = deployment.ended
    events.push({ at, what: reason === 'superseded' ? `superseded ${detail}` : `failed: ${reason}: ${detail}` })
  }
  const claims = head ? [head.current, ...head.earlier] : []
  const next = claims.filter(claim => claim.number > deployment.number).at(-1)
  if (next && deployment.state === 'started')
    events.push({ at: next.claimedAt, what: `followed by #${next.number}, ${next.image.tag}` })
  return events
}
