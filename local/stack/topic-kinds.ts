/** Topics, who is subscribed to them, and which services may invoke functions, from CloudFormation's properties, resolved. */
import { checkStatement, type PolicyStatement } from '../account/resource-policy.ts'
import type { TopicSettings } from '../account/sns/topics.ts'
import type { FunctionPermission, Place, Properties, TopicSubscription } from './resource.ts'

/** A topic with every policy that names it. Throws Error by the name of what is not modelled. */
export function topicOf(properties: Properties, policies: readonly Properties[], place: Place): TopicSettings {
  // Tags are of no effect on what becomes of a message.
  const { TopicName: name, DisplayName, Tags: _, ...others } = properties
  refuse(`topic ${name}`, others)
  const arn = `arn:aws:sns:${place.region}:${place.accountId}:${name}`
  const own = policies.filter(({ Topics }) => Topics.includes(arn))
  const statements: PolicyStatement[] = own.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
  for (const statement of statements) checkStatement('topic', statement)
  return {
    name,
    ...(DisplayName !== undefined && { displayName: DisplayName }),
    ...(statements.length > 0 && { policy: { Statement: statements } }),
  }
}

export function subscriptionOf({
  Protocol,
  Endpoint,
  TopicArn,
  RawMessageDelivery,
  ...others
}: Properties): TopicSubscription {
  refuse(`subscription of ${Endpoint} to ${TopicArn}`, others)
  return { topicArn: TopicArn, protocol: Protocol, endpoint: Endpoint, isRaw: RawMessageDelivery ?? false }
}

export function permissionOf({
  Action,
  FunctionName,
  Principal,
  SourceArn,
  SourceAccount,
  ...others
}: Properties): FunctionPermission {
  const functionName = String(FunctionName).replace(/^.*:function:/, '')
  refuse(`permission to invoke ${functionName}`, others)
  return {
    functionName,
    action: Action,
    principal: Principal,
    ...(SourceArn !== undefined && { sourceArn: SourceArn }),
    ...(SourceAccount !== undefined && { sourceAccount: String(SourceAccount) }),
  }
}

function refuse(about: string, others: Properties): void {
  const [unknown] = Object.keys(others)
  if (unknown) throw new Error(`The local account does not model ${unknown} of the ${about}.`)
}
