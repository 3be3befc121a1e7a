import type { Service, ServiceRevision } from '@aws-sdk/client-ecs'
import { expect, test } from 'vitest'
import { container, ecsAccount, refusal } from './ecs-account.ts'
import { create, update } from './shop-service.ts'

const group = (name: string) => ({
  targetGroupArn: `arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/${name}/6d0ecf831eec9f09`,
  containerName: 'web',
  containerPort: 80,
})

function served() {
  const account = ecsAccount()
  account.register({ containerDefinitions: [container({ portMappings: [{ containerPort: 80 }] })] })
  return account
}

const groupsOf = ({ loadBalancers }: Pick<Service, 'loadBalancers'>) =>
  loadBalancers?.map(({ targetGroupArn }) => targetGroupArn?.split('/')[1])

test('a service keeps its target groups until an update names others, which is a deployment', async () => {
  const account = served()
  expect(create(account, { loadBalancers: [group('a')] }).loadBalancers).toEqual([group('a')])
  await account.advance(60)
  update(account, { desiredCount: 3 })
  expect(groupsOf(account.service('shop'))).toEqual(['a'])
  expect(account.service('shop').deployments).toHaveLength(1)

  update(account, { loadBalancers: [group('a'), group('b')] })
  expect(groupsOf(account.service('shop'))).toEqual(['a', 'b'])
  expect(account.service('shop').deployments).toHaveLength(2)
  const revisions = account.service('shop').currentServiceRevisions?.map(({ arn }) => arn)
  const described = account.call<{ serviceRevisions: ServiceRevision[] }>('DescribeServiceRevisions', {
    serviceRevisionArns: revisions,
  })
  expect(described.serviceRevisions.map(groupsOf)).toEqual([['a', 'b'], ['a']])

  update(account, { loadBalancers: [] })
  expect(groupsOf(account.service('shop'))).toEqual([])
})

test.each([
  {
    case: 'what is no ARN of a target group',
    balancer: { ...group('a'), targetGroupArn: 'targetgroup/a/1' },
    refused: /^InvalidParameterException: Unable to find the target group: "targetgroup\/a\/1"/,
  },
  {
    case: 'a container that is not in the task definition',
    balancer: { ...group('a'), containerName: 'app' },
    refused: /^InvalidParameterException: The container app does not exist in the task definition/,
  },
  {
    case: 'a port that the container does not open',
    balancer: { ...group('a'), containerPort: 81 },
    refused: /^InvalidParameterException: The container web did not have a container port 81 defined/,
  },
])('$case is refused, at creation and later, and changes nothing', ({ balancer, refused }) => {
  const account = served()
  expect(refusal(() => create(account, { loadBalancers: [balancer] }))).toMatch(refused)
  expect(account.ecs.services()).toEqual([])
  create(account, { loadBalancers: [group('a')] })
  expect(refusal(() => update(account, { loadBalancers: [balancer] }))).toMatch(refused)
  expect(groupsOf(account.service('shop'))).toEqual(['a'])
})

test('a revision without the port that a target group is to reach is refused', () => {
  const account = served()
  create(account, { loadBalancers: [group('a')] })
  account.register()
  expect(refusal(() => update(account, { taskDefinition: 'web' }))).toMatch(/did not have a container port 80 defined/)
})
