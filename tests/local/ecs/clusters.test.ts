import type { Cluster } from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import { arnOf, type EcsAccount, ecsAccount, network, refusal } from './ecs-account.ts'

const arn = (name: string) => `arn:aws:ecs:eu-central-1:123456789012:cluster/${name}`
const describeOf = (account: EcsAccount, input: object = {}) =>
  account.call<{ clusters: Cluster[]; failures: object[] }>('DescribeClusters', input)

describe('clusters', () => {
  test('are made once, `default` without a name, and described with what is asked for', () => {
    const account = ecsAccount({ seed: {} })
    expect(describeOf(account)).toEqual({ clusters: [], failures: [{ arn: arn('default'), reason: 'MISSING' }] })
    account.call('CreateCluster')
    account.call('CreateCluster', {
      clusterName: 'blue',
      capacityProviders: ['FARGATE_SPOT'],
      tags: [{ key: 'a', value: 'b' }],
    })
    account.call('CreateCluster', { clusterName: 'blue' })
    expect(account.call('ListClusters')).toEqual({ clusterArns: [arn('blue'), arn('default')] })
    expect(describeOf(account, { clusters: [arn('blue'), 'default', 'nope'] })).toMatchObject({
      clusters: [
        { clusterName: 'blue', status: 'ACTIVE', capacityProviders: ['FARGATE_SPOT'], tags: [] },
        { clusterName: 'default', capacityProviders: [] },
      ],
      failures: [{ arn: arn('nope'), reason: 'MISSING' }],
    })
    expect(describeOf(account, { clusters: ['blue'], include: ['TAGS'] }).clusters[0]?.tags).toEqual([
      { key: 'a', value: 'b' },
    ])
  })

  test('count their tasks and services, and cannot be deleted while they have some', async () => {
    const account = ecsAccount()
    account.register()
    const task = arnOf(account.run())
    account.call('CreateService', {
      serviceName: 's',
      taskDefinition: 'web',
      desiredCount: 0,
      launchType: 'FARGATE',
      networkConfiguration: network,
    })
    expect(describeOf(account).clusters[0]).toMatchObject({
      pendingTasksCount: 1,
      runningTasksCount: 0,
      activeServicesCount: 1,
    })
    await account.advance(25)
    expect(describeOf(account).clusters[0]).toMatchObject({ pendingTasksCount: 0, runningTasksCount: 1 })
    const remove = () => account.call<{ cluster: Cluster }>('DeleteCluster', { cluster: 'default' }).cluster
    expect(refusal(remove)).toMatch(/^ClusterContainsServicesException/)
    account.call('DeleteService', { service: 's' })
    await account.advance(5)
    expect(refusal(remove)).toMatch(/^ClusterContainsTasksException/)
    account.call('StopTask', { task })
    await account.advance(120)
    expect(remove().status).toBe('INACTIVE')
    expect(describeOf(account).clusters[0]?.status).toBe('INACTIVE')
    expect(account.call('ListClusters')).toEqual({ clusterArns: [] })
  })

  test('run on their default strategy when a request names none', () => {
    const account = ecsAccount()
    account.register()
    account.call('PutClusterCapacityProviders', {
      cluster: 'default',
      capacityProviders: ['FARGATE_SPOT'],
      defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }],
    })
    expect(account.run({ launchType: undefined }).tasks?.[0]?.capacityProviderName).toBe('FARGATE_SPOT')
  })

  test.each([
    {
      case: 'a name with a blank',
      input: { clusterName: 'my cluster' },
      refused: /^InvalidParameterException: Cluster must match/,
    },
    {
      case: 'a provider of instances',
      input: { clusterName: 'c', capacityProviders: ['asg'] },
      refused: /^UnsupportedFeatureException: .*capacity provider asg/,
    },
    {
      case: 'a strategy with no weight',
      input: {
        clusterName: 'c',
        capacityProviders: ['FARGATE'],
        defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 0 }],
      },
      refused: /weight greater than 0/,
    },
  ])('refuse $case', ({ input, refused }) => {
    const account = ecsAccount({ seed: {} })
    expect(refusal(() => account.call('CreateCluster', input))).toMatch(refused)
    expect(account.ecs.clusters()).toEqual([])
  })
})

