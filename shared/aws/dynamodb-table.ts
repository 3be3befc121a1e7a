/** The one table, in DynamoDB. */
import { ConditionalCheckFailedException, DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb'
import type { Condition, StoredRecord, Table, TableQuery } from '../ports.ts'
import { clientConfig } from './client-config.ts'
import { checkKey, toItem } from './item.ts'
import { saying } from './sdk-error.ts'
import { getMany } from './table-batch.ts'
import { checkQuery, cursorKeys, decodeCursor, encodeCursor } from './table-query.ts'

const index = {
  tagKey: 'by-tag',
  digestKey: 'by-digest',
  runningKey: 'by-running',
  endedKey: 'by-ended',
} as const

const neverSeen = 'attribute_not_exists(pk)'
const asSeen = '#version = :version'
const older = '#version < :version'
/** Without the attribute, too. */
const open = 'NOT isClosed = :closed'

/** `client`: one that exists, or the options to make one. */
export function dynamoDbTable(client: DynamoDBClient | DynamoDBClientConfig, tableName: string): Table {
  const plainClient = client instanceof DynamoDBClient ? client : new DynamoDBClient({ ...clientConfig, ...client })
  // What is put is plain JSON (toItem sees to that); without this the SDK takes any object that has a member
  // named "constructor", as an image's labels may, for an instance of some class.
  const documents = DynamoDBDocumentClient.from(plainClient, { marshallOptions: { convertClassInstanceToMap: true } })
  return {
    get: (pk, sk) => get(documents, tableName, pk, sk),
    getMany: keys => getMany(documents, tableName, keys),
    put: (record, onlyIf) => put(documents, tableName, record, onlyIf),
    query: query => ask(documents, tableName, query),
  }
}

async function get(documents: DynamoDBDocumentClient, TableName: string, pk: string, sk: string) {
  checkKey(pk, 'pk')
  checkKey(sk, 'sk')
  return saying(`dynamodb:GetItem on ${TableName}`, async () => {
    const answer = await documents.send(new GetCommand({ TableName, Key: { pk, sk }, ConsistentRead: true }))
    return answer.Item as StoredRecord | undefined
  })
}

async function put(documents: DynamoDBDocumentClient, TableName: string, record: StoredRecord, onlyIf: Condition) {
  const Item = toItem(record)
  return saying(`dynamodb:PutItem on ${TableName}`, async () => {
    try {
      await documents.send(new PutCommand({ TableName, Item, ...conditionOf(onlyIf, record.version) }))
      return true
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false
      throw error
    }
  })
}

function conditionOf(onlyIf: Condition, version: number) {
  const ExpressionAttributeNames = { '#version': 'version' }
  if (onlyIf === 'any') return {}
  if (onlyIf === 'absent') return { ConditionExpression: neverSeen }
  if (onlyIf === 'newer') {
    const ExpressionAttributeValues = { ':version': version, ':closed': true }
    const ConditionExpression = `${neverSeen} OR ${older} AND ${open}`
    return { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues }
  }
  const ExpressionAttributeValues = { ':version': onlyIf.version }
  return { ConditionExpression: asSeen, ExpressionAttributeNames, ExpressionAttributeValues }
}

async function ask(documents: DynamoDBDocumentClient, TableName: string, query: TableQuery) {
  checkQuery(query)
  const from = decodeCursor(query)
  const input: QueryCommandInput = {
    TableName,
    ...(query.by === 'pk' ? { ConsistentRead: true } : { IndexName: index[query.by] }),
    KeyConditionExpression: query.skPrefix ? '#key = :equals AND begins_with(sk, :prefix)' : '#key = :equals',
    ExpressionAttributeNames: { '#key': query.by },
    ExpressionAttributeValues: { ':equals': query.equals, ...(query.skPrefix ? { ':prefix': query.skPrefix } : {}) },
    ScanIndexForward: !query.newestFirst,
    ...(query.limit === undefined ? {} : { Limit: query.limit }),
    ...(from === undefined ? {} : { ExclusiveStartKey: from }),
  }
  return saying(`dynamodb:Query on ${TableName}`, async () => {
    const answer = await documents.send(new QueryCommand(input))
    const records = (answer.Items ?? []) as StoredRecord[]
    const last = answer.LastEvaluatedKey
    if (!last) return { records }
    const next = encodeCursor(Object.fromEntries(cursorKeys(query.by).map(key => [key, String(last[key])])))
    return { records, next }
  })
}
