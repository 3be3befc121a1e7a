/** An account with ECS in it, for tests: a clock to advance, the events it told, and builders that take what matters. */
import type {
  Container,
  ContainerDefinition,
  DescribeTaskDefinitionResponse,
  DescribeTasksResponse,
  ListTasksResponse,
  RegisterTaskDefinitionRequest,
  RegisterTaskDefinitionResponse,
  RunTaskRequest,
  RunTaskResponse,
  Service,
  Task,
} from '@aws-sdk/client-ecs'
import { SimulatedClock } from '../../../local/account/clock.ts'
import type { AwsEvent } from '../../../local/account/context.ts'
import { createEcs, type Ecs, type EcsDependencies } from '../../../local/account/ecs/ecs.ts'
import { seededRandom } from '../../../local/account/random.ts'

export interface EcsAccount {
  ecs: Ecs
  clock: SimulatedClock
  events: AwsEvent[]
  /** Calls an operation as the wire would. */
  call<Output>(operation: string, input?: object): Output
  advance(seconds: number): Promise<void>
  register(input?: Partial<RegisterTaskDefinitionRequest>): string
  run(input?: Partial<RunTaskRequest>): RunTaskResponse
  /** The task as DescribeTasks gives it, tags included. */
  task(arn: string): Task
  service(name: string): Service
  listTasks(input?: object): string[]
  taskEvents(arn?: string): AwsEvent[]
}

export const network = { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'] } }

export const container = (given: Partial<ContainerDefinition> = {}): ContainerDefinition => ({
  name: 'web',
  image: 'registry.test/acme/web:1.0.0',
  ...given,
})

export const fargate = (given: Partial<RegisterTaskDefinitionRequest> = {}): RegisterTaskDefinitionRequest => ({
  family: 'web',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '256',
  memory: '512',
  containerDefinitions: [container()],
  ...given,
})

export function ecsAccount(given: Partial<EcsDependencies> & { seedNumber?: number } = {}): EcsAccount {
  const { seedNumber = 7, ...dependencies } = given
  const clock = new SimulatedClock('2026-03-01T22:00:00Z')
  const events: AwsEvent[] = []
  const context = {
    clock,
    accountId: '123456789012',
    region: 'eu-central-1',
    registryHost: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
    random: seededRandom(seedNumber),
    emit: (event: AwsEvent) => void events.push(event),
  }
  const ecs = createEcs(context, {
    imageExists: () => true,
    seed: { clusters: [{ name: 'default', capacityProviders: ['FARGATE', 'FARGATE_SPOT'] }] },
    ...dependencies,
  })
  const call = <Output>(operation: string, input: object = {}) => {
    const run = ecs.operations[operation]
    if (!run) throw new TypeError(`There is no ${operation}`)
    return run(input, { accessKeyId: 'test' }) as Output
  }
  const found = <Item>(item: Item | undefined, what: string): Item => {
    if (item === undefined) throw new Error(`${what} is missing`)
    return item
  }
  return {
    ecs,
    clock,
    events,
    call,
    advance: seconds => clock.advance(seconds * 1000),
    register: input =>
      call<RegisterTaskDefinitionResponse>('RegisterTaskDefinition', fargate(input)).taskDefinition
        ?.taskDefinitionArn ?? '',
    run: input =>
      call<RunTaskResponse>('RunTask', {
        taskDefinition: 'web',
        launchType: 'FARGATE',
        networkConfiguration: network,
        ...input,
      }),
    task: arn =>
      found(call<DescribeTasksResponse>('DescribeTasks', { tasks: [arn], include: ['TAGS'] }).tasks?.[0], arn),
    service: name =>
      found(
        call<{ services: Service[] }>('DescribeServices', { services: [name], include: ['TAGS'] }).services[0],
        name,
      ),
    listTasks: input => call<ListTasksResponse>('ListTasks', input).taskArns ?? [],
    taskEvents: arn =>
      events.filter(event => event['detail-type'] === 'ECS Task State Change' && (!arn || event.resources[0] === arn)),
  }
}

export const arnOf = (answer: RunTaskResponse, index = 0): string => answer.tasks?.[index]?.taskArn ?? ''

export const arnsOf = (answer: RunTaskResponse): string[] => (answer.tasks ?? []).map(task => task.taskArn ?? '')

export const containerOf = (task: Task, name: string): Container =>
  task.containers?.find(one => one.name === name) ?? {}

export const definitionOf = (account: EcsAccount, taskDefinition: string) =>
  account.call<DescribeTaskDefinitionResponse>('DescribeTaskDefinition', { taskDefinition, include: ['TAGS'] })

/** The refusal, as `code: message`. */
export function refusal(attempt: () => unknown): string {
  try {
    attempt()
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return `${code}: ${message}`
  }
  return 'answered'
}
