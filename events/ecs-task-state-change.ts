/** `ECS Task State Change`: what ECS says on the event bus each time a task's version rises. */
import * as z from 'zod/mini'
import type { Task, TaskContainer } from '../shared/ports.ts'

/** What a detail of a task is worth is less than the task's status: one that is not as expected counts as not said. */
const said = z.catch(z.optional(z.string()), undefined)

/** ECS gives sizes as text (`"cpu": "256"`) and counts as numbers; neither promises to stay so. */
const counted = z.catch(
  z.optional(z.union([z.number(), z.pipe(z.string().check(z.regex(/^\d{1,9}$/)), z.transform(Number))])),
  undefined,
)

const container = z.looseObject({
  name: said,
  image: said,
  imageDigest: said,
  lastStatus: said,
  exitCode: z.catch(z.optional(z.int()), undefined),
  reason: said,
  healthStatus: said,
})

const attribute = z.looseObject({ name: said, value: said })

/** ECS's limits of names: 255 letters, digits, - and _. Older accounts have task ARNs without the cluster. */
const taskArn = /^arn:[^:]+:ecs:[^:]*:\d{12}:task\/(?:[\w-]{1,255}\/)?[\w-]{1,255}$/
const clusterArn = /^arn:[^:]+:ecs:[^:]*:\d{12}:cluster\/[\w-]{1,255}$/

/** Insists on what identifies the task and its version; all else may be missing, new or odd. */
export const ecsTaskStateChange = z.looseObject({
  source: z.literal('aws.ecs'),
  'detail-type': z.literal('ECS Task State Change'),
  time: z.iso.datetime({ offset: true }),
  detail: z.looseObject({
    taskArn: z.string().check(z.regex(taskArn)),
    clusterArn: z.string().check(z.regex(clusterArn)),
    version: z.int().check(z.nonnegative()),
    lastStatus: z.string().check(z.minLength(1)),
    desiredStatus: said,
    group: said,
    startedBy: said,
    taskDefinitionArn: said,
    launchType: said,
    capacityProviderName: said,
    cpu: counted,
    memory: counted,
    ephemeralStorage: z.catch(z.optional(z.looseObject({ sizeInGiB: counted })), undefined),
    attributes: z.catch(z.optional(z.array(attribute)), undefined),
    platformFamily: said,
    stopCode: said,
    stoppedReason: said,
    createdAt: said,
    pullStartedAt: said,
    pullStoppedAt: said,
    startedAt: said,
    stoppingAt: said,
    executionStoppedAt: said,
    stoppedAt: said,
    containers: z.catch(z.optional(z.array(container)), undefined),
  }),
})

export type EcsTaskStateChange = z.infer<typeof ecsTaskStateChange>

/** The task as the event tells of it. */
export function taskOf({ detail }: EcsTaskStateChange): Task {
  return present({
    arn: detail.taskArn,
    cluster: afterLast('/', detail.clusterArn),
    version: detail.version,
    lastStatus: detail.lastStatus,
    desiredStatus: detail.desiredStatus,
    group: detail.group,
    startedBy: detail.startedBy,
    revision: detail.taskDefinitionArn,
    launchType: detail.launchType,
    capacityProvider: detail.capacityProviderName,
    cpu: detail.cpu,
    memoryMib: detail.memory,
    ephemeralStorageGib: detail.ephemeralStorage?.sizeInGiB,
    architecture: detail.attributes?.find(({ name }) => name === 'ecs.cpu-architecture')?.value,
    platformFamily: detail.platformFamily,
    stopCode: detail.stopCode,
    stoppedReason: detail.stoppedReason,
    createdAt: time(detail.createdAt),
    pullStartedAt: time(detail.pullStartedAt),
    pullStoppedAt: time(detail.pullStoppedAt),
    startedAt: time(detail.startedAt),
    stoppingAt: time(detail.stoppingAt),
    executionStoppedAt: time(detail.executionStoppedAt),
    stoppedAt: time(detail.stoppedAt),
    containers: (detail.containers ?? []).map(containerOf),
  })
}

function containerOf(told: z.infer<typeof container>): TaskContainer {
  return present({
    name: told.name ?? '',
    image: told.image,
    digest: told.imageDigest,
    lastStatus: told.lastStatus,
    exitCode: told.exitCode,
    reason: told.reason,
    health: told.healthStatus,
  })
}

/** As ISO 8601 in UTC, the form in which records are compared and sorted; undefined when it is no time. */
function time(text: string | undefined): string | undefined {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) as Present<T>
}

function afterLast(separator: string, text: string): string {
  return text.slice(text.lastIndexOf(separator) + 1)
}
