/** What the template's resources are called in the local account: the values behind Ref and Fn::GetAtt. */
import type { Values } from './intrinsics.ts'
import type { Place, Resource } from './resource.ts'

/** The property that names a resource of this kind, and its ARN. */
const kinds: Record<string, { property: string; arn(name: string, place: Place): string }> = {
  'AWS::SQS::Queue': { property: 'QueueName', arn: (name, place) => arn(place, 'sqs', name) },
  'AWS::SNS::Topic': { property: 'TopicName', arn: (name, place) => arn(place, 'sns', name) },
  'AWS::DynamoDB::Table': { property: 'TableName', arn: (name, place) => arn(place, 'dynamodb', `table/${name}`) },
  'AWS::Events::Rule': { property: 'Name', arn: (name, place) => arn(place, 'events', `rule/${name}`) },
  'AWS::Lambda::Function': { property: 'FunctionName', arn: (name, place) => arn(place, 'lambda', `function:${name}`) },
}

function arn({ region, accountId }: Place, service: string, resource: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`
}

/** Resolves names only; throws Error by the name of what has none. */
export function valuesOf(resources: Record<string, Resource>, place: Place): Values {
  const pseudo: Record<string, string> = {
    'AWS::AccountId': place.accountId,
    'AWS::Region': place.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
  }
  function find(logicalId: string, what: string) {
    const resource = resources[logicalId]
    if (!resource)
      throw new Error(`The local account can't resolve ${what} of ${logicalId}, which the stack does not have.`)
    const kind = kinds[resource.Type]
    // The roles that functions name play no part, but are named all the same.
    if (resource.Type === 'AWS::IAM::Role')
      return { type: resource.Type, name: logicalId, arn: `arn:aws:iam::${place.accountId}:role/${logicalId}` }
    if (!kind) throw new Error(`The local account can't resolve ${what} of ${logicalId} (${resource.Type}).`)
    const name = resource.Properties[kind.property]
    if (typeof name !== 'string')
      throw new Error(`${logicalId} (${resource.Type}) has no ${kind.property}: the local account makes up no names.`)
    return { type: resource.Type, name, arn: kind.arn(name, place) }
  }
  return {
    ref(name) {
      if (Object.hasOwn(pseudo, name)) return pseudo[name] ?? ''
      const found = find(name, 'Ref')
      if (found.type === 'AWS::SQS::Queue') return place.queueUrl(found.name)
      return found.type === 'AWS::SNS::Topic' ? found.arn : found.name
    },
    attribute(logicalId, attribute) {
      const found = find(logicalId, attribute)
      if (found.type === 'AWS::SNS::Topic') {
        if (attribute === 'TopicArn') return found.arn
        if (attribute === 'TopicName') return found.name
      } else if (attribute === 'Arn') return found.arn
      if (attribute === 'QueueName' && found.type === 'AWS::SQS::Queue') return found.name
      throw new Error(`The local account can't resolve ${attribute} of ${logicalId} (${found.type}).`)
    },
  }
}
