/** Pages of a list whose items keep their place while others come and go. */
import { invalidParameter } from './refusals.ts'

export interface PageRequest {
  nextToken?: string | undefined
  maxResults?: number | undefined
}

const limit = 100

/**
 * One page of `items`, which come in rising (or `falling`) order of `key`. The token names the last key given, not a position, so that a
 * task forgotten between two pages makes no other one skipped. Throws for a bad token or `maxResults` outside 1 to 100.
 * `usual`: the size of a page when the caller does not say.
 */
export function page<Item>(
  items: Iterable<Item>,
  key: (item: Item) => string,
  request: PageRequest,
  { usual = limit, falling = false }: { usual?: number; falling?: boolean } = {},
): { items: Item[]; nextToken?: string } {
  const size = request.maxResults ?? usual
  if (size < 1 || size > limit) throw invalidParameter(`maxResults should be between 1 and ${limit}, but was ${size}.`)
  const after = request.nextToken === undefined ? undefined : keyIn(request.nextToken)
  const found: Item[] = []
  for (const item of items) {
    if (after !== undefined && (falling ? key(item) >= after : key(item) <= after)) continue
    if (found.length === size) return { items: found, nextToken: tokenFor(key(found[size - 1] as Item)) }
    found.push(item)
  }
  return { items: found }
}

/** A key that sorts as the number does. */
export const sortableNumber = (value: number) => value.toString().padStart(16, '0')

const tokenFor = (key: string) => Buffer.from(JSON.stringify({ after: key })).toString('base64url')

function keyIn(token: string): string {
  try {
    const { after } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { after?: unknown }
    if (typeof after === 'string') return after
  } catch {
    // Falls through to the refusal: whatever does not parse was not given out by `tokenFor`.
  }
  throw invalidParameter('Invalid token')
}
