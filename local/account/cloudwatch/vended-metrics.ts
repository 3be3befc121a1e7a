/**
 * The metrics that AWS itself makes of what runs: by which dimensions, in which unit, and where Container Insights have to be on.
 *
 * Sources, by their address under docs.aws.amazon.com:
 * - AmazonECS/latest/developerguide/available-metrics.html (AWS/ECS);
 * - AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html (`enabled`);
 * - AmazonCloudWatch/latest/monitoring/Container-Insights-enhanced-observability-metrics-ECS.html (`enhanced`). It lists TaskId for all
 *   launch types. An open request (github.com/aws/containers-roadmap/issues/2843) says that Fargate lacks it: then
 *   what there is looks as with `enabled`;
 * - elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html. Of RequestCountPerTarget it says "always
 *   reported", and at its top that nothing is reported while no requests flow. Here it is reported as 0; what is lost
 *   on purpose (see trouble.ts) shows the other reading.
 */
import { type Signal, useAt } from '../ecs/activity.ts'
import type { InsightsSetting, TaskRun } from '../ecs/telemetry.ts'
import type { Level } from './runs.ts'

export interface VendedMetric {
  namespace: string
  name: string
  /** CloudWatch's word for it. */
  unit: string
  levels: readonly Level[]
  /** What the cluster's setting must be at the least; tasks of their own only have metrics when it is enhanced. */
  insights: InsightsSetting
  /** Of services' tasks only. */
  isOfServices?: true
  /** One task's sample of a minute. */
  sample(run: TaskRun, minute: number): number
  /** Where there is one sample for all tasks together: what it is made of theirs. Otherwise each task has its own. */
  together?: (total: number, tasks: number) => number
}

type Sample = VendedMetric['sample']

const use =
  (signal: Signal): Sample =>
  (run, minute) =>
    useAt(run.activities, signal, run.seed, minute)

const shareOf =
  (signal: Signal, reserved: (run: TaskRun) => number): Sample =>
  (run, minute) =>
    (useAt(run.activities, signal, run.seed, minute) / 100) * reserved(run)

/** Received and sent are alike. */
const halfOfNetwork: Sample = (run, minute) => useAt(run.activities, 'networkBytesPerSecond', run.seed, minute) / 2

const ofServices = (name: string, sample: Sample): VendedMetric => ({
  namespace: 'AWS/ECS',
  name,
  unit: 'Percent',
  levels: ['cluster', 'service'],
  insights: 'disabled',
  isOfServices: true,
  sample,
})

const ofTasks = (name: string, unit: string, sample: Sample, insights: InsightsSetting = 'enabled'): VendedMetric => ({
  namespace: 'ECS/ContainerInsights',
  name,
  unit,
  levels: ['cluster', 'service', 'family', 'serviceTask', 'familyTask'],
  insights,
  sample,
})

const countOfTasks = (name: string, level: Level): VendedMetric => ({
  namespace: 'ECS/ContainerInsights',
  name,
  unit: 'Count',
  levels: [level],
  insights: 'enabled',
  sample: () => 1,
  together: total => total,
})

export const vendedMetrics: readonly VendedMetric[] = [
  ofServices('CPUUtilization', use('cpuPercent')),
  ofServices('MemoryUtilization', use('memoryPercent')),
  ofTasks(
    'CpuUtilized',
    'None',
    shareOf('cpuPercent', run => run.cpuUnits),
  ),
  ofTasks('CpuReserved', 'None', run => run.cpuUnits),
  // In MiB, though AWS calls them Megabytes.
  ofTasks(
    'MemoryUtilized',
    'Megabytes',
    shareOf('memoryPercent', run => run.memoryMib),
  ),
  ofTasks('MemoryReserved', 'Megabytes', run => run.memoryMib),
  ofTasks('NetworkRxBytes', 'Bytes/Second', halfOfNetwork),
  ofTasks('NetworkTxBytes', 'Bytes/Second', halfOfNetwork),
  ofTasks('TaskCpuUtilization', 'Percent', use('cpuPercent'), 'enhanced'),
  ofTasks('TaskMemoryUtilization', 'Percent', use('memoryPercent'), 'enhanced'),
  countOfTasks('RunningTaskCount', 'service'),
  countOfTasks('TaskCount', 'cluster'),
  {
    namespace: 'AWS/ApplicationELB',
    name: 'RequestCountPerTarget',
    unit: 'Count',
    levels: ['targetGroup', 'balancedTargetGroup'],
    insights: 'disabled',
    sample: use('requestsPerMinute'),
    // Its only valid statistic is Sum, and that is the average per target.
    together: (total, tasks) => total / tasks,
  },
]

export const vendedMetric = (namespace: string, name: string): VendedMetric | undefined =>
  byName.get(`${namespace} ${name}`)

const byName = new Map(vendedMetrics.map(metric => [`${metric.namespace} ${metric.name}`, metric]))
