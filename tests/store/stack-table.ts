/** The stack's own table on any engine that speaks DynamoDB. */
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { tableResource } from '../../stack/table.ts'

export async function stackTable(endpoint: string, name: string): Promise<DynamoDBClient> {
  const client = new DynamoDBClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const { PointInTimeRecoverySpecification, TimeToLiveSpecification, ...properties } = tableResource(name).Properties
  await client.send(new CreateTableCommand(properties as CreateTableCommandInput))
  return client
}