describe('what Describe can include', () => {
  test.each([
    {
      operation: 'DescribeClusters',
      input: {},
      allowed: ['TAGS', 'ATTACHMENTS', 'CONFIGURATIONS', 'SETTINGS', 'STATISTICS'],
    },
    { operation: 'DescribeServices', input: { services: ['s'] }, allowed: ['TAGS'] },
    { operation: 'DescribeTasks', input: { tasks: ['f'.repeat(32)] }, allowed: ['TAGS'] },
    { operation: 'DescribeTaskDefinition', input: { taskDefinition: 'web' }, allowed: ['TAGS'] },
  ])('$operation: $allowed, and nothing else', ({ operation, input, allowed }) => {
    const account = ecsAccount()
    account.register()
    const including = (...include: string[]) => refusal(() => account.call(operation, { ...input, include }))
    expect(including(...allowed)).toBe('answered')
    expect(including('TAGS', 'FOO')).toBe(
      `InvalidParameterException: include should be one of [${allowed.join(', ')}], but was FOO.`,
    )
  })
})

describe('tags', () => {
  test('come and go on clusters, services, tasks and task definitions', () => {
    const account = ecsAccount()
    const definition = account.register()
    const task = arnOf(account.run())
    account.call('CreateService', {
      serviceName: 's',
      taskDefinition: 'web',
      desiredCount: 0,
      launchType: 'FARGATE',
      networkConfiguration: network,
    })
    const service = account.service('s').serviceArn
    for (const resourceArn of [arn('default'), definition, task, service]) {
      account.call('TagResource', {
        resourceArn,
        tags: [
          { key: 'a', value: '1' },
          { key: 'b', value: '2' },
        ],
      })
      account.call('TagResource', { resourceArn, tags: [{ key: 'a', value: '3' }] })
      account.call('UntagResource', { resourceArn, tagKeys: ['b'] })
      expect(account.call('ListTagsForResource', { resourceArn })).toEqual({ tags: [{ key: 'a', value: '3' }] })
    }
    expect(account.task(task).tags).toEqual([{ key: 'a', value: '3' }])
  })

  test('stay as they were when the new ones are refused', () => {
    const account = ecsAccount()
    const resourceArn = arn('default')
    const many = Array.from({ length: 50 }, (_, n) => ({ key: `k${n}`, value: '' }))
    account.call('TagResource', { resourceArn, tags: many })
    expect(refusal(() => account.call('TagResource', { resourceArn, tags: [{ key: 'one-more', value: '' }] }))).toMatch(
      /maximum number of tags/,
    )
    expect(account.call('ListTagsForResource', { resourceArn })).toEqual({ tags: many })
    expect(refusal(() => account.call('TagResource', { resourceArn: `${resourceArn}x`, tags: [] }))).toMatch(
      /^ResourceNotFoundException/,
    )
  })
})

test('Container Insights are disabled until a setting says otherwise', () => {
  const account = ecsAccount()
  const settingsOf = (clusterName: string) =>
    account.call<{ clusters: Cluster[] }>('DescribeClusters', { clusters: [clusterName], include: ['SETTINGS'] })
      .clusters[0]?.settings
  const insights = (value: string) => [{ name: 'containerInsights', value }]
  expect(settingsOf('default')).toEqual(insights('disabled'))
  account.call('CreateCluster', { clusterName: 'blue', settings: insights('enhanced') })
  expect(settingsOf('blue')).toEqual(insights('enhanced'))
  account.call('UpdateClusterSettings', { cluster: 'blue', settings: insights('enabled') })
  expect(settingsOf('blue')).toEqual(insights('enabled'))
  expect(refusal(() => account.call('UpdateClusterSettings', { cluster: 'blue', settings: insights('all') }))).toMatch(
    /^InvalidParameterException: settings.value should be one of \[disabled, enabled, enhanced\]/,
  )
  expect(refusal(() => account.call('UpdateClusterSettings', { cluster: 'nope', settings: [] }))).toMatch(
    /^ClusterNotFoundException/,
  )
  expect(settingsOf('blue')).toEqual(insights('enabled'))
})
