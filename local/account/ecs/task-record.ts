/** One task as the account keeps it. */
import type {
  Attachment,
  Container,
  ContainerDefinition,
  HealthStatus,
  Tag,
  Task,
  TaskDefinition,
} from '@aws-sdk/client-ecs'
import type { Behaviour } from './behaviour.ts'

export type TaskStatus =
  | 'PROVISIONING'
  | 'PENDING'
  | 'ACTIVATING'
  | 'RUNNING'
  | 'DEACTIVATING'
  | 'STOPPING'
  | 'DEPROVISIONING'
  | 'STOPPED'

/** A task in the SDK's shape, with what every task has. Tags are kept beside it: they end before it does. */
export interface TaskState extends Task {
  taskArn: string
  clusterArn: string
  taskDefinitionArn: string
  lastStatus: TaskStatus
  desiredStatus: 'RUNNING' | 'STOPPED'
  version: number
  createdAt: Date
  containers: Container[]
  attachments: Attachment[]
}

export interface TaskRecord {
  id: string
  cluster: string
  family: string
  /** Rises with every task of the account: the order of lists and pages. */
  sequence: number
  definition: TaskDefinition
  /** Of a service's task: what it belongs to. */
  service?: { name: string; deploymentId: string }
  /** ECS does not tell, but AWS bills for it. */
  hasPublicIp: boolean
  state: TaskState
  tags: Tag[]
  /** By container, once the task is set up. */
  behaviours: ReadonlyMap<string, Behaviour>
  /** Spared by scale-in and deployments until then. */
  protectedUntil?: Date
  /** Replaced to call off what is planned: a planned step runs only while its plan is still this one. */
  plan: object
}

export const isRunning = ({ state }: TaskRecord) => state.lastStatus === 'RUNNING' && state.desiredStatus === 'RUNNING'

/** Meant to run, whether it does yet or not. */
export const isLive = ({ state }: TaskRecord) => state.desiredStatus === 'RUNNING'

/** What the task definition says of this container. */
export function definitionOf(record: TaskRecord, container: Container): ContainerDefinition {
  return record.definition.containerDefinitions?.find(one => one.name === container.name) ?? {}
}

/** Only essential containers with a health check count; UNKNOWN while one of them has not answered. */
export function healthOf(record: TaskRecord): HealthStatus {
  const judged = record.state.containers.filter(container => {
    const { essential, healthCheck } = definitionOf(record, container)
    return essential !== false && healthCheck
  })
  if (judged.length === 0) return 'UNKNOWN'
  if (judged.some(container => container.healthStatus === 'UNHEALTHY')) return 'UNHEALTHY'
  return judged.every(container => container.healthStatus === 'HEALTHY') ? 'HEALTHY' : 'UNKNOWN'
}
