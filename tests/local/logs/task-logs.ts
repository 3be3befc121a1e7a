/** A local account with the SDK's clients before it, and tasks whose containers write to CloudWatch Logs. */
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import { ECSClient, RegisterTaskDefinitionCommand, RunTaskCommand } from '@aws-sdk/client-ecs'
import { SimulatedClock } from '../../../local/account/clock.ts'
import { createLocalAccount, type LocalAccountOptions } from '../../../local/local-account.ts'
import { inProcessHandler } from '../../../local/wire/in-process.ts'

export const group = '/ecs/shop'
export const start = Date.parse('2026-03-01T22:00:00Z')

export function logAccount(behaviour: LocalAccountOptions['behaviour'] = () => ({ kind: 'runs' })) {
  const region = 'eu-central-1'
  const clock = new SimulatedClock(start)
  const local = createLocalAccount({ clock, region, seed: 3, host: () => 'sqs.local', behaviour })
  const configuration = {
    requestHandler: inProcessHandler(local.wire),
    endpoint: 'http://127.0.0.1',
    region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  }
  const setUp = (service: string, operation: string, input: object) =>
    local.account.call(service, operation, input, { accessKeyId: 'test' })
  return {
    local,
    clock,
    logs: new CloudWatchLogsClient(configuration),
    ecs: new ECSClient(configuration),
    createGroup: (logGroupName = group) => setUp('logs', 'CreateLogGroup', { logGroupName }),
    createCluster: () =>
      setUp('ecs', 'CreateCluster', { clusterName: 'default', capacityProviders: ['FARGATE', 'FARGATE_SPOT'] }),
  }
}

/** Runs one task of this image, whose container `web` has this log configuration; gives its ARN. */
export async function runTask(
  ecs: ECSClient,
  image = 'public.ecr.aws/acme/web:1.0.0',
  options: Record<string, string> = {},
): Promise<string> {
  const usual = { 'awslogs-group': group, 'awslogs-region': 'eu-central-1', 'awslogs-stream-prefix': 'shop' }
  const logConfiguration = { logDriver: 'awslogs' as const, options: { ...usual, ...options } }
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: 'web',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      executionRoleArn: 'arn:aws:iam::123456789012:role/pull',
      containerDefinitions: [{ name: 'web', image, logConfiguration }],
    }),
  )
  const { tasks } = await ecs.send(
    new RunTaskCommand({
      taskDefinition: taskDefinition?.taskDefinitionArn,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'] } },
    }),
  )
  return tasks?.[0]?.taskArn ?? ''
}

export const streamOf = (taskArn: string) => `shop/web/${taskArn.split('/')[2]}`
