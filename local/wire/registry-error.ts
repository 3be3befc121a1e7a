/** Errors of the OCI distribution protocol, and how ECR's own errors look there. */
import { AwsError } from '../account/aws-error.ts'
import type { WireResponse } from './http.ts'

/** An error as a registry answers it: https://github.com/opencontainers/distribution-spec, "Error Codes". */
export class RegistryError extends Error {
  override name = 'RegistryError'
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

const fromEcr: Readonly<Record<string, readonly [status: number, code: string]>> = {
  RepositoryNotFoundException: [404, 'NAME_UNKNOWN'],
  ImageNotFoundException: [404, 'MANIFEST_UNKNOWN'],
  ImageTagAlreadyExistsException: [400, 'TAG_INVALID'],
  ImageDigestDoesNotMatchException: [400, 'DIGEST_INVALID'],
  LayersNotFoundException: [400, 'MANIFEST_BLOB_UNKNOWN'],
  ReferencedImagesNotFoundException: [400, 'MANIFEST_BLOB_UNKNOWN'],
  InvalidParameterException: [400, 'MANIFEST_INVALID'],
  LimitExceededException: [413, 'SIZE_INVALID'],
}

/** The protocol's form of an error; undefined when it is neither the client's fault nor ECR's answer. */
export function registryRefusal(error: unknown): WireResponse | undefined {
  if (error instanceof RegistryError) return answer(error.status, error.code, error.message, error.headers)
  if (!(error instanceof AwsError)) return undefined
  const [status, code] = fromEcr[error.code] ?? [error.status, 'UNKNOWN']
  return answer(status, code, error.message)
}

/** The answer to a bug of this account. */
export function registryFault(error: unknown): WireResponse {
  const message = error instanceof Error ? error.message : String(error)
  return answer(500, 'UNKNOWN', `A bug in the local account: ${message}`)
}

function answer(status: number, code: string, message: string, headers: Record<string, string> = {}): WireResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ errors: [{ code, message }] }),
  }
}
