/** SNS's pages, of a hundred each. */
import { invalid } from './refusals.ts'

const size = 100

/** The token names the last key given, so that what goes meanwhile makes no other one skipped. */
export function pageOf<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
  { NextToken }: { NextToken?: string | undefined },
): { items: Item[]; NextToken?: string } {
  const after = NextToken === undefined ? '' : Buffer.from(NextToken, 'base64url').toString()
  if (NextToken !== undefined && !after.startsWith('arn:')) throw invalid('NextToken')
  const rest = items.filter(item => key(item) > after).sort((one, other) => (key(one) < key(other) ? -1 : 1))
  const last = rest.length > size ? rest[size - 1] : undefined
  return { items: rest.slice(0, size), ...(last && { NextToken: Buffer.from(key(last)).toString('base64url') }) }
}
