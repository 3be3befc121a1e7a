/** Scalable targets: the services that Application Auto Scaling may scale, between which bounds, and what of it is suspended. */
import type {
  DescribeScalableTargetsRequest,
  RegisterScalableTargetRequest,
  ScalableTarget,
} from '@aws-sdk/client-application-auto-scaling'
import type { AccountContext } from '../context.ts'
import { invalid, notFound, pageOf, refuseGiven, refuseOtherThanServices } from './refusals.ts'

export interface TargetRecord {
  /** `service/<cluster>/<service>` */
  resourceId: string
  cluster: string
  service: string
  min: number
  max: number
  suspended: { in: boolean; out: boolean; scheduled: boolean }
  arn: string
  createdAt: Date
}

export class ScalableTargets {
  readonly #context: Omit<AccountContext, 'emit'>
  readonly #targets = new Map<string, TargetRecord>()

  constructor(context: Omit<AccountContext, 'emit'>) {
    this.#context = context
  }

  all(): TargetRecord[] {
    return [...this.#targets.values()]
  }

  /** Throws ObjectNotFoundException. */
  find(input: { ResourceId?: string | undefined }): TargetRecord {
    const found = this.#targets.get(input.ResourceId ?? '')
    if (!found) throw notFound('scalable target', input)
    return found
  }

  /**
   * What is not given stays as it is, each suspended kind by itself; a first registration needs both bounds. `exists`: of the
   * service, asked for a first registration only.
   */
  register(input: RegisterScalableTargetRequest, exists: (cluster: string, service: string) => boolean): TargetRecord {
    refuseOtherThanServices(input)
    refuseGiven('RegisterScalableTarget', { Tags: input.Tags })
    const resourceId = input.ResourceId ?? ''
    const known = this.#targets.get(resourceId)
    const [cluster, service] = known ? [known.cluster, known.service] : placeIn(resourceId)
    const min = input.MinCapacity ?? known?.min
    const max = input.MaxCapacity ?? known?.max
    if (min === undefined || max === undefined)
      throw invalid('Both MinCapacity and MaxCapacity are needed to register a new scalable target.')
    refuseBounds(min, max)
    if (!known && !exists(cluster, service)) throw invalid(`ECS service doesn't exist: ${resourceId}`)
    const { DynamicScalingInSuspended, DynamicScalingOutSuspended, ScheduledScalingSuspended } =
      input.SuspendedState ?? {}
    const target: TargetRecord = {
      ...(known ?? { resourceId, cluster, service, arn: this.#newArn(), createdAt: this.#context.clock.now() }),
      min,
      max,
      suspended: {
        in: DynamicScalingInSuspended ?? known?.suspended.in ?? false,
        out: DynamicScalingOutSuspended ?? known?.suspended.out ?? false,
        scheduled: ScheduledScalingSuspended ?? known?.suspended.scheduled ?? false,
      },
    }
    this.#targets.set(resourceId, target)
    return target
  }

  /** The bounds that a scheduled action gives. Throws ValidationException. */
  setBounds(
    target: TargetRecord,
    { min = target.min, max = target.max }: { min?: number; max?: number },
  ): TargetRecord {
    refuseBounds(min, max)
    const changed = { ...target, min, max }
    this.#targets.set(target.resourceId, changed)
    return changed
  }

  /** Throws ObjectNotFoundException. */
  remove(input: { ResourceId?: string | undefined }): TargetRecord {
    const target = this.find(input)
    this.#targets.delete(target.resourceId)
    return target
  }

  describe(input: DescribeScalableTargetsRequest) {
    refuseOtherThanServices(input)
    const asked = input.ResourceIds
    if (asked && asked.length > 50)
      throw invalid(
        "Value at 'resourceIds' failed to satisfy constraint: Member must have length less than or equal to 50",
      )
    if (input.ScalableDimension !== undefined && !asked?.length)
      throw invalid('ResourceIds must be specified when ScalableDimension is.')
    // Who asks for no service by name gets them all.
    const found = this.all().filter(({ resourceId }) => !asked?.length || asked.includes(resourceId))
    const { items, ...next } = pageOf(found, target => target.resourceId, input)
    return { ScalableTargets: items.map(target => this.#answer(target)), ...next }
  }

  #answer({ resourceId, min, max, suspended, arn, createdAt }: TargetRecord): ScalableTarget {
    const { accountId } = this.#context
    return {
      ServiceNamespace: 'ecs',
      ResourceId: resourceId,
      ScalableDimension: 'ecs:service:DesiredCount',
      MinCapacity: min,
      MaxCapacity: max,
      // Of the service itself: a role that the caller gives is of no effect for ECS.
      RoleARN: `arn:aws:iam::${accountId}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService`,
      CreationTime: createdAt,
      SuspendedState: {
        DynamicScalingInSuspended: suspended.in,
        DynamicScalingOutSuspended: suspended.out,
        ScheduledScalingSuspended: suspended.scheduled,
      },
      ScalableTargetARN: arn,
    }
  }

  #newArn(): string {
    const { region, accountId, random } = this.#context
    return `arn:aws:application-autoscaling:${region}:${accountId}:scalable-target/${random.hex(32)}`
  }
}

function placeIn(resourceId: string): [cluster: string, service: string] {
  const [, cluster, service] = /^service\/([\w-]+)\/([\w-]+)$/.exec(resourceId) ?? []
  if (cluster === undefined || service === undefined)
    throw invalid(`Unsupported resource ID "${resourceId}": a service of ECS is service/<cluster>/<service>.`)
  return [cluster, service]
}

function refuseBounds(min: number, max: number): void {
  for (const [name, value] of Object.entries({ minCapacity: min, maxCapacity: max }))
    if (!Number.isInteger(value) || value < 0)
      throw invalid(`Value '${value}' at '${name}' failed to satisfy constraint: a whole number, 0 or more`)
  if (min > max) throw invalid(`Maximum capacity cannot be less than minimum capacity: ${max} is less than ${min}.`)
}
