/** AWS's query protocol: a form with `Action`, XML out. STS speaks it; no operation here takes parameters of its own. */
import * as sts from '@aws-sdk/client-sts'
import { AwsError } from '../account/aws-error.ts'
import type { AwsWire } from './aws-json.ts'
import { callerOf } from './caller.ts'
import { readBody, type WireRequest, type WireResponse } from './http.ts'
import { writeOutput } from './output-shape.ts'
import { operationSchema } from './services.ts'

const stsVersion = '2011-06-15'
const limit = 10 * 1024 * 1024

/** Answers one call; never throws. */
export async function answerQuery(wire: AwsWire, request: WireRequest): Promise<WireResponse> {
  const requestId = wire.requestId()
  try {
    return xml(200, await call(wire, request, requestId), requestId)
  } catch (error) {
    if (error instanceof AwsError) return refused(error, requestId)
    wire.onFault(error, request)
    const message = `A bug in the local account: ${error instanceof Error ? error.message : String(error)}`
    return refused(new AwsError('InternalFailure', message, { status: 500 }), requestId)
  }
}

async function call(wire: AwsWire, request: WireRequest, requestId: string): Promise<string> {
  const body = await readBody(request, limit)
  if (!body) throw new AwsError('RequestEntityTooLarge', `The request has more than ${limit} bytes`, { status: 413 })
  const { Action: action = '', Version: version = '', ...parameters } = Object.fromEntries(sent(request, body))
  const caller = callerOf(request)
  if (!caller)
    throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', { status: 403 })
  const schema = version === stsVersion ? operationSchema(sts, action) : undefined
  if (!schema)
    throw new AwsError('InvalidAction', `The local account has no action "${action}" of version "${version}".`)
  if (!wire.account.has('sts', action))
    throw new AwsError('InvalidAction', `The local account does not model sts:${action}.`)
  const [unknown] = Object.keys(parameters)
  if (unknown !== undefined) throw new AwsError('ValidationError', `sts:${action} has no parameter "${unknown}".`)
  const output = writeOutput(schema.output, await wire.account.call('sts', action, {}, caller))
  return (
    `<${action}Response xmlns="https://sts.amazonaws.com/doc/${stsVersion}/">` +
    `<${action}Result>${elements(output as Record<string, unknown>)}</${action}Result>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`
  )
}

function* sent(request: WireRequest, body: Buffer): Generator<[string, string]> {
  yield* request.query
  yield* new URLSearchParams(body.toString())
}

const elements = (members: Record<string, unknown>) =>
  Object.entries(members)
    .map(([name, value]) => `<${name}>${xmlText(String(value))}</${name}>`)
    .join('')

function refused(error: AwsError, requestId: string): WireResponse {
  const type = error.status < 500 ? 'Sender' : 'Receiver'
  const members = `<Type>${type}</Type><Code>${xmlText(error.code)}</Code><Message>${xmlText(error.message)}</Message>`
  return xml(
    error.status,
    `<ErrorResponse><Error>${members}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    requestId,
  )
}

function xml(status: number, body: string, requestId: string): WireResponse {
  return { status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }, body }
}

const xmlText = (text: string) => text.replace(/[<>&"']/g, character => `&#${character.charCodeAt(0)};`)
