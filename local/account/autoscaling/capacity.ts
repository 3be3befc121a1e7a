/** How many tasks a service wants, read from and set in ECS as Application Auto Scaling does it, and the record of each change. */
import type { ScalingActivity } from '@aws-sdk/client-application-auto-scaling'
import type { Service } from '@aws-sdk/client-ecs'
import { AwsError } from '../aws-error.ts'
import type { AccountContext, AccountService } from '../context.ts'
import type { TargetRecord } from './targets.ts'

export interface ScaledService {
  desired: number
  isDeploying: boolean
}

/** In an account that runs for months at many times the wall clock's speed they must not fill the memory. AWS keeps six weeks. */
const keptActivities = 1000

const caller = { accessKeyId: 'application-autoscaling.amazonaws.com' }

export class Capacity {
  readonly #context: Pick<AccountContext, 'clock' | 'random'>
  readonly #ecs: Pick<AccountService, 'operations'>
  #activities: ScalingActivity[] = []

  constructor(context: Pick<AccountContext, 'clock' | 'random'>, ecs: Pick<AccountService, 'operations'>) {
    this.#context = context
    this.#ecs = ecs
  }

  /** Newest first. */
  get activities(): readonly ScalingActivity[] {
    return this.#activities
  }

  /** Undefined when there is no such service that is active. */
  async read({ cluster, service }: Pick<TargetRecord, 'cluster' | 'service'>): Promise<ScaledService | undefined> {
    const answer = (await this.#call('DescribeServices', { cluster, services: [service] })) as { services: Service[] }
    const found = answer.services.find(({ status }) => status === 'ACTIVE')
    if (!found) return undefined
    const deployments = found.deployments ?? []
    return {
      desired: found.desiredCount ?? 0,
      isDeploying: deployments.length > 1 || deployments.some(({ rolloutState }) => rolloutState === 'IN_PROGRESS'),
    }
  }

  async set({ resourceId, cluster, service }: TargetRecord, desired: number, cause: string): Promise<void> {
    const now = this.#context.clock.now()
    const activity: ScalingActivity = {
      ActivityId: this.#context.random.uuid(),
      ServiceNamespace: 'ecs',
      ResourceId: resourceId,
      ScalableDimension: 'ecs:service:DesiredCount',
      Description: `Setting desired count to ${desired}.`,
      Cause: cause,
      StartTime: now,
      EndTime: now,
      StatusCode: 'Successful',
    }
    try {
      await this.#call('UpdateService', { cluster, service, desiredCount: desired })
      activity.StatusMessage = `Successfully set desired count to ${desired}. Change successfully fulfilled by ecs.`
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      activity.StatusCode = 'Failed'
      activity.StatusMessage = `Failed to set desired count to ${desired}. Reason: ${error.message}`
    }
    this.#activities = [activity, ...this.#activities].slice(0, keptActivities)
  }

  /** For new bounds: more at once where there are too few, fewer where there are too many. */
  async bringWithin(target: TargetRecord, because = ''): Promise<void> {
    const service = await this.read(target)
    if (!service) return
    const { min, max } = target
    if (service.desired < min) await this.set(target, min, `minimum capacity was set to ${min}${because}`)
    if (service.desired > max) await this.set(target, max, `maximum capacity was set to ${max}${because}`)
  }

  async #call(operation: 'DescribeServices' | 'UpdateService', input: object): Promise<unknown> {
    const run = this.#ecs.operations[operation]
    if (!run) throw new Error(`This ECS has no ${operation}.`)
    return run(input, caller)
  }
}
