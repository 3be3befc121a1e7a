/** What scales services, in Application Auto Scaling. */
import {
  ApplicationAutoScalingClient,
  type ApplicationAutoScalingClientConfig,
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
  type ScalableTarget,
} from '@aws-sdk/client-application-auto-scaling'
import type { Scaling, ScalingTarget, Suspended } from '../ports.ts'
import { batchesOf, callEach } from './batches.ts'
import { clientConfig } from './client-config.ts'
import { saying } from './sdk-error.ts'

/** DescribeScalableTargets takes and gives this many at most. */
const targetsPerCall = 50

const dimension = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const

/** `options`: for a client other than the environment's. */
export function autoscaling(options: ApplicationAutoScalingClientConfig = {}): Scaling {
  const client = new ApplicationAutoScalingClient({ ...clientConfig, ...options })
  return {
    targetsOf: (cluster, services) => targetsOf(client, cluster, services),
    suspend: (cluster, service, suspended) => suspend(client, cluster, service, suspended),
  }
}

async function targetsOf(
  client: ApplicationAutoScalingClient,
  cluster: string,
  services: readonly string[],
): Promise<Map<string, ScalingTarget>> {
  const prefix = `service/${cluster}/`
  const answers = await callEach(batchesOf(services, targetsPerCall), batch =>
    saying(`application-autoscaling:DescribeScalableTargets of ${batch.length} services in ${cluster}`, async () => {
      const found: ScalableTarget[] = []
      let NextToken: string | undefined
      do {
        const answer = await client.send(
          new DescribeScalableTargetsCommand({
            ...dimension,
            ResourceIds: batch.map(service => `${prefix}${service}`),
            ...(NextToken !== undefined && { NextToken }),
          }),
        )
        found.push(...(answer.ScalableTargets ?? []))
        NextToken = answer.NextToken
      } while (NextToken)
      return found
    }),
  )
  return new Map(
    answers.flat().flatMap(target => {
      const { ResourceId } = target
      return ResourceId?.startsWith(prefix) ? [[ResourceId.slice(prefix.length), asTarget(target)] as const] : []
    }),
  )
}

function asTarget({ MinCapacity, MaxCapacity, SuspendedState }: ScalableTarget): ScalingTarget {
  return {
    min: MinCapacity ?? 0,
    max: MaxCapacity ?? 0,
    suspended: {
      in: SuspendedState?.DynamicScalingInSuspended ?? false,
      out: SuspendedState?.DynamicScalingOutSuspended ?? false,
      scheduled: SuspendedState?.ScheduledScalingSuspended ?? false,
    },
  }
}

/** Of a target that exists, RegisterScalableTarget changes just what it is given. */
async function suspend(
  client: ApplicationAutoScalingClient,
  cluster: string,
  service: string,
  suspended: Suspended,
): Promise<void> {
  await saying(`application-autoscaling:RegisterScalableTarget of ${service} in ${cluster}`, () =>
    client.send(
      new RegisterScalableTargetCommand({
        ...dimension,
        ResourceId: `service/${cluster}/${service}`,
        SuspendedState: {
          DynamicScalingInSuspended: suspended.in,
          DynamicScalingOutSuspended: suspended.out,
          ScheduledScalingSuspended: suspended.scheduled,
        },
      }),
    ),
  )
}
