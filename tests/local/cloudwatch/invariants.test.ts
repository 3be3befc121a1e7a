import { GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { asked, type Measured, measuredAccount } from './measured-account.ts'

const start = new Date('2026-03-01T22:00:00Z')
const services = ['a', 'b', 'c']

interface Step {
  /** Until it happens. */
  minutes: number
  service: string
  desiredCount: number
  insights: string
}

/** Services that are scaled up and down at any time, in a cluster whose setting changes. */
const history: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    minutes: fc.integer({ min: 0, max: 25 }),
    service: fc.constantFrom(...services),
    desiredCount: fc.integer({ min: 0, max: 4 }),
    insights: fc.constantFrom('disabled', 'enabled', 'enhanced'),
  }),
  { minLength: 1, maxLength: 8 },
)

async function lived(steps: Step[]): Promise<Measured> {
  const account = measuredAccount({ insights: 'enabled' })
  for (const service of services) account.serve(service, 'busy', 1)
  for (const { minutes, service, desiredCount, insights } of steps) {
    await account.advance(minutes)
    account.call('UpdateService', { cluster: 'demo', service, desiredCount })
    account.setInsights(insights)
  }
  await account.advance(10)
  return account
}

const levels: Record<string, string>[] = [{}, ...services.map(ServiceName => ({ ServiceName }))]
const names = ['AWS/ECS CPUUtilization', 'ECS/ContainerInsights CpuUtilized', 'ECS/ContainerInsights NetworkRxBytes']

test('the cluster has every sample of its services, no more and no less', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.constantFrom(...names), fc.constantFrom(1, 3, 7), async (steps, name, period) => {
      const account = await lived(steps)
      const total = async (dimensions: Record<string, string>, statistic: string) =>
        (await account.values([name, { ClusterName: 'demo', ...dimensions }], statistic, period)).reduce(
          (sum, one) => sum + one,
          0,
        )
      for (const statistic of ['SampleCount', 'Sum']) {
        const each = await Promise.all(services.map(ServiceName => total({ ServiceName }, statistic)))
        expect(await total({}, statistic)).toBeCloseTo(
          each.reduce((sum, one) => sum + one, 0),
          3,
        )
      }
    }),
    { numRuns: 25, seed: 4 },
  )
})

test('pages together are the whole answer, whatever their size and order', async () => {
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom('TimestampAscending' as const, 'TimestampDescending' as const),
      async (steps, size, ScanBy) => {
        const account = await lived(steps)
        const MetricDataQueries = names.flatMap((name, nth) =>
          levels.map(
            (dimensions, level): MetricDataQuery => ({
              Id: `m${nth}_${level}`,
              MetricStat: {
                Metric: asked([name, { ClusterName: 'demo', ...dimensions }]),
                Period: 120,
                Stat: 'Average',
              },
            }),
          ),
        )
        const input = { StartTime: start, EndTime: account.clock.now(), ScanBy, MetricDataQueries }
        const whole = await account.sdk.send(new GetMetricDataCommand(input))
        expect(whole.NextToken).toBeUndefined()
        const merged = new Map<string, { times: number[]; values: number[]; status: string[] }>()
        let NextToken: string | undefined
        do {
          const page = await account.sdk.send(
            new GetMetricDataCommand({ ...input, MaxDatapoints: size, ...(NextToken && { NextToken }) }),
          )
          for (const { Id = '', Timestamps = [], Values = [], StatusCode = '' } of page.MetricDataResults ?? []) {
            const { times, values, status } = merged.get(Id) ?? { times: [], values: [], status: [] }
            merged.set(Id, {
              times: [...times, ...Timestamps.map(Number)],
              values: [...values, ...Values],
              status: [...status, StatusCode],
            })
          }
          NextToken = page.NextToken
        } while (NextToken)
        expect([...merged].map(([id, { times, values }]) => ({ id, times, values }))).toEqual(
          (whole.MetricDataResults ?? []).map(({ Id, Timestamps, Values }) => ({
            id: Id,
            times: Timestamps?.map(Number),
            values: Values,
          })),
        )
        for (const { status } of merged.values())
          expect(status).toEqual([...Array(status.length - 1).fill('PartialData'), 'Complete'])
      },
    ),
    { numRuns: 20, seed: 4 },
  )
})
