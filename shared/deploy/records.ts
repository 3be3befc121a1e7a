/** What deploying keeps on record: the head of each target, its deployments, and the decisions that deployed nothing. */
import type { Amount } from '../cost/amount.ts'
import { pagesOf } from '../pages.ts'
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
  /** An operator deploys anew what runs already: a service then gets new copies of the same revision. */
  isRedeploy?: boolean
  /** The desired count that the service gets back from zero. */
  restores?: number
  image: DeployedImage
  /** What led to it: a push, what the sweep found, or what an operator (`by`) asked for. Account and Region are the registry's. */
  event: { id: string; at: string; account: string; region: string; by?: string }
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
  /** The deployment whose job or `before` task may still be running: nothing newer starts before it has ended. */
  busy?: number
  /** Digests that must not run here again until they are released. */
  quarantine: Quarantined[]
  /** What an operator went back from: only what is newer goes forward again, or a release. */
  floor?: { image: DeployedImage; because: string; at: string }
  /** What a service's desired count was before Farguard, with nothing to go back to, set it to zero: the next deployment restores it. */
  emptied?: { from: number; at: string }
  /** When an operator last lifted quarantines and the floor: what failed before may be tried again. */
  releasedAt?: string
}

export interface Quarantined {
  digest: string
  because: string
  at: string
}

/** What people say about a target, and what waits for them or for a gate: beside the head, which may not exist yet. */
export interface TargetGate {
  target: string
  version: number
  /** An operator's hold: nothing is deployed but by name. */
  hold?: { because: string; by: string; at: string }
  /** A budget that holds deployments back, as the guard found it. `until`: when its period ends. */
  budgetHold?: { budget: string; detail: string; at: string; until: string }
  /** The guard has stopped its copies: none is started until it wakes them. Of `task` targets only: a service has its count. */
  asleep?: { because: string; since: string }
  /** Newest first, bounded. */
  approvals: { digest: string; tag: string; by: string; at: string }[]
  /** What waits. When the gate opens the newest goes, whatever it is then. */
  parked?: { image: DeployedImage; reason: string; detail: string; since: string; until?: string }
  /** Images that run, or would be gone back to, and that ECR can't give any more. */
  gone: { digest: string; how: 'deleted' | 'archived'; at: string; what: string }[]
}

/** One deployment of one target: every attempt to start it, and what came of it. */
export interface Deployment extends Claim {
  target: string
  version: number
  state: DeploymentState
  /** `containers`: what judging its tasks needs to know of the revision. */
  revision?: { arn: string; fingerprint: string; containers?: { essential: string[]; isHealthChecked: boolean } }
  /** When it went on record: a start has its deadline from then. */
  begunAt?: string
  attempts: Attempt[]
  /** Its own tasks that have ended, as far as their attempts are still listed. */
  gone?: GoneTask[]
  /** The `before` task has exited with 0. */
  preparedAt?: string
  /** When its calls were first all made. */
  startedAt?: string
  /** The service has a desired count of zero: it is verified when it wakes. */
  isParked?: boolean
  /** When a parked service was seen awake: its deadline counts from here. */
  wokeAt?: string
  succeededAt?: string
  /** Its copies have been stopped, because a newer deployment succeeded. */
  retiredAt?: string
  /** What it adds a month to what is spent, against what ran before; once the guard has priced it. Of jobs never: they end. */
  addsPerMonth?: Amount
  /** Why it failed, was stopped, or who overtook it. */
  ended?: { reason: string; detail: string; at: string; quarantines?: boolean }
  /** What follows from its state and is still to be done. */
  todo?: 'retire-older' | 'undo'
  /** What a failure was answered with. `to`: the deployment whose image runs instead. */
  undone?: { at: string; by: 'farguard' | 'ecs'; what: string; to?: number }
}

/**
 * starting (calls are being made) → started (they are; being verified) → succeeded. Or failed, and then rolled-back when what ran
 * before runs again; stopped (a job that somebody stopped); superseded (by a newer push, before it had succeeded).
 */
export const deploymentStates = [
  'starting',
  'started',
  'succeeded',
  'failed',
  'rolled-back',
  'stopped',
  'superseded',
] as const
export type DeploymentState = (typeof deploymentStates)[number]

/** A claim's deployment before anything of it is on record. */
export function draftOf(claim: Claim, target: string): Deployment {
  return { ...claim, target, version: 0, state: 'starting', attempts: [] }
}

/** Whether it came to run and was not given up or overtaken before. An older one that is `started` still is a job that runs. */
export function hasRun(deployment: Deployment): boolean {
  return deployment.startedAt !== undefined && isStanding(deployment)
}

/** Whether it is still being started or verified. */
export function isOpen({ state }: Pick<Deployment, 'state'>): boolean {
  return state === 'starting' || state === 'started'
}

/** Whether a deployment counts as what runs: what failed, or was stopped or overtaken before it had done its work, does not. */
export function isStanding(deployment: {
  state?: DeploymentState | undefined
  startedAt?: string | undefined
}): boolean {
  switch (deployment.state) {
    case 'failed':
    case 'rolled-back':
    case 'superseded':
      return false
    case 'stopped':
      return deployment.startedAt !== undefined
    default:
      return true
  }
}

export interface GoneTask {
  arn: string
  at: string
  /** How it ended, in the words of shared/status. */
  how: string
  /** Whether another one is to be started without counting this as a failure of the rollout. */
  isNobodysFault: boolean
}

