/** Makes the stack's topics and subscriptions, and takes to functions what the topics bring. */
import { AwsError } from '../account/aws-error.ts'
import { allows } from '../account/resource-policy.ts'
import type { InvokeFunction, Sns } from '../account/sns/sns.ts'
import { type AsynchronousParts, invokeAsynchronously } from './asynchronous.ts'
import type { FunctionPermission } from './resource.ts'
import type { StackTemplate } from './template.ts'

/** Gives the function that keeps topics from invoking anything. Throws Error when a subscription names a topic or a function that the stack does not have. */
export function deployTopics(stack: StackTemplate, sns: Sns, asynchronous: AsynchronousParts): () => void {
  const topics = new Set(stack.topics.map(settings => sns.createTopic(settings).arn))
  for (const { topicArn, protocol, endpoint, isRaw } of stack.subscriptions) {
    if (!topics.has(topicArn))
      throw new Error(`${endpoint} is subscribed to ${topicArn}, a topic that the stack does not make.`)
    if (protocol === 'lambda' && !stack.functions.some(({ name }) => name === nameIn(endpoint)))
      throw new Error(`${topicArn} brings its messages to ${endpoint}, a function that the stack does not have.`)
    const Attributes = { RawMessageDelivery: String(isRaw) }
    sns.subscribe({ TopicArn: topicArn, Protocol: protocol, Endpoint: endpoint, ...(isRaw && { Attributes }) })
  }
  return sns.setFunctions(invokerOf(stack, asynchronous))
}

/** Lambda takes the event and is done: whether the function then fails is not for SNS to know. */
function invokerOf(stack: StackTemplate, asynchronous: AsynchronousParts): InvokeFunction {
  const { clock, accountId } = asynchronous.context
  return (functionArn, topicArn, event) => {
    const target = stack.functions.find(({ name }) => name === nameIn(functionArn))
    if (!target) throw new AwsError('ResourceNotFoundException', `Function not found: ${functionArn}`)
    const statements = stack.permissions.filter(({ functionName }) => functionName === target.name).map(statementOf)
    const request = { service: 'sns.amazonaws.com', action: 'lambda:InvokeFunction', resource: functionArn }
    if (!allows(statements, { ...request, sourceArn: topicArn, sourceAccount: accountId }))
      throw new AwsError('AccessDeniedException', `${functionArn} has no permission for ${topicArn} to invoke it.`)
    clock.after(0, () => invokeAsynchronously(asynchronous, target, event))
  }
}

/** Lambda keeps permissions as a policy of the function. */
function statementOf({ action, principal, sourceArn, sourceAccount }: FunctionPermission) {
  return {
    Effect: 'Allow',
    Principal: { Service: principal },
    Action: action,
    Condition: {
      ...(sourceArn !== undefined && { ArnLike: { 'aws:SourceArn': sourceArn } }),
      ...(sourceAccount !== undefined && { StringEquals: { 'aws:SourceAccount': sourceAccount } }),
    },
  }
}

const nameIn = (functionArn: string) => functionArn.replace(/^.*:function:/, '')
