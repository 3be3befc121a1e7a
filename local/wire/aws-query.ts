/** AWS's query protocol: a form with `Action` and `Version`, XML out. */
import { AwsError } from '../account/aws-error.ts'
import type { AwsWire } from './aws-json.ts'
import { callerOf } from './caller.ts'
import { readBody, type WireRequest, type WireResponse } from './http.ts'
import { InputError, readInput } from './input-shape.ts'
import { formAsJson } from './query-form.ts'
import { errorSchema, type OperationSchema, operationSchema, type QueryService, queryServices } from './services.ts'
import { writeXml, xmlText } from './xml-output.ts'

const limit = 10 * 1024 * 1024

/** Answers one call; never throws. */
export async function answerQuery(wire: AwsWire, request: WireRequest): Promise<WireResponse> {
  const requestId = wire.requestId()
  let service: QueryService | undefined
  try {
    const { Action: action = '', Version: version = '', ...parameters } = await sent(request)
    service = Object.hasOwn(queryServices, version) ? queryServices[version] : undefined
    const caller = callerOf(request)
    if (!caller)
      throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', { status: 403 })
    const schema = service && operationSchema(service.sdk, action)
    if (!service || !schema)
      throw new AwsError('InvalidAction', `The local account has no action "${action}" of version "${version}".`)
    if (!wire.account.has(service.prefix, action))
      throw new AwsError('InvalidAction', `The local account does not model ${service.prefix}:${action}.`)
    const input = parse(service, action, schema, parameters)
    const output = await wire.account.call(service.prefix, action, input, caller)
    return xml(200, answer(service, action, schema, output, requestId), requestId)
  } catch (error) {
    return refusal(wire, service, error, request, requestId)
  }
}

async function sent(request: WireRequest): Promise<Record<string, string>> {
  const body = await readBody(request, limit)
  if (!body) throw new AwsError('RequestEntityTooLarge', `The request has more than ${limit} bytes`, { status: 413 })
  return Object.fromEntries([...request.query, ...new URLSearchParams(body.toString())])
}

function parse(service: QueryService, action: string, { input }: OperationSchema, parameters: Record<string, string>) {
  const known = input.isUnitSchema() ? {} : input.getMemberSchemas()
  const unknown = Object.keys(parameters).find(name => !Object.hasOwn(known, name.split('.', 1)[0] ?? ''))
  if (unknown !== undefined)
    throw new AwsError('ValidationError', `${service.prefix}:${action} has no parameter "${unknown}".`)
  try {
    return readInput(input, formAsJson(input, Object.entries(parameters)))
  } catch (error) {
    throw error instanceof InputError ? service.refuse(error) : error
  }
}

function answer(
  { namespace }: QueryService,
  action: string,
  { output: schema }: OperationSchema,
  output: unknown,
  requestId: string,
): string {
  // An operation that answers nothing has no Result either.
  const result = schema.isUnitSchema() ? '' : `<${action}Result>${writeXml(schema, output)}</${action}Result>`
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`
  return `<${action}Response xmlns="${namespace}">${result}${metadata}</${action}Response>`
}

function refusal(
  wire: AwsWire,
  service: QueryService | undefined,
  error: unknown,
  request: WireRequest,
  requestId: string,
): WireResponse {
  if (error instanceof AwsError) return refused(service, error, requestId)
  wire.onFault(error, request)
  const message = `A bug in the local account: ${error instanceof Error ? error.message : String(error)}`
  return refused(service, new AwsError('InternalFailure', message, { status: 500 }), requestId)
}

/** Under the code and the status that the error has in this protocol: NotFoundException is NotFound, 404. */
function refused(service: QueryService | undefined, error: AwsError, requestId: string): WireResponse {
  const [code, status] = (service && errorSchema(service.sdk, error.code)?.query) ?? [error.code, error.status]
  const type = status < 500 ? 'Sender' : 'Receiver'
  const members = `<Type>${type}</Type><Code>${xmlText(code)}</Code><Message>${xmlText(error.message)}</Message>`
  return xml(
    status,
    `<ErrorResponse><Error>${members}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    requestId,
  )
}

function xml(status: number, body: string, requestId: string): WireResponse {
  return { status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }, body }
}
