/** What the control plane needs from the world, as small interfaces. Adapters: shared/aws/. */
import type { ControlMessage } from '../events/control-message.ts'

/** The ports and the clock: every use case takes one. */
export interface World {
  clock: Clock
  registry: Registry
  fleet: Fleet
  table: Table
  control: Control
  log: Log
}

/** What undoing needs beside the world. */
export interface ScalingWorld extends World {
  scaling: Scaling
}

/** What the guard needs beside that: what is used, what it costs, and what it may cost. */
export interface GuardWorld extends ScalingWorld {
  metrics: Metrics
  budgets: Budgets
  priceList: PriceList
}

export interface Clock {
  now(): Date
}

/** Structured log: a message and its facts. What is logged is also what `npm start` shows. */
export interface Log {
  info(message: string, facts?: Record<string, unknown>): void
  warn(message: string, facts?: Record<string, unknown>): void
  error(message: string, facts?: Record<string, unknown>): void
}

// ---- images (ECR) ----

export interface Registry {
  /** The images that the tags and digests name, whole (every tag of each). What does not exist is absent from the answer. */
  describeImages(repository: string, ids: readonly ImageId[]): Promise<RegistryImage[]>
  /** Every image of the repository that can be pulled and has a tag, page by page; none when the repository does not exist. */
  listImages(repository: string): AsyncIterable<readonly RegistryImage[]>
  /** What a scan found in an image; of a multi-arch one: in its images for each platform together. */
  scanOf(repository: string, digest: string): Promise<ImageScan>
}

export type ImageId = { tag: string } | { digest: string }

export interface RegistryImage {
  repository: string
  digest: string
  tags: readonly string[]
  /** Absent when ECR did not say. */
  pushedAt?: Date
  /** Where its registry is. `account`: absent when ECR did not say. */
  account?: string
  region: string
  /** ECR keeps it in its archive: it can't be pulled until it is restored. */
  isArchived: boolean
}

/** ECR's severities, worst first. */
export const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL', 'UNDEFINED'] as const
export type Severity = (typeof severities)[number]

export type ImageScan =
  /** A severity without findings is absent. `at`: when the scan ended, ISO 8601. */
  | { state: 'complete'; counts: Partial<Record<Severity, number>>; at?: string }
  | { state: 'pending' }
  /** There is no result and none is on its way: never asked for, failed, or a kind of image that is not scanned. */
  | { state: 'none'; why: string }

/** What images say of themselves, for people who read a decision. Not part of deciding. */
export interface ImageAnnotations {
  /** Annotations and labels by name, such as `org.opencontainers.image.revision`; undefined when there is no such image. */
  annotationsOf(repository: string, image: ImageId): Promise<Record<string, string> | undefined>
}

// ---- clusters, services, tasks (ECS) ----

export interface Fleet {
  describeCluster(cluster: string): Promise<Cluster | undefined>
  /** The service as ECS answers for it now; undefined when the service, or its cluster, does not exist. */
  describeService(cluster: string, service: string): Promise<Service | undefined>
  /** `id`: a family (its latest active revision), `family:revision`, or an ARN. Undefined when there is none. */
  describeTaskDefinition(id: string): Promise<TaskDefinitionRevision | undefined>
  /** Makes a new revision, always; gives its ARN. */
  registerTaskDefinition(definition: TaskDefinition): Promise<string>
  /** Services by name, in any number; what does not exist is absent from the answer. */
  describeServices(cluster: string, services: readonly string[]): Promise<Service[]>
  /** Names of the cluster's services, page by page; none when there is no such cluster. */
  listServices(cluster: string): AsyncIterable<readonly string[]>
  /** The newest rollout of this revision that began at `since` or later, as ECS keeps it for 90 days; undefined when it lists none. */
  serviceRollout(cluster: string, service: string, revision: string, since: Date): Promise<ServiceRollout | undefined>
  updateService(change: ServiceChange): Promise<Service>
  setDesiredCount(cluster: string, service: string, desiredCount: number): Promise<void>
  /** At most 10 copies a call. Answers with what started **and** what did not. */
  runTask(request: RunRequest): Promise<RunAnswer>
  /** Every task, running or lately stopped, that carries this `startedBy`. */
  tasksStartedBy(cluster: string, startedBy: string): Promise<StartedTask[]>
  stopTask(cluster: string, taskArn: string, reason: string): Promise<void>
  /** ARNs of the tasks that are to run, or of those that are stopping or stopped lately, page by page. */
  listTasks(cluster: string, desired: 'running' | 'stopped'): AsyncIterable<readonly string[]>
  /** Tasks in any number, tags included. What ECS does not know (any more, or yet) is absent from the answer. */
  describeTasks(cluster: string, arns: readonly string[]): Promise<Task[]>
  /** Until when tasks are protected from scaling in, by ARN; a task that is not, or can't be, is absent. */
  taskProtection(cluster: string, arns: readonly string[]): Promise<ReadonlyMap<string, Date>>
}

