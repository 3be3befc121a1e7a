/** Whether a queue's policy lets an EventBridge rule send to it. */
import { AwsError } from './aws-error.ts'
import type { PolicyStatement, Queue } from './queue.ts'

/** Throws as EventBridge records it: without the permission the event is lost, or goes to the rule's dead letters. */
export function requireRuleAllowed(queue: Queue, ruleArn: string): void {
  const statements = queue.settings.policy?.Statement ?? []
  if (
    statements.some(
      statement => statement.Effect === 'Allow' && isAbout(statement) && conditionsHold(statement, ruleArn),
    )
  )
    return
  throw new AwsError('NO_PERMISSIONS', `The policy of ${queue.arn} does not allow ${ruleArn} to send.`)
}

/** Throws Error for what a policy has that the local account cannot judge: better than a wrong yes or no. */
export function checkPolicy(statement: PolicyStatement): void {
  if (statement.Effect !== 'Allow') throw new Error(`A queue policy with Effect ${statement.Effect} is not modelled.`)
  for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
    for (const key of Object.keys(keys)) {
      if (!['ArnEquals', 'ArnLike'].includes(operator) || key.toLowerCase() !== 'aws:sourcearn') {
        throw new Error(`A queue policy's condition ${operator} on ${key} is not modelled.`)
      }
    }
  }
}

function isAbout({ Principal, Action }: PolicyStatement): boolean {
  const service = (Principal as { Service?: unknown } | undefined)?.Service
  const isEvents = Principal === '*' || [service].flat().includes('events.amazonaws.com')
  return isEvents && [Action].flat().some(action => /^(sqs:)?(SendMessage|\*)$/i.test(String(action)))
}

/** ArnEquals and ArnLike are the same to IAM: both take `*` and `?` within a part. */
function conditionsHold({ Condition = {} }: PolicyStatement, ruleArn: string): boolean {
  return Object.values(Condition).every(keys =>
    Object.values(keys).every(values => [values].flat().some(pattern => arnLike(String(pattern), ruleArn))),
  )
}

function arnLike(pattern: string, arn: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`).test(arn)
}
