/** Application Auto Scaling's own errors, what of it is not modelled, and its pages. */
import { AwsError } from '../aws-error.ts'

export const invalid = (message: string) => new AwsError('ValidationException', message)

/** What AWS can do and this model does not: said by name, never answered with 200. */
export const notModelled = (what: string) => invalid(`The local account does not model ${what}.`)

export const notFound = (what: string, about: { ResourceId?: string | undefined }) =>
  new AwsError(
    'ObjectNotFoundException',
    `No ${what} found for service namespace: ecs, resource ID: ${about.ResourceId}, scalable dimension: ecs:service:DesiredCount`,
  )

/** What each operation names: services of ECS and how many of their tasks are wanted are all that is scaled here. */
export function refuseOtherThanServices(input: {
  ServiceNamespace?: string | undefined
  ScalableDimension?: string | undefined
}): void {
  const { ServiceNamespace: namespace, ScalableDimension: dimension } = input
  if (namespace !== 'ecs')
    throw invalid(`Value '${namespace}' at 'serviceNamespace' is not modelled: the local account scales ecs only.`)
  if (dimension !== undefined && dimension !== 'ecs:service:DesiredCount')
    throw invalid(`Value '${dimension}' at 'scalableDimension' is not modelled: ECS has ecs:service:DesiredCount only.`)
}

/** Throws for members that the caller gave and the model would ignore. */
export function refuseGiven(operation: string, members: object): void {
  for (const [name, value] of Object.entries(members))
    if (value !== undefined) throw notModelled(`${name} of application-autoscaling:${operation}`)
}

const largestPage = 50

/** One page of `items`; the token names the last key given, so that what goes meanwhile makes no other one skipped. */
export function pageOf<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
  { MaxResults = largestPage, NextToken }: { MaxResults?: number | undefined; NextToken?: string | undefined },
): { items: Item[]; NextToken?: string } {
  if (!Number.isInteger(MaxResults) || MaxResults < 1 || MaxResults > largestPage)
    throw invalid(`Value '${MaxResults}' at 'maxResults' failed to satisfy constraint: 1 to ${largestPage}`)
  const after = NextToken === undefined ? undefined : keyIn(NextToken)
  const sorted = items.toSorted((one, other) => (key(one) < key(other) ? -1 : 1))
  const rest = after === undefined ? sorted : sorted.filter(item => key(item) > after)
  const last = rest.length > MaxResults ? rest[MaxResults - 1] : undefined
  return { items: rest.slice(0, MaxResults), ...(last !== undefined && { NextToken: tokenFor(key(last)) }) }
}

const tokenFor = (key: string) => Buffer.from(JSON.stringify({ after: key })).toString('base64url')

function keyIn(token: string): string {
  try {
    const { after } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { after?: unknown }
    if (typeof after === 'string') return after
  } catch {
    // Falls through to the refusal: whatever does not parse was not given out by `tokenFor`.
  }
  throw new AwsError('InvalidNextTokenException', 'The next token supplied was invalid.')
}
