/** Pages of a list, as the Price List and Budgets cut them. */
import { AwsError } from './aws-error.ts'

export interface PageRequest {
  MaxResults?: number | undefined
  NextToken?: string | undefined
}

const usual = 100

/**
 * One page of `items`, which come in rising order of `key`. The token names the last key given, not a position, so that what is
 * deleted between two pages makes nothing else skipped. Throws for a bad token or MaxResults outside 1 to `most`.
 */
export function page<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
  { MaxResults: size = usual, NextToken }: PageRequest,
  most: number,
): { items: Item[]; NextToken?: string } {
  if (!Number.isInteger(size) || size < 1 || size > most)
    throw new AwsError('InvalidParameterException', `MaxResults must be between 1 and ${most}, but was ${size}.`)
  const after = NextToken === undefined ? undefined : keyIn(NextToken)
  const rest = after === undefined ? items : items.filter(item => key(item) > after)
  const taken = rest.slice(0, size)
  const last = taken.at(-1)
  return { items: taken, ...(last !== undefined && rest.length > size && { NextToken: tokenFor(key(last)) }) }
}

const prefix = 'after:'
const tokenFor = (key: string) => Buffer.from(prefix + key).toString('base64url')

function keyIn(token: string): string {
  const text = Buffer.from(token, 'base64url').toString()
  if (!text.startsWith(prefix) || tokenFor(text.slice(prefix.length)) !== token)
    throw new AwsError('InvalidNextTokenException', 'The pagination token is invalid. Try again without a token.')
  return text.slice(prefix.length)
}