export interface ServiceChange {
  cluster: string
  service: string
  revision: string
  /** Rolls out anew even when nothing changes. */
  isForced?: boolean
  /** Stays as it is where absent. */
  desiredCount?: number
}

/** A task as ECS tells of it, by an event or by DescribeTasks. Times are ISO 8601. What ECS did not say is absent, never guessed. */
export interface Task {
  arn: string
  /** The cluster's name. */
  cluster: string
  /** Rises with every change that has an event. */
  version: number
  lastStatus: string
  desiredStatus?: string
  group?: string
  startedBy?: string
  /** ARN of the revision that it runs. */
  revision?: string
  /** FARGATE, EC2, EXTERNAL, MANAGED_INSTANCES */
  launchType?: string
  capacityProvider?: string
  /** CPU units: 1,024 are one vCPU. */
  cpu?: number
  memoryMib?: number
  ephemeralStorageGib?: number
  /** x86_64, arm64 */
  architecture?: string
  /** Linux, Windows Server … */
  platformFamily?: string
  /** Only where ECS was asked: no event tells it. */
  health?: string
  stopCode?: string
  stoppedReason?: string
  createdAt?: string
  pullStartedAt?: string
  pullStoppedAt?: string
  /** When its network interface was there. */
  connectivityAt?: string
  startedAt?: string
  stoppingAt?: string
  executionStoppedAt?: string
  stoppedAt?: string
  containers: TaskContainer[]
  /** Only where ECS was asked. */
  tags?: Record<string, string>
}

export interface TaskContainer {
  name: string
  image?: string
  digest?: string
  lastStatus?: string
  /** Absent is not 0. */
  exitCode?: number
  reason?: string
  health?: string
}

export interface Cluster {
  name: string
  arn: string
  /** PROVISIONING, ACTIVE, INACTIVE, FAILED, DEPROVISIONING; kept as ECS says it. */
  status: string
  capacityProviders: readonly string[]
}

export interface Service {
  name: string
  arn: string
  status: string
  /** Absent when the service uses a capacity-provider strategy. */
  launchType?: string
  capacityProviders: readonly string[]
  /** ECS (also when absent from the answer), CODE_DEPLOY or EXTERNAL. */
  controller: string
  /** ARN of the revision that the service is to run now. */
  revision: string
  desiredCount: number
  runningCount: number
  pendingCount: number
  /** Where its tasks run, as the service has it. */
  network?: Network
  /** Absent when ECS did not say. */
  createdAt?: Date
  /** Absent when ECS did not say: that is not none. */
  tags?: Record<string, string>
  /** ARNs of the load balancers' target groups that its tasks are in. */
  targetGroups?: readonly string[]
  deployments: readonly ServiceDeployment[]
}

export interface ServiceDeployment {
  id: string
  /** PRIMARY, ACTIVE */
  status: string
  revision: string
  /** IN_PROGRESS, COMPLETED, FAILED; absent for controllers other than ECS. */
  rolloutState?: string
  rolloutReason?: string
  failedTasks: number
  /** Absent when ECS did not say. */
  createdAt?: Date
}

/** What ECS says of one service deployment: the verdict on a rollout. */
export interface ServiceRollout {
  arn: string
  /** PENDING, SUCCESSFUL, STOPPED, STOP_REQUESTED, IN_PROGRESS, ROLLBACK_REQUESTED, ROLLBACK_IN_PROGRESS, ROLLBACK_SUCCESSFUL, ROLLBACK_FAILED */
  status: string
  reason?: string
  startedAt?: Date
  finishedAt?: Date
  /** The revision that ECS went back to, or is going back to. */
  rolledBackTo?: string
}

/** A task definition as RegisterTaskDefinition takes it: the parts we touch by name, all others kept as they are. */
export interface TaskDefinition {
  family: string
  containerDefinitions: ContainerDefinition[]
  tags?: { key: string; value: string }[]
  [other: string]: unknown
}

