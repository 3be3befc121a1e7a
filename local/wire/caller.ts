/** Who a request says it is from. Signatures are read, not verified: any key may do anything in the local account. */
import type { Caller } from '../account/context.ts'
import type { WireRequest } from './http.ts'

/** The access key in the signature; undefined when the request is not signed at all. */
export function callerOf(request: WireRequest): Caller | undefined {
  const authorization = request.headers.authorization ?? ''
  const accessKeyId = /^AWS4-\S+\s.*?Credential=([^/,\s]+)\//.exec(authorization)?.[1]
  return accessKeyId ? { accessKeyId } : undefined
}
