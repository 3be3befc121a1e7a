/** One task as the account keeps it. */
import type { Attachment, Container, Tag, Task, TaskDefinition } from '@aws-sdk/client-ecs'

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
  state: TaskState
  tags: Tag[]
  /** Replaced to call off what is planned: a planned step runs only while its plan is still this one. */
  plan: object
}

export const isRunning = ({ state }: TaskRecord) => state.lastStatus === 'RUNNING' && state.desiredStatus === 'RUNNING'

/** Meant to run, whether it does yet or not. */
export const isLive = ({ state }: TaskRecord) => state.desiredStatus === 'RUNNING'
