/** Reads the packaged CloudFormation template: what the local account has to make so that its wiring is the deployed one. */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import type { Rule } from '../account/bus.ts'
import type { QueueSettings } from '../account/queue.ts'
import type { TopicSettings } from '../account/sns/topics.ts'
import { resolve } from './intrinsics.ts'
import type {
  EventSourceMapping,
  FunctionPermission,
  Place,
  Properties,
  Resource,
  Schedule,
  StackFunction,
  TopicSubscription,
} from './resource.ts'
import { functionOf, mappingOf, queueOf, ruleOf, tableOf } from './resource-kinds.ts'
import { valuesOf } from './resource-names.ts'
import { scheduleOf } from './schedule-kind.ts'
import { permissionOf, subscriptionOf, topicOf } from './topic-kinds.ts'

export interface StackTemplate {
  table: CreateTableCommandInput
  queues: QueueSettings[]
  rules: Rule[]
  functions: StackFunction[]
  mappings: EventSourceMapping[]
  schedules: Schedule[]
  topics: TopicSettings[]
  subscriptions: TopicSubscription[]
  permissions: FunctionPermission[]
}

/** The kinds that the local account makes. */
const modelled = new Set([
  'AWS::DynamoDB::Table',
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
  'AWS::Events::Rule',
  'AWS::Lambda::Function',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::Permission',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SNS::Subscription',
  'AWS::Scheduler::Schedule',
])

/** The kinds that the local account has no use for: it checks no role's rights and keeps no logs or zips. */
const withoutEffect = new Set([
  'AWS::IAM::Role',
  'AWS::Logs::LogGroup',
  'AWS::Lambda::Version',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
])

/** `template`: parsed JSON. Throws Error by the name of a resource, function or property that it does not know. */
export function readTemplate(template: unknown, place: Place): StackTemplate {
  const raw = (template as { Resources?: Record<string, Resource> }).Resources
  if (!raw) throw new Error('This is no CloudFormation template: it has no Resources. Run npm run package.')
  const values = valuesOf(raw, place)
  const used = Object.entries(raw).filter(([, resource]) => !withoutEffect.has(resource.Type))
  const resources = used.map(([logicalId, resource]): [string, Resource] => {
    if (!modelled.has(resource.Type)) {
      throw new Error(`The local account does not model ${resource.Type}, of which the stack has ${logicalId}.`)
    }
    // Where a function's zip lies is of no interest: the local account runs the built bundle.
    const { Code: _code, ...properties } = resource.Properties
    return [logicalId, { ...resource, Properties: resolve(properties, values) as Properties }]
  })
  const ofType = (type: string) =>
    resources.filter(([, { Type }]) => Type === type).map(([, { Properties }]) => Properties)
  const [table, ...moreTables] = ofType('AWS::DynamoDB::Table')
  if (!table || moreTables.length > 0)
    throw new Error(`The stack has ${moreTables.length + (table ? 1 : 0)} tables, not one.`)
  const policies = ofType('AWS::SQS::QueuePolicy')
  const topicPolicies = ofType('AWS::SNS::TopicPolicy')
  const invokeConfigs = ofType('AWS::Lambda::EventInvokeConfig')
  return {
    table: tableOf(table),
    queues: ofType('AWS::SQS::Queue').map(queue => queueOf(queue, policies, place)),
    rules: ofType('AWS::Events::Rule').map(ruleOf),
    functions: ofType('AWS::Lambda::Function').map(each => functionOf(each, invokeConfigs)),
    mappings: ofType('AWS::Lambda::EventSourceMapping').map(mappingOf),
    topics: ofType('AWS::SNS::Topic').map(topic => topicOf(topic, topicPolicies, place)),
    subscriptions: ofType('AWS::SNS::Subscription').map(subscriptionOf),
    permissions: ofType('AWS::Lambda::Permission').map(permissionOf),
    schedules: resources
      .filter(([, { Type }]) => Type === 'AWS::Scheduler::Schedule')
      .map(([logicalId, { Properties }]) => scheduleOf(logicalId, Properties)),
  }
}
