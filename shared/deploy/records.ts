/** What deploying keeps on record: the head of each target, its deployments, and the decisions that deployed nothing. */
import type { RunRequest, StoredRecord, Table } from '../ports.ts'

/** An image as a push named it. */
export interface DeployedImage {
  repository: string
  tag: string
  digest: string
  /** ISO 8601; absent when ECR did not say. */
  pushedAt?: string
}

/** A deployment as the head names it. */
export interface Claim {
  number: number
  /** 6 letters and digits that no other deployment has, of this stack or another: ECS's `startedBy` and clientToken are made of it. */
  id: string
  /** Rises when an operator deploys a digest anew that ran already. */
  generation: number
  image: DeployedImage
  /** The event that led to it. */
  event: { id: string; at: string; account: string; region: string }
  claimedAt: string
  /** Why it was decided so, in one line for people. */
  because: string
  /** What the target ran when it was decided. */
  before?: { tag?: string; digest?: string; number?: number }
  where: Place
}

/** Where a target runs: what was started elsewhere says nothing about what runs here. */
export interface Place {
  kind: 'service' | 'task' | 'job'
  cluster: string
  service?: string
}

/** The lock, the order and the truth of one target: every claim is one compare-and-set on it. */
export interface TargetHead {
  target: string
  version: number
  current: Claim
  /** The claims before, newest first, bounded: what can be gone back to, and whose revisions can be used again. */
  earlier: Claim[]
  /** Numbers of deployments that never counted and may have started copies all the same: still to be stopped. */
  unsettled: number[]
  /** Digests that must not run here again until they are released. */
  quarantine: { digest: string; because: string; at: string }[]
}

/** One deployment of one target and every attempt to start it. */
export interface Deployment extends Claim {
  target: string
  version: number
  state: DeploymentState
  revision?: { arn: string; fingerprint: string }
  attempts: Attempt[]
  /** Why it failed, or who overtook it. */
  ended?: { reason: string; detail: string; at: string }
  startedAt?: string
}

/** starting → started; or failed (for good), or superseded (by a newer push, before it had started). */
export type DeploymentState = 'starting' | 'started' | 'failed' | 'superseded'

/** One call that starts something, on record before it is made. Without an outcome it may or may not have had its effect. */
export interface Attempt {
  number: number
  at: string
  call:
    | { operation: 'UpdateService'; cluster: string; service: string; revision: string }
    | ({ operation: 'RunTask' } & RunRequest)
  outcome?: {
    at: string
    /** ARNs of the tasks that started. */
    tasks?: string[]
    /** ECS's id of the service deployment that rolls the revision out. */
    serviceDeployment?: string
    failures?: string[]
    /** Whether anything started besides what is named here can't be found out any more. */
    isLost?: boolean
  }
}

/** A decision that deployed nothing, or could not. One an event and target. */
export interface DecisionRecord {
  target: string
  at: string
  event: { id: string; at: string }
  image: { repository: string; tag: string; digest: string }
  verdict: 'skip' | 'retry' | 'refuse'
  reason: string
  detail: string
  before?: Claim['before']
}

const schema = 1
const headKey = 'HEAD'
const deploymentKey = (number: number) => `DEPLOYMENT#${String(number).padStart(8, '0')}`
const targetKey = (target: string) => `TARGET#${target}`
export const tagKey = (repository: string, tag: string) => `${repository}:${tag}`
export const digestKey = (repository: string, digest: string) => `${repository}@${digest}`

export interface KnownTarget {
  head?: TargetHead
  /** The newest deployment on record: the one that the head names, unless that was claimed and nothing else yet. */
  newest?: Deployment
}

/** The head of a target with its newest deployment on record, in one read: `HEAD` sorts right after all of `DEPLOYMENT#`. */
export async function readTarget(table: Table, target: string): Promise<{ head?: TargetHead; newest?: Deployment }> {
  const { records } = await table.query({ by: 'pk', equals: targetKey(target), newestFirst: true, limit: 2 })
  const head = records.find(record => record.sk === headKey)
  const newest = records.find(record => record.sk !== headKey)
  return { ...(head && { head: content<TargetHead>(head) }), ...(newest && { newest: content<Deployment>(newest) }) }
}

/** Makes `claim` what the head is about; false when the head is no longer the one that `seen` shows. */
export function writeHead(
  table: Table,
  head: Omit<TargetHead, 'version'>,
  seen: TargetHead | undefined,
): Promise<boolean> {
  return table.put(
    {
      ...head,
      pk: targetKey(head.target),
      sk: headKey,
      schema,
      version: (seen?.version ?? 0) + 1,
      at: head.current.claimedAt,
    },
    seen ? { version: seen.version } : 'absent',
  )
}

export async function readDeployment(table: Table, target: string, number: number): Promise<Deployment | undefined> {
  const record = await table.get(targetKey(target), deploymentKey(number))
  return record && content<Deployment>(record)
}

/** The deployments of a target on record, newest first; read page by page as they are asked for. */
export async function* deploymentsOf(table: Table, target: string): AsyncGenerator<Deployment> {
  let from: string | undefined
  do {
    const page = await table.query({
      by: 'pk',
      equals: targetKey(target),
      skPrefix: 'DEPLOYMENT#',
      newestFirst: true,
      limit: 20,
      ...(from !== undefined && { from }),
    })
    yield* page.records.map(record => content<Deployment>(record))
    from = page.next
  } while (from !== undefined)
}

/** Writes a deployment as its next version; undefined when somebody else has written it since it was read. */
export async function writeDeployment(table: Table, next: Deployment): Promise<Deployment | undefined> {
  const seen = next.version
  const written = { ...next, version: seen + 1 }
  const stored = await table.put(
    {
      ...written,
      pk: targetKey(next.target),
      sk: deploymentKey(next.number),
      schema,
      at: next.claimedAt,
      tagKey: tagKey(next.image.repository, next.image.tag),
      digestKey: digestKey(next.image.repository, next.image.digest),
    },
    seen === 0 ? 'absent' : { version: seen },
  )
  return stored ? written : undefined
}

/** Keeps a decision; the same event decided again on the same image replaces it. */
export async function recordDecision(table: Table, decision: DecisionRecord): Promise<void> {
  const { repository, tag, digest } = decision.image
  await table.put(
    {
      ...decision,
      pk: `DECISIONS#${decision.target}`,
      sk: `${decision.event.id}#${digest}`,
      schema,
      version: 1,
      tagKey: tagKey(repository, tag),
      digestKey: digestKey(repository, digest),
    },
    'any',
  )
}

/** What is on record of an image: deployments and decisions, newest first. */
export async function recordsOfImage(
  table: Table,
  image: { repository: string } & ({ tag: string } | { digest: string }),
  limit: number,
): Promise<(Deployment | DecisionRecord)[]> {
  const found: StoredRecord[] = []
  let from: string | undefined
  do {
    const page = await table.query({
      ...('tag' in image
        ? { by: 'tagKey', equals: tagKey(image.repository, image.tag) }
        : { by: 'digestKey', equals: digestKey(image.repository, image.digest) }),
      newestFirst: true,
      limit: limit - found.length,
      ...(from !== undefined && { from }),
    })
    found.push(...page.records)
    from = page.next
  } while (from !== undefined && found.length < limit)
  return found.map(record => content<Deployment | DecisionRecord>(record))
}

/** A record without the members that only the table needs. What it holds was written by the functions above. */
function content<T>(record: StoredRecord): T {
  const { pk: _pk, sk: _sk, schema: _schema, tagKey: _tagKey, digestKey: _digestKey, ...rest } = record
  return rest as T
}