export interface ContainerDefinition {
  name: string
  image?: string
  essential?: boolean
  [other: string]: unknown
}

export interface TaskDefinitionRevision {
  arn: string
  /** ACTIVE, INACTIVE, DELETE_IN_PROGRESS */
  status: string
  definition: TaskDefinition
}

/** One RunTask call, exactly as it goes on record before it is made. */
export interface RunRequest {
  cluster: string
  revision: string
  /** 1 to 10 */
  count: number
  capacity: 'on-demand' | 'spot'
  network?: Network
  startedBy: string
  clientToken: string
  tags: { key: string; value: string }[]
  /** Another command for one container. */
  override?: { container: string; command: string[] }
}

export interface Network {
  subnets: string[]
  securityGroups: string[]
  publicIp: boolean
}

export interface RunAnswer {
  tasks: StartedTask[]
  failures: { reason: string; detail?: string }[]
}

export interface StartedTask {
  arn: string
  lastStatus: string
}

// ---- autoscaling (Application Auto Scaling) ----

export interface Scaling {
  /** What scales these services, by service; a service that nothing scales is absent. */
  targetsOf(cluster: string, services: readonly string[]): Promise<ReadonlyMap<string, ScalingTarget>>
  /** Suspends or resumes what scales a service; its bounds stay as they are. */
  suspend(cluster: string, service: string, suspended: Suspended): Promise<void>
}

export interface ScalingTarget {
  min: number
  max: number
  suspended: Suspended
}

/** Which kinds of scaling are suspended. */
export interface Suspended {
  in: boolean
  out: boolean
  scheduled: boolean
}

// ---- metrics (CloudWatch) ----

export interface Metrics {
  /**
   * Series in any number, a portion of at most 500 at a time, so that nobody has to hold them all. `nth`: the query's place
   * among `queries`. A portion that can't be read says so for each of its queries, and the others are read all the same.
   */
  read(queries: readonly MetricQuery[], span: MetricSpan): AsyncIterable<readonly { nth: number; series: Series }[]>
  /**
   * Whether any metric of this name had data in the last three hours or so, with these dimensions and values and, beside them, a
   * dimension of each of these names and no other.
   */
  hasMetric(
    metric: { namespace: string; name: string },
    dimensions: Record<string, string>,
    others: readonly string[],
  ): Promise<boolean>
}

export interface MetricQuery {
  namespace: string
  name: string
  dimensions: Record<string, string>
  statistic: 'Average' | 'Maximum' | 'Sum'
}

/** `periodSeconds`: of one point; a multiple of 60. `from` and `to` are multiples of it. */
export interface MetricSpan {
  from: Date
  to: Date
  periodSeconds: number
}

/** Points in any order: when each begins, in epoch milliseconds, and its value. What has no data has no points. */
export type Series = { at: number[]; values: number[] } | { unreadable: string }

// ---- budgets (AWS Budgets) ----

export interface Budgets {
  /** The account's budgets of these names, each with its answer. */
  read(accountId: string, names: readonly string[]): Promise<BudgetAnswer[]>
}

export type BudgetAnswer = { name: string } & ({ found: AwsBudget } | { missing: true } | { unreadable: string })

/** A budget as AWS tells of it. Amounts are in `unit`. What AWS did not say is absent, never 0. */
export interface AwsBudget {
  /** COST, USAGE, RI_UTILIZATION … */
  type: string
  /** USD for money. */
  unit?: string
  /** DAILY, MONTHLY, QUARTERLY, ANNUALLY, CUSTOM */
  timeUnit: string
  /** The same for each period. */
  limit?: number
  /** In place of `limit`: from when each one holds, ISO 8601, earliest first. */
  plannedLimits?: { from: string; amount: number }[]
  actual?: number
  forecast?: number
  /** When its first period began, and its last one ends; ISO 8601. */
  startsAt?: string
  endsAt?: string
  /** HEALTHY, UNHEALTHY; absent when AWS did not say. */
  health?: string
}

// ---- prices (Price List) ----

export interface PriceList {
  /** What Fargate costs in a Region now; undefined when the list has nothing on it. */
  pricesOf(region: string): Promise<RegionPrices | undefined>
}

