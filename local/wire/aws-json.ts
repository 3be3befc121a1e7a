/** AWS's JSON protocols 1.0 and 1.1: `X-Amz-Target: Service.Operation`, JSON in, JSON out. */
import type { Account } from '../account/account.ts'
import { AwsError } from '../account/aws-error.ts'
import { callerOf } from './caller.ts'
import { readBody, type WireRequest, type WireResponse } from './http.ts'
import { InputError, readInput } from './input-shape.ts'
import { writeOutput } from './output-shape.ts'
import { errorSchema, type JsonService, jsonServices, type OperationSchema, operationSchema } from './services.ts'

export interface AwsWire {
  account: Account
  /** Hears of what is the local account's own fault, before the client gets its 500. */
  onFault(error: unknown, request: WireRequest): void
  requestId(): string
}

const MiB = 1024 * 1024
/** A layer part has up to 20 MiB, and a third more in base64. */
const limitFor = (operation: string) => (operation === 'UploadLayerPart' ? 28 * MiB : 10 * MiB)

/** Answers one call; never throws. */
export async function answerJson(wire: AwsWire, request: WireRequest): Promise<WireResponse> {
  const [target = '', operation = ''] = (request.headers['x-amz-target'] ?? '').split('.', 2)
  const service = Object.hasOwn(jsonServices, target) ? jsonServices[target] : undefined
  const requestId = wire.requestId()
  try {
    if (!service) throw unknownService(target, operation)
    const body = await call(wire, service, operation, request)
    return { status: 200, headers: headers(service.contentType, requestId), body: JSON.stringify(body) }
  } catch (error) {
    return refusal(wire, service, error, request, requestId)
  }
}

async function call(wire: AwsWire, service: JsonService, operation: string, request: WireRequest): Promise<unknown> {
  const caller = callerOf(request)
  if (!caller) throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token')
  const schema = modelled(wire, service, operation)
  const limit = limitFor(operation)
  const body = await readBody(request, limit)
  if (!body)
    throw new AwsError('RequestEntityTooLargeException', `The request has more than ${limit} bytes`, { status: 413 })
  const input = parse(service, schema, body)
  return writeOutput(schema.output, await wire.account.call(service.prefix, operation, input, caller))
}

/** Throws UnknownOperationException: AWS has no such operation, or this account does not model it. */
function modelled(wire: AwsWire, service: JsonService, operation: string): OperationSchema {
  const schema = operationSchema(service.sdk, operation)
  if (!schema) throw new AwsError('UnknownOperationException', `${service.prefix} has no operation "${operation}".`)
  if (wire.account.has(service.prefix, operation)) return schema
  throw new AwsError('UnknownOperationException', `The local account does not model ${service.prefix}:${operation}.`)
}

function parse(service: JsonService, schema: OperationSchema, body: Buffer): unknown {
  let json: unknown
  try {
    json = JSON.parse(body.toString() || '{}')
  } catch (error) {
    throw new AwsError('SerializationException', `The request is not JSON: ${(error as Error).message}`)
  }
  try {
    return readInput(schema.input, json)
  } catch (error) {
    throw error instanceof InputError ? service.refuse(error) : error
  }
}

function unknownService(target: string, operation: string): AwsError {
  const known = [...Object.keys(jsonServices), 'DynamoDB_20120810'].join(', ')
  return new AwsError(
    'UnknownOperationException',
    `The local account has no service for X-Amz-Target "${target}.${operation}". It has ${known}, and by forms SNS and STS.`,
  )
}

function refusal(
  wire: AwsWire,
  service: JsonService | undefined,
  error: unknown,
  request: WireRequest,
  requestId: string,
): WireResponse {
  try {
    if (error instanceof AwsError) return refused(service, error, requestId)
    throw error
  } catch (fault) {
    wire.onFault(fault, request)
    const message = `A bug in the local account: ${fault instanceof Error ? fault.message : String(fault)}`
    return refused(service, new AwsError('InternalFailure', message, { status: 500 }), requestId)
  }
}

/** Throws OutputError when the error carries members that its shape does not have. */
function refused(service: JsonService | undefined, error: AwsError, requestId: string): WireResponse {
  const schema = service && errorSchema(service.sdk, error.code)
  const name = schema?.name ?? error.code
  const members = schema ? (writeOutput(schema.schema, error.members) as object) : error.members
  const code = schema?.query?.[0] ?? error.code
  const fault = error.status < 500 ? 'Sender' : 'Receiver'
  return {
    status: error.status,
    headers: {
      ...headers(service?.contentType ?? 'application/x-amz-json-1.1', requestId),
      'x-amzn-errortype': name,
      ...(service?.queryErrors ? { 'x-amzn-query-error': `${code};${fault}` } : {}),
    },
    body: JSON.stringify({ __type: name, message: error.message, ...members }),
  }
}

const headers = (contentType: string, requestId: string) => ({
  'content-type': contentType,
  'x-amzn-requestid': requestId,
})
