/** The OCI distribution protocol v2, as ECR speaks it to docker, skopeo and crane: login, routes, tags. */
import type { Ecr } from '../account/ecr/ecr.ts'
import type { WireRequest, WireResponse } from './http.ts'
import { handleBlob, handleUpload } from './registry-blobs.ts'
import { RegistryError, registryFault, registryRefusal } from './registry-error.ts'
import { handleManifest } from './registry-manifests.ts'

const routes: readonly [RegExp, (ecr: Ecr, request: WireRequest, name: string, reference: string) => Answer][] = [
  [/^\/v2\/(.+)\/manifests\/([^/]+)$/, handleManifest],
  [/^\/v2\/(.+)\/blobs\/uploads\/?()$/, handleUpload],
  [/^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/, handleUpload],
  [/^\/v2\/(.+)\/blobs\/([^/]+)$/, handleBlob],
  [/^\/v2\/(.+)\/tags\/list()$/, listTags],
]
type Answer = WireResponse | Promise<WireResponse>

/** Whether a request is the registry's. */
export const isRegistryPath = (path: string) => path === '/v2' || path.startsWith('/v2/')

/** Answers one request; never throws. */
export async function answerRegistry(
  ecr: Ecr,
  request: WireRequest,
  onFault: (error: unknown, request: WireRequest) => void,
): Promise<WireResponse> {
  const response = await route(ecr, request).catch(error => {
    const refusal = registryRefusal(error)
    if (refusal) return refusal
    onFault(error, request)
    return registryFault(error)
  })
  return { ...response, headers: { 'docker-distribution-api-version': 'registry/2.0', ...response.headers } }
}

async function route(ecr: Ecr, request: WireRequest): Promise<WireResponse> {
  checkLogin(ecr, request)
  const path = decode(request.path)
  if (/^\/v2\/?$/.test(path)) return { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }
  for (const [pattern, handle] of routes) {
    const [matched, name = '', reference = ''] = pattern.exec(path) ?? []
    if (matched !== undefined) return handle(ecr, request, name, reference)
  }
  throw new RegistryError(404, 'UNSUPPORTED', `The local registry has no ${path}`)
}

/** Anonymous clients are welcome, since this listens on loopback only; credentials that are sent must be right. */
function checkLogin(ecr: Ecr, request: WireRequest): void {
  const sent = request.headers.authorization
  if (sent === undefined) return
  const token = /^basic\s+(\S+)$/i.exec(sent)?.[1]
  if (token !== undefined && ecr.logins.accepts(token)) return
  throw new RegistryError(
    401,
    'UNAUTHORIZED',
    'Your authorization token is not valid or has expired. Log in again: user AWS, password from `aws ecr get-login-password`.',
    { 'www-authenticate': 'Basic realm="local",service="ecr.amazonaws.com"' },
  )
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new RegistryError(400, 'NAME_INVALID', `${path} is not a well-formed path`)
  }
}

function listTags(ecr: Ecr, request: WireRequest, name: string): WireResponse {
  if (request.method !== 'GET') throw new RegistryError(405, 'UNSUPPORTED', 'tags/list takes GET')
  const limit = request.query.get('n')
  if (limit !== null && !/^\d{1,9}$/.test(limit)) {
    throw new RegistryError(400, 'PAGINATION_NUMBER_INVALID', `n must be a number, not "${limit}"`)
  }
  const last = request.query.get('last')
  const rest = [...ecr.repository(name).tags.keys()].sort().filter(tag => last === null || tag > last)
  const tags = limit === null ? rest : rest.slice(0, Number(limit))
  const more = tags.length > 0 && tags.length < rest.length
  const next = `</v2/${name}/tags/list?n=${limit}&last=${tags.at(-1)}>; rel="next"`
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...(more ? { link: next } : {}) },
    body: JSON.stringify({ name, tags }),
  }
}
