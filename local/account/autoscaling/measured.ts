/** What Application Auto Scaling reads of a service in CloudWatch. */
import type { GetMetricDataCommandInput, GetMetricDataCommandOutput } from '@aws-sdk/client-cloudwatch'
import type { AccountContext, AccountService } from '../context.ts'
import type { Measured } from './tracker.ts'

const minuteMs = 60_000

/** Through CloudWatch's own API, so that points which are late or lost there are so here. */
export function measuredIn(
  cloudwatch: Pick<AccountService, 'operations'>,
  { clock }: Pick<AccountContext, 'clock'>,
): Measured {
  return async (cluster, service, metric, count) => {
    const end = Math.floor(clock.now().getTime() / minuteMs) * minuteMs
    const start = end - count * minuteMs
    const Dimensions = [
      { Name: 'ClusterName', Value: cluster },
      { Name: 'ServiceName', Value: service },
    ]
    const Metric = { Namespace: 'AWS/ECS', MetricName: metric, Dimensions }
    const input: GetMetricDataCommandInput = {
      MetricDataQueries: [{ Id: 'average', MetricStat: { Metric, Period: 60, Stat: 'Average' } }],
      StartTime: new Date(start),
      EndTime: new Date(end),
    }
    const caller = { accessKeyId: 'application-autoscaling.amazonaws.com' }
    const answer = (await cloudwatch.operations.GetMetricData?.(input, caller)) as GetMetricDataCommandOutput
    const { Timestamps = [], Values = [] } = answer.MetricDataResults?.[0] ?? {}
    const values = new Map(Timestamps.map((at, nth) => [at.getTime(), Values[nth]]))
    return Array.from({ length: count }, (_, nth) => values.get(start + nth * minuteMs))
  }
}
