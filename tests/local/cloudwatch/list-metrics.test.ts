import { ListMetricsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { expect, test } from 'vitest'
import { type Measured, measuredAccount } from './measured-account.ts'

const put = (account: Measured, names: string[], Namespace = 'Acme') =>
  account.sdk.send(
    new PutMetricDataCommand({
      Namespace,
      MetricData: names.map(MetricName => ({
        MetricName,
        Dimensions: [{ Name: 'Queue', Value: MetricName }],
        Value: 1,
      })),
    }),
  )

test('pages of 500, each metric once, whatever comes in between', async () => {
  const account = measuredAccount()
  const names = Array.from({ length: 700 }, (_, n) => `m${n}`)
  await put(account, names)
  const first = await account.sdk.send(new ListMetricsCommand({}))
  expect(first.Metrics).toHaveLength(500)
  await put(account, ['a-new-one', 'z-new-one'])
  const second = await account.sdk.send(new ListMetricsCommand({ NextToken: first.NextToken }))
  expect(second.NextToken).toBeUndefined()
  const listed = [...(first.Metrics ?? []), ...(second.Metrics ?? [])].map(({ MetricName }) => MetricName)
  expect(new Set(listed).size).toBe(listed.length)
  expect(new Set(listed)).toEqual(new Set([...names, 'z-new-one']))
  await expect(account.sdk.send(new ListMetricsCommand({ NextToken: 'nope' }))).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
  })
})

test('filters by namespace, name, and dimensions with and without a value', async () => {
  const account = measuredAccount({ insights: 'enhanced' })
  const [id = ''] = account.run('crawl', 'idle')
  account.serve('web', 'busy')
  await account.advance(10)
  /** The values of each one's dimensions, those with the fewest first. */
  const named = async (input: object) =>
    (await account.list({ MetricName: 'TaskCpuUtilization', ...input }))
      .map(({ Dimensions = [] }) => Dimensions.map(({ Value }) => Value))
      .sort((one, other) => one.length - other.length)
  expect(await named({ Dimensions: [{ Name: 'TaskId', Value: id }] })).toEqual([['demo', 'crawl', id]])
  expect(await named({ Dimensions: [{ Name: 'TaskDefinitionFamily', Value: 'crawl' }] })).toEqual([
    ['demo', 'crawl'],
    ['demo', 'crawl', id],
  ])
  expect(await named({ Dimensions: [{ Name: 'ServiceName' }] })).toEqual([
    ['demo', 'web'],
    ['demo', 'web', expect.stringMatching(/^[0-9a-f]{32}$/)],
  ])
  expect(await named({ Namespace: 'AWS/ECS' })).toEqual([])
  expect(await named({ Dimensions: [{ Name: 'PodName' }] })).toEqual([])
})

test('what had no sample for two weeks is no longer listed; what had none for three hours is not recently active', async () => {
  const account = measuredAccount({ insights: 'enabled' })
  const [id = ''] = account.run('crawl', 'idle')
  const family = { Namespace: 'ECS/ContainerInsights', Dimensions: [{ Name: 'TaskDefinitionFamily', Value: 'crawl' }] }
  const count = async (more: object = {}) => (await account.list({ ...family, ...more })).length
  await account.advance(1)
  expect(await count()).toBe(0)
  await account.advance(5)
  expect(await count()).toBe(6)
  expect(await count({ RecentlyActive: 'PT3H' })).toBe(6)
  account.call('StopTask', { cluster: 'demo', task: id })
  await account.advance(4 * 60)
  expect(await count()).toBe(6)
  expect(await count({ RecentlyActive: 'PT3H' })).toBe(0)
  await account.advance(14 * 24 * 60)
  expect(await count()).toBe(0)
})

test.each([
  {
    case: 'more than 10 filters',
    input: { Dimensions: Array.from({ length: 11 }, (_, n) => ({ Name: `d${n}` })) },
    refused: 'greater than 10',
  },
  { case: 'another recency', input: { RecentlyActive: 'PT1H' as 'PT3H' }, refused: 'must be PT3H, but was PT1H' },
  { case: 'linked accounts', input: { IncludeLinkedAccounts: true }, refused: 'does not model IncludeLinkedAccounts' },
])('$case is refused', async ({ input, refused }) => {
  const { sdk } = measuredAccount()
  await expect(sdk.send(new ListMetricsCommand(input))).rejects.toThrow(refused)
})
