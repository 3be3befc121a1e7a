/** Scaling policies: which metric of a service is kept at which value. */
import type {
  DeleteScalingPolicyRequest,
  DescribeScalingPoliciesRequest,
  PutScalingPolicyRequest,
  ScalingPolicy,
  TargetTrackingScalingPolicyConfiguration,
} from '@aws-sdk/client-application-auto-scaling'
import type { AccountContext } from '../context.ts'
import { invalid, notFound, notModelled, pageOf, refuseGiven, refuseOtherThanServices } from './refusals.ts'
import type { Tracking } from './target-tracking.ts'
import type { TargetRecord } from './targets.ts'

/** What a service is scaled by. */
export type Utilization = 'CPUUtilization' | 'MemoryUtilization'

const metrics: Readonly<Record<string, Utilization>> = {
  ECSServiceAverageCPUUtilization: 'CPUUtilization',
  ECSServiceAverageMemoryUtilization: 'MemoryUtilization',
}

export interface PolicyRecord {
  name: string
  resourceId: string
  arn: string
  createdAt: Date
  metric: Utilization
  tracking: Tracking
  given: TargetTrackingScalingPolicyConfiguration
}

/** ECS's own, where a policy says nothing. */
const usualCooldownSeconds = 300

export class ScalingPolicies {
  readonly #context: Omit<AccountContext, 'emit'>
  #policies: PolicyRecord[] = []

  constructor(context: Omit<AccountContext, 'emit'>) {
    this.#context = context
  }

  of(resourceId: string): PolicyRecord[] {
    return this.#policies.filter(policy => policy.resourceId === resourceId)
  }

  get isEmpty(): boolean {
    return this.#policies.length === 0
  }

  /** A policy of the same name is replaced. */
  put({ resourceId, arn }: TargetRecord, input: PutScalingPolicyRequest): PolicyRecord {
    const name = input.PolicyName ?? ''
    const known = this.of(resourceId).find(policy => policy.name === name)
    const given = configurationOf(input)
    const metric = metricOf(given)
    const others = this.of(resourceId).filter(policy => policy !== known)
    if (others.some(policy => policy.metric === metric))
      throw invalid('Only one TargetTrackingScaling policy for a given metric specification is allowed.')
    const policy: PolicyRecord = {
      name,
      resourceId,
      arn: known?.arn ?? this.#newArn(arn, resourceId, name),
      createdAt: known?.createdAt ?? this.#context.clock.now(),
      metric,
      tracking: {
        targetValue: given.TargetValue ?? Number.NaN,
        scaleOutCooldownMs: (given.ScaleOutCooldown ?? usualCooldownSeconds) * 1000,
        scaleInCooldownMs: (given.ScaleInCooldown ?? usualCooldownSeconds) * 1000,
        isScaleInDisabled: given.DisableScaleIn ?? false,
      },
      given: structuredClone(given),
    }
    this.#policies = [...this.#policies.filter(one => one !== known), policy]
    return policy
  }

  /** Throws ObjectNotFoundException. */
  remove(input: DeleteScalingPolicyRequest): void {
    const found = this.of(input.ResourceId ?? '').find(({ name }) => name === input.PolicyName)
    if (!found) throw notFound(`scaling policy ${input.PolicyName}`, input)
    this.#policies = this.#policies.filter(policy => policy !== found)
  }

  removeAllOf(resourceId: string): void {
    this.#policies = this.#policies.filter(policy => policy.resourceId !== resourceId)
  }

  describe(input: DescribeScalingPoliciesRequest) {
    refuseOtherThanServices(input)
    const { ResourceId, PolicyNames } = input
    const found = this.#policies.filter(
      ({ resourceId, name }) =>
        (ResourceId === undefined || resourceId === ResourceId) && (!PolicyNames?.length || PolicyNames.includes(name)),
    )
    const { items, ...next } = pageOf(found, ({ resourceId, name }) => `${resourceId} ${name}`, input)
    return { ScalingPolicies: items.map(answer), ...next }
  }

  #newArn(targetArn: string, resourceId: string, name: string): string {
    const { region, accountId } = this.#context
    const id = targetArn.replace(/^.*\//, '')
    return `arn:aws:autoscaling:${region}:${accountId}:scalingPolicy:${id}:resource/ecs/${resourceId}:policyName/${name}`
  }
}

function configurationOf(input: PutScalingPolicyRequest): TargetTrackingScalingPolicyConfiguration {
  const { PolicyName = '', PolicyType = 'StepScaling', TargetTrackingScalingPolicyConfiguration: given } = input
  if (!/^[^|]{1,256}$/.test(PolicyName)) throw invalid(`Value '${PolicyName}' at 'policyName' has 1 to 256 characters.`)
  // What AWS takes a policy for whose type is not given.
  if (PolicyType !== 'TargetTrackingScaling') throw notModelled(`PolicyType ${PolicyType}: TargetTrackingScaling only`)
  if (!given)
    throw invalid('TargetTrackingScalingPolicyConfiguration is required for the policy type TargetTrackingScaling.')
  refuseGiven('PutScalingPolicy', {
    StepScalingPolicyConfiguration: input.StepScalingPolicyConfiguration,
    PredictiveScalingPolicyConfiguration: input.PredictiveScalingPolicyConfiguration,
    CustomizedMetricSpecification: given.CustomizedMetricSpecification,
  })
  if (!((given.TargetValue ?? Number.NaN) > 0))
    throw invalid(`TargetValue should be above 0, but was ${given.TargetValue}.`)
  for (const name of ['ScaleInCooldown', 'ScaleOutCooldown'] as const)
    if ((given[name] ?? 0) < 0) throw invalid(`${name} should be 0 or more seconds, but was ${given[name]}.`)
  return given
}

function metricOf({
  PredefinedMetricSpecification: specification,
}: TargetTrackingScalingPolicyConfiguration): Utilization {
  const type = specification?.PredefinedMetricType ?? ''
  const metric = Object.hasOwn(metrics, type) ? metrics[type] : undefined
  if (!metric) throw notModelled(`the metric "${type}" of a policy: ${Object.keys(metrics).join(', ')} only`)
  return metric
}

function answer({ name, resourceId, arn, createdAt, given }: PolicyRecord): ScalingPolicy {
  return {
    PolicyARN: arn,
    PolicyName: name,
    ServiceNamespace: 'ecs',
    ResourceId: resourceId,
    ScalableDimension: 'ecs:service:DesiredCount',
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: given,
    // The two that AWS makes in CloudWatch are part of the policy here.
    Alarms: [],
    CreationTime: createdAt,
  }
}
