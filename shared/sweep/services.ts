/** The services of settled targets: on the revision that stands, whatever a late call did to them. */
import type { Target } from '../config/config.ts'
import type { KnownTarget } from '../deploy/records.ts'
import { putRight, standingRevision } from '../deploy/settle.ts'
import type { World } from '../ports.ts'

/**
 * Gives what was done. No rollout is under way. `services`: answers what is known of services already; before anything is done, ECS is
 * asked again.
 */
export async function keepService(
  target: Target,
  { head, newest }: KnownTarget,
  services: World,
  world: World,
): Promise<string[]> {
  const { run, cluster, name } = target
  if (run.kind !== 'service' || newest?.number !== head?.current.number) return []
  const service = await services.fleet.describeService(cluster, run.service)
  if (!service || service.revision === newest?.revision?.arn) return []
  const standing = await standingRevision(target, world)
  if (!standing || service.revision === standing.revision || !(await putRight(target, world))) return []
  return [`target ${name}: its service was on a revision of ours that does not count, and was put right`]
}