/** One call that starts something, on record before it is made. Without an outcome it may or may not have had its effect. */
export interface Attempt {
  number: number
  at: string
  /** Absent: it starts what the deployment is about. */
  purpose?: 'before'
  /** `was`: the revision that the service was on. `isForced`: an operator's redeploy. `desiredCount`: where it gets copies back. */
  call:
    | {
        operation: 'UpdateService'
        cluster: string
        service: string
        revision: string
        was?: string
        isForced?: boolean
        desiredCount?: number
      }
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
  verdict: 'skip' | 'hold' | 'retry' | 'refuse' | 'warn'
  reason: string
  detail: string
  before?: Claim['before']
}

const schema = 1
/** 1: `started` was the end of a deployment, which nobody verified. */
const deploymentSchema = 2
const headKey = 'HEAD'
const gateKey = 'GATE'
const deploymentKey = (number: number) => `DEPLOYMENT#${String(number).padStart(8, '0')}`
const targetKey = (target: string) => `TARGET#${target}`
export const tagKey = (repository: string, tag: string) => `${repository}:${tag}`
export const digestKey = (repository: string, digest: string) => `${repository}@${digest}`

export interface KnownTarget {
  head?: TargetHead
  gate?: TargetGate
  /** The newest deployment on record: the one that the head names, unless that was claimed and nothing else yet. */
  newest?: Deployment
}

/** A target's head, gate and newest deployment on record, in one read: `GATE` and `HEAD` sort right after all of `DEPLOYMENT#`. */
export async function readTarget(table: Table, target: string): Promise<KnownTarget> {
  const { records } = await table.query({ by: 'pk', equals: targetKey(target), newestFirst: true, limit: 3 })
  const head = records.find(record => record.sk === headKey)
  const gate = records.find(record => record.sk === gateKey)
  const newest = records.find(record => record.sk !== headKey && record.sk !== gateKey)
  return {
    ...(head && { head: content<TargetHead>(head) }),
    ...(gate && { gate: content<TargetGate>(gate) }),
    ...(newest && { newest: deploymentOf(newest) }),
  }
}

/** As readTarget, of many, with a few batched reads in place of one each. */
export async function readTargets(table: Table, targets: readonly string[]): Promise<Map<string, KnownTarget>> {
  const keys = targets.flatMap(target => [headKey, gateKey].map(sk => ({ pk: targetKey(target), sk })))
  const known = new Map<string, KnownTarget>(targets.map(target => [target, {}]))
  const records = await table.getMany(keys)
  for (const record of records) {
    const of = known.get(String(record.target))
    if (of && record.sk === headKey) of.head = content<TargetHead>(record)
    if (of && record.sk === gateKey) of.gate = content<TargetGate>(record)
  }
  const newest = [...known].flatMap(([target, { head }]) =>
    head ? [{ pk: targetKey(target), sk: deploymentKey(head.current.number) }] : [],
  )
  for (const record of await table.getMany(newest)) {
    const of = known.get(String(record.target))
    if (of) of.newest = deploymentOf(record)
  }
  return known
}

/** Writes the gate as its next version; false when somebody else has written it since it was read. */
export function writeGate(
  table: Table,
  gate: Omit<TargetGate, 'version'>,
  seen: TargetGate | undefined,
  at: string,
): Promise<boolean> {
  const key = { pk: targetKey(gate.target), sk: gateKey, schema, version: (seen?.version ?? 0) + 1, at }
  return table.put({ ...gate, ...key }, seen ? { version: seen.version } : 'absent')
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
  return record && deploymentOf(record)
}

/** The deployments of a target on record, newest first; read page by page as they are asked for. */
export async function* deploymentsOf(table: Table, target: string): AsyncGenerator<Deployment> {
  const query = { by: 'pk', equals: targetKey(target), skPrefix: 'DEPLOYMENT#', newestFirst: true, limit: 20 } as const
  for await (const page of pagesOf(table, query)) yield* page.map(deploymentOf)
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
      schema: deploymentSchema,
      at: next.claimedAt,
      tagKey: tagKey(next.image.repository, next.image.tag),
      digestKey: digestKey(next.image.repository, next.image.digest),
    },
    seen === 0 ? 'absent' : { version: seen },
  )
  return stored ? written : undefined
}

/** Whether this very decision, with its reason, is on record. */
export async function hasDecision(table: Table, { target, event, image, reason }: DecisionRecord): Promise<boolean> {
  const record = await table.get(`DECISIONS#${target}`, `${event.id}#${image.digest}`)
  return record?.reason === reason
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
  return found.map(record => ('attempts' in record ? deploymentOf(record) : content<DecisionRecord>(record)))
}

function deploymentOf(record: StoredRecord): Deployment {
  const deployment = content<Deployment>(record)
  if (record.schema >= deploymentSchema || deployment.state !== 'started') return deployment
  const { startedAt: succeededAt, where } = deployment
  return {
    ...deployment,
    state: 'succeeded',
    ...(succeededAt !== undefined && { succeededAt }),
    ...(where.kind === 'task' && { todo: 'retire-older' }),
  }
}

/** A record without the members that only the table needs. What it holds was written by the functions above. */
function content<T>(record: StoredRecord): T {
  const { pk: _pk, sk: _sk, schema: _schema, tagKey: _tagKey, digestKey: _digestKey, ...rest } = record
  return rest as T
}
