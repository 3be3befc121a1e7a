/** Requests to the tasks of services behind a load balancer. */
import { expect, test } from 'vitest'
import { measuredAccount } from './measured-account.ts'

const group = (name: string) => ({
  targetGroupArn: `arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/${name}/6d0ecf831eec9f09`,
  containerName: 'web',
  containerPort: 80,
})
const dimensions = (name: string) => ({ TargetGroup: `targetgroup/${name}/6d0ecf831eec9f09` })
const metric = 'AWS/ApplicationELB RequestCountPerTarget'

test('Sum is the average per target, by target group; zero is reported while a target runs', async () => {
  const account = measuredAccount()
  account.serve('web', 'idle, requests 30/min', 3, [group('web')])
  account.serve('quiet', 'idle', 1, [group('quiet')])
  account.serve('alone', 'requests 30/min')
  await account.advance(12)
  expect(await account.values([metric, dimensions('web')], 'Sum')).toEqual(Array(10).fill(30))
  expect(await account.values([metric, dimensions('web')], 'Sum', 5)).toEqual([150, 150])
  expect(await account.values([metric, dimensions('quiet')], 'Sum')).toEqual(Array(10).fill(0))
  const listed = await account.list({ Namespace: 'AWS/ApplicationELB' })
  expect(listed).toHaveLength(4)
  const balanced = listed.find(({ Dimensions }) => Dimensions?.length === 2)?.Dimensions ?? []
  const both = Object.fromEntries(balanced.map(({ Name = '', Value = '' }) => [Name, Value]))
  expect(both.LoadBalancer).toMatch(/^app\/[a-z]+\/[0-9a-f]{16}$/)
  expect(await account.values([metric, { ...both, ...dimensions('web') }], 'Sum')).toEqual(Array(10).fill(30))

  account.call('UpdateService', { cluster: 'demo', service: 'web', desiredCount: 0 })
  await account.advance(10)
  // Whoever is parked has no points, which are not zeros.
  expect(await account.values([metric, dimensions('web')], 'Sum')).toHaveLength(12)
})
