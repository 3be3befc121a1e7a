/** The local account's one door: AWS's protocols and the registry's, by request, without a socket. */
import { randomUUID } from 'node:crypto'
import type { Account } from '../account/account.ts'
import type { Ecr } from '../account/ecr/ecr.ts'
import { type AwsWire, answerJson } from './aws-json.ts'
import { answerQuery } from './aws-query.ts'
import { createDynamoDb } from './dynamodb.ts'
import { plainText, type WireRequest, type WireResponse } from './http.ts'
import { answerRegistry, isRegistryPath } from './registry.ts'

export interface WireParts {
  account: Account
  ecr: Ecr
  /** The account's own time, which may pass faster than the wall clock's; where it is given, GET /clock tells it. */
  now?: () => Date
  /** Hears of each bug that a request ran into; the client gets a 500 besides. Standard error unless told. */
  onFault?: (error: unknown, request: WireRequest) => void
}

export interface Wire {
  /** Answers any request; never throws. */
  handle(request: WireRequest): Promise<WireResponse>
  /** Tells the account where clients reach it: in logins and download URLs. */
  publishedAt(endpoint: string): void
}

/** The wire in front of an account; DynamoDB comes with it. */
export function createWire(parts: WireParts): Wire {
  const onFault = parts.onFault ?? logFault
  const aws: AwsWire = { account: parts.account, onFault, requestId: randomUUID }
  const dynamoDb = createDynamoDb()
  return {
    async handle(request) {
      if (isRegistryPath(request.path)) return answerRegistry(parts.ecr, request, onFault)
      if (parts.now && request.method === 'GET' && request.path === '/clock')
        return plainText(200, parts.now().toISOString())
      const target = request.headers['x-amz-target']
      if (request.method !== 'POST' || request.path !== '/') return notAws(request)
      if (target?.startsWith('DynamoDB_')) return dynamoDb.handle(request)
      if (target !== undefined) return answerJson(aws, request)
      if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
        return answerQuery(aws, request)
      return plainText(400, `An AWS call needs the header X-Amz-Target, or a form with Action.\n${whatThisIs}`)
    },
    publishedAt: endpoint => parts.ecr.publishedAt(endpoint),
  }
}

const whatThisIs =
  'This is a local AWS account: ECS, ECR, Application Auto Scaling, CloudWatch, Logs, Budgets, the Price List, SNS, SQS, STS ' +
  'and DynamoDB by POST / (set AWS_ENDPOINT_URL to this address), and its image registry under /v2/.'

const notAws = (request: WireRequest) =>
  plainText(404, `There is no ${request.method} ${request.path} here.\n${whatThisIs}`)

function logFault(error: unknown, request: WireRequest): void {
  const what = request.headers['x-amz-target'] ?? `${request.method} ${request.path}`
  console.error(`A bug in the local account, met by ${what}:`, error)
}
