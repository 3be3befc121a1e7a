/** Pages of a list, as ECR cuts them: a token says where the next one begins, so that changes in between skip nothing else. */
import { invalidParameter } from './registry.ts'

export interface PageRequest {
  maxResults?: number | undefined
  nextToken?: string | undefined
}

/** One page of `items`, sorted by a key that each has to itself. ECR's pages have 1 to 1,000 items, 100 unless told. */
export function page<T>(items: readonly T[], key: (item: T) => string, request: PageRequest) {
  const size = request.maxResults ?? 100
  if (!Number.isInteger(size) || size < 1 || size > 1000) {
    throw invalidParameter('maxResults', 'Member must be between 1 and 1000')
  }
  const after = request.nextToken === undefined ? undefined : decode(request.nextToken)
  const rest = items
    .map(item => ({ item, at: key(item) }))
    .filter(({ at }) => after === undefined || at > after)
    .sort((one, other) => (one.at < other.at ? -1 : 1))
  const taken = rest.slice(0, size)
  const last = taken.at(-1)
  return {
    items: taken.map(({ item }) => item),
    ...(last && rest.length > size ? { nextToken: encode(last.at) } : {}),
  }
}

const prefix = 'after:'
const encode = (key: string) => Buffer.from(prefix + key).toString('base64url')

function decode(token: string): string {
  const text = Buffer.from(token, 'base64url').toString()
  if (!text.startsWith(prefix) || encode(text.slice(prefix.length)) !== token) {
    throw invalidParameter('nextToken', 'it must be the nextToken of the page before')
  }
  return text.slice(prefix.length)
}
