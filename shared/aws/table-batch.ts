/** Many records by their keys, from DynamoDB. */
import { setTimeout as sleep } from 'node:timers/promises'
import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { RetryableError, type StoredRecord } from '../ports.ts'
import { batchesOf, callEach } from './batches.ts'
import { checkKey } from './item.ts'
import { saying } from './sdk-error.ts'

interface Key {
  pk: string
  sk: string
}

/** BatchGetItem takes this many at most. */
const keysPerCall = 100
/** Calls in a row that bring nothing before it is given up, the waits between them doubling from this. */
const maxFruitless = 5
const firstWaitMs = 50

/** As the port says. Throws RetryableError when DynamoDB leaves keys unprocessed again and again. */
export async function getMany(
  documents: DynamoDBDocumentClient,
  tableName: string,
  keys: readonly Key[],
): Promise<StoredRecord[]> {
  const answers = await callEach(inCalls(keys), portion =>
    saying(`dynamodb:BatchGetItem on ${tableName}`, () => getPortion(documents, tableName, portion)),
  )
  return answers.flat()
}

/** DynamoDB refuses a call that names a key twice. */
function inCalls(keys: readonly Key[]): Key[][] {
  const distinct = new Map<string, Key>()
  for (const { pk, sk } of keys) {
    checkKey(pk, 'pk')
    checkKey(sk, 'sk')
    distinct.set(JSON.stringify([pk, sk]), { pk, sk })
  }
  return batchesOf([...distinct.values()], keysPerCall)
}

async function getPortion(documents: DynamoDBDocumentClient, tableName: string, keys: Key[]): Promise<StoredRecord[]> {
  const records: StoredRecord[] = []
  let waiting = keys
  for (let fruitless = 0; ; ) {
    const RequestItems = { [tableName]: { Keys: waiting, ConsistentRead: true } }
    const answer = await documents.send(new BatchGetCommand({ RequestItems }))
    records.push(...((answer.Responses?.[tableName] ?? []) as StoredRecord[]))
    const left = (answer.UnprocessedKeys?.[tableName]?.Keys ?? []) as Key[]
    if (left.length === 0) return records
    // Some left is normal, an answer holds 16 MB; none done at all is a table that is throttled.
    fruitless = left.length < waiting.length ? 0 : fruitless + 1
    if (fruitless === maxFruitless) {
      throw new RetryableError(`dynamodb:BatchGetItem on ${tableName}: ${left.length} keys are left unprocessed.`)
    }
    await sleep(firstWaitMs * 2 ** fruitless)
    waiting = left
  }
}
