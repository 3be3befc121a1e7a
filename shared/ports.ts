/** What the control plane needs from the world, as small interfaces. Adapters: shared/aws/. */

/** The ports and the clock: every use case takes one. */
export interface World {
  clock: Clock
  registry: Registry
  fleet: Fleet
  table: Table
  log: Log
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
}

export type ImageId = { tag: string } | { digest: string }

export interface RegistryImage {
  repository: string
  digest: string
  tags: readonly string[]
  /** Absent when ECR did not say. */
  pushedAt?: Date
}

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
  updateService(change: { cluster: string; service: string; revision: string }): Promise<Service>
  /** At most 10 copies a call. Answers with what started **and** what did not. */
  runTask(request: RunRequest): Promise<RunAnswer>
  /** Every task, running or lately stopped, that carries this `startedBy`. */
  tasksStartedBy(cluster: string, startedBy: string): Promise<StartedTask[]>
  stopTask(cluster: string, taskArn: string, reason: string): Promise<void>
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
  /** Absent when ECS did not say. */
  createdAt?: Date
  /** `createdAt`: absent when ECS did not say. */
  deployments: readonly { id: string; status: string; revision: string; createdAt?: Date }[]
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

// ---- records (DynamoDB) ----

/**
 * The one table. A record is a plain JSON object whose identity is (`pk`, `sk`). `version` rises by one with every write.
 * `tagKey` and `digestKey`, where present, put the record on the sparse indexes of those names, sorted by `at`.
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
  [other: string]: unknown
}

export interface Table {
  /** Strongly consistent. */
  get(pk: string, sk: string): Promise<StoredRecord | undefined>
  /**
   * Writes the whole record when the stored one is as the caller saw it; false when it is not (and nothing was written).
   * A write whose answer was lost may also say false on the SDK's own retry: read again and look whose write it is.
   */
  put(record: StoredRecord, onlyIf: Condition): Promise<boolean>
  /** One page, in the order of the sort key (`sk`, or `at` on an index). Index reads lag behind writes. */
  query(query: TableQuery): Promise<{ records: StoredRecord[]; next?: string }>
}

/** `absent`: no such record yet. `{ version }`: the stored record has this version. `any`: whatever is there. */
export type Condition = 'absent' | 'any' | { version: number }

export interface TableQuery {
  by: 'pk' | 'tagKey' | 'digestKey'
  equals: string
  /** Only with `by: 'pk'`. */
  skPrefix?: string
  newestFirst?: boolean
  limit?: number
  /** The `next` of the page before. */
  from?: string
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
