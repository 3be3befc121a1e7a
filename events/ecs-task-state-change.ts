/** `ECS Task State Change`: what ECS says on the event bus each time a task's version rises. */
import * as z from 'zod/mini'
import type { Task, TaskContainer } from '../shared/ports.ts'

/** ECS's limits of names: 255 letters, digits, - and _. Older accounts have task ARNs without the cluster. */
const taskArn = /^arn:[^:]+:ecs:[^:]*:\d{12}:task\/(?:[\w-]{1,255}\/)?[\w-]{1,255}$/
const clusterArn = /^arn:[^:]+:ecs:[^:]*:\d{12}:cluster\/[\w-]{1,255}$/

/** Insists on what identifies the task and its version. All else may be missing, new or odd: see taskOf. */
export const ecsTaskStateChange = z.looseObject({
  source: z.literal('aws.ecs'),
  'detail-type': z.literal('ECS Task State Change'),
  time: z.iso.datetime({ offset: true }),
  detail: z.looseObject({
    taskArn: z.string().check(z.regex(taskArn)),
    clusterArn: z.string().check(z.regex(clusterArn)),
    version: z.int().check(z.nonnegative()),
    lastStatus: z.string().check(z.minLength(1)),
  }),
})

export type EcsTaskStateChange = z.infer<typeof ecsTaskStateChange>

/** The task as the event tells of it. A detail is worth less than the status: one that is not as expected counts as not said. */
export function taskOf({ detail }: EcsTaskStateChange): Task {
  const { taskArn, clusterArn, version, lastStatus } = detail
  return present({
    arn: taskArn,
    cluster: clusterArn.slice(clusterArn.lastIndexOf('/') + 1),
    version,
    lastStatus,
    desiredStatus: text(detail.desiredStatus),
    group: text(detail.group),
    startedBy: text(detail.startedBy),
    revision: text(detail.taskDefinitionArn),
    launchType: text(detail.launchType),
    capacityProvider: text(detail.capacityProviderName),
    cpu: size(detail.cpu),
    memoryMib: size(detail.memory),
    ephemeralStorageGib: size(members(detail.ephemeralStorage).sizeInGiB),
    architecture: architectureIn(list(detail.attributes)),
    platformFamily: text(detail.platformFamily),
    stopCode: text(detail.stopCode),
    stoppedReason: text(detail.stoppedReason),
    createdAt: time(detail.createdAt),
    pullStartedAt: time(detail.pullStartedAt),
    pullStoppedAt: time(detail.pullStoppedAt),
    connectivityAt: time(detail.connectivityAt),
    startedAt: time(detail.startedAt),
    stoppingAt: time(detail.stoppingAt),
    executionStoppedAt: time(detail.executionStoppedAt),
    stoppedAt: time(detail.stoppedAt),
    containers: list(detail.containers).map(containerOf),
  })
}

function containerOf(told: Members): TaskContainer {
  return present({
    name: text(told.name) ?? '',
    image: text(told.image),
    digest: text(told.imageDigest),
    lastStatus: text(told.lastStatus),
    exitCode: Number.isSafeInteger(told.exitCode) ? (told.exitCode as number) : undefined,
    reason: text(told.reason),
    health: text(told.healthStatus),
  })
}

function architectureIn(attributes: readonly Members[]): string | undefined {
  return text(attributes.find(({ name }) => name === 'ecs.cpu-architecture')?.value)
}

type Members = Record<string, unknown>

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** ECS gives a task's size as text (`"cpu": "256"`), and other sizes as numbers. */
function size(value: unknown): number | undefined {
  const number = /^\d{1,9}$/.test(text(value) ?? '') ? Number(value) : value
  return typeof number === 'number' ? number : undefined
}

/** As ISO 8601 in UTC, the form in which records are compared and sorted; undefined when it is no time. */
function time(value: unknown): string | undefined {
  const ms = Date.parse(text(value) ?? '')
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {}
}

function list(value: unknown): Members[] {
  return Array.isArray(value) ? value.map(members) : []
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>
}
