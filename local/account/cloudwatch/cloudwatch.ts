/** CloudWatch's metrics in the local account: AWS's own, computed from what runs, and custom ones. */
import type {
  GetMetricDataCommandInput,
  GetMetricStatisticsCommandInput,
  ListMetricsCommandInput,
  PutMetricDataCommandInput,
} from '@aws-sdk/client-cloudwatch'
import type { AccountContext, AccountService } from '../context.ts'
import type { Telemetry } from '../ecs/telemetry.ts'
import { CustomMetrics } from './custom-metrics.ts'
import { getMetricData } from './get-metric-data.ts'
import { getMetricStatistics } from './get-metric-statistics.ts'
import { listMetrics } from './list-metrics.ts'
import type { Dimensions } from './metric.ts'
import { Metrics } from './metrics.ts'
import { putMetricData } from './put-metric-data.ts'
import { Runs } from './runs.ts'
import { type MetricTrouble, Trouble } from './trouble.ts'

/** Container Insights take one to three minutes on AWS. */
const usualDelayMs = 2 * 60_000

/** The operations of the AWS API, what ECS tells it, and what tests and rehearsals may do beyond the API. */
export interface CloudWatch extends AccountService, MetricTrouble {
  telemetry: Telemetry
  /** One more sample of any metric, AWS's own too, in the minute of `at`. */
  addSample(namespace: string, name: string, dimensions: Dimensions, at: Date, value: number): void
}

export function createCloudWatch({ clock }: Pick<AccountContext, 'clock'>): CloudWatch {
  const runs = new Runs(clock)
  const custom = new CustomMetrics()
  const trouble = new Trouble(usualDelayMs)
  const metrics = new Metrics(clock, runs, custom, trouble)
  return {
    operations: {
      GetMetricData: (input: GetMetricDataCommandInput) => getMetricData(metrics, trouble, clock.now(), input),
      GetMetricStatistics: (input: GetMetricStatisticsCommandInput) => getMetricStatistics(metrics, input),
      ListMetrics: (input: ListMetricsCommandInput) => listMetrics(metrics, input),
      PutMetricData: (input: PutMetricDataCommandInput) => putMetricData(custom, clock.now(), input),
    },
    telemetry: runs,
    addSample(namespace, name, dimensions, at, value) {
      const id = { namespace, name, dimensions }
      custom.add(id, metrics.unitOf(id), at, { sum: value, count: 1, min: value, max: value })
    },
    losePoints: lost => trouble.losePoints(lost),
    withhold: (some, statusCode) => trouble.withhold(some, statusCode),
    shortenPages: points => trouble.shortenPages(points),
    delaySamples: ms => trouble.delaySamples(ms),
  }
}
