/** A resource's own policy: whether it lets an AWS service do something to it on behalf of another resource. */

export interface PolicyStatement {
  Effect: string
  Principal: unknown
  Action: unknown
  Resource?: unknown
  Condition?: Record<string, Record<string, unknown>>
}

/** Who asks: the service, and the rule, topic or budget that it acts for. */
export interface ServiceRequest {
  /** `events.amazonaws.com` */
  service: string
  /** `sqs:SendMessage` */
  action: string
  /** ARN of what has the policy. */
  resource: string
  sourceArn: string
  sourceAccount: string
}

/** What a service may not do without a statement that says so. */
export function allows(statements: readonly PolicyStatement[], request: ServiceRequest): boolean {
  return statements.some(
    statement => statement.Effect === 'Allow' && isAbout(statement, request) && holds(statement, request),
  )
}

/** IAM's keys of these requests, in lower case as IAM compares them, and the operators that the local account judges. */
const keys: Readonly<Record<string, (request: ServiceRequest) => string>> = {
  'aws:sourcearn': ({ sourceArn }) => sourceArn,
  'aws:sourceaccount': ({ sourceAccount }) => sourceAccount,
}
/** ArnEquals and ArnLike are the same to IAM: both take `*` and `?`. */
const operators: Readonly<Record<string, (pattern: string, value: string) => boolean>> = {
  ArnEquals: like,
  ArnLike: like,
  StringLike: like,
  StringEquals: (expected, value) => expected === value,
}

/** Throws Error for what a policy has that the local account cannot judge: better than a wrong yes or no. `what`: `queue`. */
export function checkStatement(what: string, statement: PolicyStatement): void {
  if (statement.Effect !== 'Allow') throw new Error(`A ${what} policy with Effect ${statement.Effect} is not modelled.`)
  for (const [operator, conditions] of Object.entries(statement.Condition ?? {})) {
    for (const key of Object.keys(conditions)) {
      if (!Object.hasOwn(operators, operator) || !Object.hasOwn(keys, key.toLowerCase()))
        throw new Error(`A ${what} policy's condition ${operator} on ${key} is not modelled.`)
    }
  }
}

function isAbout({ Principal, Action, Resource }: PolicyStatement, request: ServiceRequest): boolean {
  const service = (Principal as { Service?: unknown } | undefined)?.Service
  const isFrom = Principal === '*' || [service].flat().includes(request.service)
  const [prefix = '', operation = ''] = request.action.toLowerCase().split(':')
  const names = [`${prefix}:${operation}`, operation, `${prefix}:*`, '*']
  const isToDo = [Action].flat().some(action => names.includes(String(action).toLowerCase()))
  return (
    isFrom && isToDo && (Resource === undefined || [Resource].flat().some(arn => like(String(arn), request.resource)))
  )
}

function holds({ Condition = {} }: PolicyStatement, request: ServiceRequest): boolean {
  return Object.entries(Condition).every(([operator, conditions]) =>
    Object.entries(conditions).every(([key, values]) => {
      const value = keys[key.toLowerCase()]?.(request)
      return (
        value !== undefined && [values].flat().some(expected => operators[operator]?.(String(expected), value) ?? false)
      )
    }),
  )
}

/** Whether a text is as a pattern with `*` and `?` says. */
export function like(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`).test(text)
}
