/** Tasks, in ECS. */
import {
  DescribeTasksCommand,
  type ECSClient,
  type Task as EcsTask,
  GetTaskProtectionCommand,
  ListTasksCommand,
  type ListTasksCommandInput,
  RunTaskCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs'
import type { RunAnswer, RunRequest, StartedTask, Task } from '../ports.ts'
import { batchesOf, callEach } from './batches.ts'
import { failUnlessMissing } from './ecs-failures.ts'
import { withoutTags, withTags } from './ecs-tags.ts'
import { asTask } from './ecs-task.ts'
import { saying } from './sdk-error.ts'

/** ListTasks, DescribeTasks and GetTaskProtection take and give this many at most. */
const tasksPerCall = 100

/** As the port says. */
export async function runTask(client: ECSClient, request: RunRequest): Promise<RunAnswer> {
  const { cluster, revision, count, capacity, network, startedBy, clientToken, tags, override } = request
  return saying(`ecs:RunTask of ${revision} in ${cluster}`, async () => {
    const answer = await client.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: revision,
        count,
        // The two exclude each other; Spot is to be had through a strategy only.
        ...(capacity === 'spot'
          ? { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] }
          : { launchType: 'FARGATE' as const }),
        ...(network && {
          networkConfiguration: {
            awsvpcConfiguration: {
              subnets: network.subnets,
              securityGroups: network.securityGroups,
              assignPublicIp: network.publicIp ? ('ENABLED' as const) : ('DISABLED' as const),
            },
          },
        }),
        ...(override && {
          overrides: { containerOverrides: [{ name: override.container, command: override.command }] },
        }),
        startedBy,
        clientToken,
        tags,
        propagateTags: 'TASK_DEFINITION',
        enableECSManagedTags: true,
      }),
    )
    return {
      tasks: (answer.tasks ?? []).flatMap(asStarted),
      failures: (answer.failures ?? []).map(failure => ({
        reason: failure.reason ?? 'no reason given',
        ...(failure.detail && { detail: failure.detail }),
      })),
    }
  })
}

/** As the port says. */
export async function tasksStartedBy(client: ECSClient, cluster: string, startedBy: string): Promise<StartedTask[]> {
  return saying(`ecs:ListTasks started by ${startedBy} in ${cluster}`, async () => {
    const arns: string[] = []
    for (const desiredStatus of ['RUNNING', 'STOPPED'] as const)
      for await (const page of pagesOf(client, { cluster, startedBy, desiredStatus })) arns.push(...page)
    const answers = await callEach(batchesOf(arns, tasksPerCall), tasks =>
      client.send(new DescribeTasksCommand({ cluster, tasks })),
    )
    return answers.flatMap(answer => (answer.tasks ?? []).flatMap(asStarted))
  })
}

/** As the port says. */
export async function* listTasks(
  client: ECSClient,
  cluster: string,
  desired: 'running' | 'stopped',
): AsyncGenerator<readonly string[]> {
  const desiredStatus = desired === 'running' ? 'RUNNING' : 'STOPPED'
  yield* pagesOf(client, { cluster, desiredStatus, maxResults: tasksPerCall })
}

async function* pagesOf(client: ECSClient, input: ListTasksCommandInput): AsyncGenerator<readonly string[]> {
  let nextToken: string | undefined
  do {
    const from = nextToken === undefined ? {} : { nextToken }
    const page = await saying(`ecs:ListTasks in ${input.cluster}`, () =>
      client.send(new ListTasksCommand({ ...input, ...from })),
    )
    yield page.taskArns ?? []
    nextToken = page.nextToken
  } while (nextToken)
}

/** As the port says. */
export async function describeTasks(client: ECSClient, cluster: string, arns: readonly string[]): Promise<Task[]> {
  const answers = await callEach(batchesOf(arns, tasksPerCall), tasks =>
    saying(`ecs:DescribeTasks of ${tasks.length} in ${cluster}`, async () => {
      const { answer, hasTags } = await withTags(include =>
        client.send(new DescribeTasksCommand({ cluster, tasks, ...include })),
      )
      failUnlessMissing(answer.failures)
      return (answer.tasks ?? []).flatMap(task => asTask(hasTags ? task : withoutTags(task), cluster))
    }),
  )
  return answers.flat()
}

/** Of one that is protected without an end: the latest time there is. */
const noEnd = new Date(8.64e15)

/** As the port says. What AWS calls protected is in the answer, also where its time is over by now. */
export async function taskProtection(
  client: ECSClient,
  cluster: string,
  arns: readonly string[],
): Promise<Map<string, Date>> {
  const answers = await callEach(batchesOf(arns, tasksPerCall), tasks =>
    saying(`ecs:GetTaskProtection of ${tasks.length} in ${cluster}`, async () => {
      const answer = await client.send(new GetTaskProtectionCommand({ cluster, tasks }))
      // A standalone task can't be protected, which is TASK_NOT_VALID.
      failUnlessMissing(answer.failures, ['MISSING', 'TASK_NOT_VALID'])
      return answer.protectedTasks ?? []
    }),
  )
  return new Map(
    answers
      .flat()
      .flatMap(({ taskArn, protectionEnabled, expirationDate }) =>
        taskArn !== undefined && protectionEnabled ? [[taskArn, expirationDate ?? noEnd]] : [],
      ),
  )
}

/** As the port says. */
export async function stopTask(client: ECSClient, cluster: string, task: string, reason: string): Promise<void> {
  await saying(`ecs:StopTask of ${task}`, () => client.send(new StopTaskCommand({ cluster, task, reason })))
}

function asStarted(task: EcsTask): StartedTask[] {
  return task.taskArn === undefined ? [] : [{ arn: task.taskArn, lastStatus: task.lastStatus ?? 'UNKNOWN' }]
}
