/**
 * What the functions' cold starts are measured against: a handler that imports the same SDK clients and commands, makes the
 * clients the same way at its first batch, and does nothing else.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  BatchGetImageCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  ECRClient,
} from '@aws-sdk/client-ecr'
import {
  DescribeClustersCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  GetTaskProtectionCommand,
  ListServiceDeploymentsCommand,
  ListServicesCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { clientConfig } from '../shared/aws/client-config.ts'

/** Kept from being shaken out of the bundle by being exported, as the clients are. */
export const commands = [
  BatchGetCommand,
  BatchGetImageCommand,
  DescribeClustersCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  GetCommand,
  GetTaskProtectionCommand,
  ListServiceDeploymentsCommand,
  ListServicesCommand,
  ListTasksCommand,
  PutCommand,
  QueryCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  SendMessageCommand,
  StopTaskCommand,
  UpdateServiceCommand,
]

export let clients: ReturnType<typeof makeClients> | undefined

export const handler = async () => {
  clients ??= makeClients()
  return { batchItemFailures: [] }
}

function makeClients() {
  return {
    ecr: new ECRClient(clientConfig),
    ecs: new ECSClient(clientConfig),
    sqs: new SQSClient({ ...clientConfig, useQueueUrlAsEndpoint: false }),
    documents: DynamoDBDocumentClient.from(new DynamoDBClient(clientConfig), {
      marshallOptions: { convertClassInstanceToMap: true },
    }),
  }
}
