/** A service told of its deployment: the rollouts of its targets are brought on. The event is a hint; nothing of it is trusted. */
import type { EcsDeploymentStateChange } from '../../events/ecs-deployment-state-change.ts'
import type { EcsServiceAction } from '../../events/ecs-service-action.ts'
import { combine, type Outcome } from '../outcome.ts'
import { advanceEach, type Means } from './advance-each.ts'
import { targetsOfService } from './belonging.ts'

/** `arn:…:service/<cluster>/<service>`; in the older form without the cluster. */
const serviceArn = /:service\/(?:([\w-]+)\/)?([\w-]+)$/

/** Brings on what is rolled out to the service that the event names. */
export async function recordService(
  event: EcsDeploymentStateChange | EcsServiceAction,
  means: Means,
): Promise<Outcome> {
  const [, cluster, service] = serviceArn.exec(event.resources[0] ?? '') ?? []
  if (service === undefined) return { kind: 'skipped', reason: 'no-service' }
  const targets = targetsOfService(means.config, service, cluster)
  if (targets.length === 0) return { kind: 'skipped', reason: 'no-target' }
  const { eventName, reason } = event.detail
  means.world.log.info('service told', { ecsService: service, cluster, eventName, said: reason })
  return combine([...(await advanceEach(targets, means)).values()])
}