/** US dollars an hour. What the list does not name is absent: not known, not free. */
export interface RegionPrices {
  linux?: { x86?: SizePrices; arm?: SizePrices }
  /** `licencePerVcpu`: beside the vCPU's own price. */
  windows?: SizePrices & { licencePerVcpu: number }
  /** A GB of ephemeral storage above the first 20. */
  storagePerGb?: number
  /** A public IPv4 address in use. */
  publicIpv4?: number
}

export interface SizePrices {
  perVcpu: number
  perGb: number
}

// ---- records (DynamoDB) ----

/**
 * The one table. A record is a plain JSON object whose identity is (`pk`, `sk`). `version` rises with every change: by one, or as
 * whoever it is about counts. `tagKey`, `digestKey`, `runningKey` and `endedKey`, where present, put the record on the sparse indexes of those names, sorted by `at`.
 */
export interface StoredRecord {
  pk: string
  sk: string
  /** Version of the record's own shape, so that later code can read what earlier code wrote. */
  schema: number
  version: number
  /** ISO 8601 */
  at: string
  tagKey?: string
  digestKey?: string
  runningKey?: string
  endedKey?: string
  /** No `newer` write takes its place any more. */
  isClosed?: boolean
  /** When DynamoDB may delete it, seconds since the epoch. */
  expiresAt?: number
  [other: string]: unknown
}

export interface Table {
  /** Strongly consistent. */
  get(pk: string, sk: string): Promise<StoredRecord | undefined>
  /** Records in any number, in no order, strongly consistent; what is not there is absent from the answer. */
  getMany(keys: readonly { pk: string; sk: string }[]): Promise<StoredRecord[]>
  /**
   * Writes the whole record when the stored one is as the caller saw it; false when it is not (and nothing was written).
   * A write whose answer was lost may also say false on the SDK's own retry: read again and look whose write it is.
   */
  put(record: StoredRecord, onlyIf: Condition): Promise<boolean>
  /** One page, in the order of the sort key (`sk`, or `at` on an index). Index reads lag behind writes. */
  query(query: TableQuery): Promise<{ records: StoredRecord[]; next?: string }>
}

/**
 * `absent`: no such record yet. `{ version }`: the stored record has this version. `newer`: no such record yet, or the stored one has
 * a lower version and is not closed. `any`: whatever is there.
 */
export type Condition = 'absent' | 'any' | 'newer' | { version: number }

export interface TableQuery {
  by: 'pk' | 'tagKey' | 'digestKey' | 'runningKey' | 'endedKey'
  equals: string
  /** Only with `by: 'pk'`. */
  skPrefix?: string
  newestFirst?: boolean
  limit?: number
  /** The `next` of the page before. */
  from?: string
}

// ---- the control queue (SQS) ----

export interface Control {
  /** `delaySeconds`: 0 (also when absent) to 900. */
  send(message: ControlMessage, delaySeconds?: number): Promise<void>
}

// ---- logs (CloudWatch Logs) ----

export interface Logs {
  /** The last lines of a stream, oldest first; undefined when there is no such group or stream (yet). `next`: to go on from with `linesAfter`. */
  lastLines(group: string, stream: string, count: number): Promise<LogPage | undefined>
  /** Lines that came after the page before; `next` is the same when none did. */
  linesAfter(group: string, stream: string, next: string): Promise<LogPage | undefined>
}

export interface LogPage {
  lines: { at: string; text: string }[]
  next: string
}

// ---- dead letters (SQS) ----

export interface DeadLetters {
  /** Keeps what can never succeed, with its reason and up to nine facts more. What is too long is cut, never refused. */
  setAside(body: string, reason: string, attributes?: Readonly<Record<string, string>>): Promise<void>
}

// ---- errors that adapters raise ----

/** The world said no for now: throttling, timeouts, 5xx, capacity. The same call may go through later. */
export class RetryableError extends Error {
  override name = 'RetryableError'
}

/**
 * The world said no for good, for this request. `code` is AWS's own error code, so that a caller can tell
 * ClusterNotFoundException from InvalidParameterException.
 */
export class RefusedError extends Error {
  override name = 'RefusedError'
  readonly code: string
  /** ECS names the tasks that a clientToken already started. */
  readonly resourceIds: readonly string[]
  constructor(code: string, message: string, options?: ErrorOptions & { resourceIds?: readonly string[] }) {
    super(message, options)
    this.code = code
    this.resourceIds = options?.resourceIds ?? []
  }
}
