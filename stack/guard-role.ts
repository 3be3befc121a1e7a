/** What the guard may do: read what runs, what it is used for and what it costs, and stop it so that it can be put back. */
import type { Config } from '../shared/config/config.ts'
import { allow, arn, lambdaRole, type RoleParts, records, type Statement } from './roles.ts'

/**
 * Suspends what scales services, and lets it go on. AWS checks beside that the caller may describe and update the service. The
 * service-linked role that a first target needs is there wherever there is a target to suspend.
 */
export const scaling: readonly Statement[] = [
  // It can't be limited to a resource.
  allow(['application-autoscaling:DescribeScalableTargets'], '*'),
  allow(
    ['application-autoscaling:RegisterScalableTarget'],
    arn('application-autoscaling', 'scalable-target/*'),
    // Tables, Spot fleets and whatever else scales are none of its business.
    { StringEquals: { 'application-autoscaling:service-namespace': 'ecs' } },
  ),
]

/** The role of guard-costs. It deploys nothing and starts nothing: copies that it wakes are started by whoever its message reaches. */
export function guardRole({ budgets, cost }: Config, parts: RoleParts) {
  const readsBudgets = budgets.some(({ limit }) => limit.from === 'aws')
  return lambdaRole(parts.functionName, [
    allow(['ecs:DescribeClusters'], arn('ecs', 'cluster/*')),
    allow(['ecs:DescribeServices', 'ecs:UpdateService'], arn('ecs', 'service/*')),
    allow(['ecs:DescribeTasks', 'ecs:GetTaskProtection', 'ecs:StopTask'], arn('ecs', 'task/*')),
    // Lists, task definitions, metrics and prices can't be limited to a resource.
    allow(
      [
        'ecs:DescribeTaskDefinition',
        'ecs:ListServices',
        'ecs:ListTasks',
        'cloudwatch:GetMetricData',
        'cloudwatch:ListMetrics',
      ],
      '*',
    ),
    ...(cost.refresh ? [allow(['pricing:GetProducts'], '*')] : []),
    ...(readsBudgets ? [allow(['budgets:ViewBudget'], everyBudget)] : []),
    ...scaling,
    ...records(parts),
  ])
}

/** Budgets are of no Region. */
const everyBudget = { 'Fn::Sub': `arn:\${AWS::Partition}:budgets::\${AWS::AccountId}:budget/*` }
