/** The services of all targets, asked for in batches instead of one by one. */
import type { Config } from '../config/config.ts'
import type { Service, World } from '../ports.ts'

/** A world whose services are as they were when the first one of a cluster was asked for. For deciding whether to act, not for acting. */
export function knownServices({ targets }: Config, world: World): World {
  const clusters = new Map<string, Promise<Map<string, Service>>>()
  const ofCluster = (cluster: string) => {
    const names = targets.flatMap(({ run, cluster: of }) =>
      run.kind === 'service' && of === cluster ? [run.service] : [],
    )
    return world.fleet
      .describeServices(cluster, [...new Set(names)])
      .then(found => new Map(found.map(each => [each.name, each])))
  }
  const describeService = async (cluster: string, service: string) => {
    const asked = clusters.get(cluster) ?? ofCluster(cluster)
    clusters.set(cluster, asked)
    return (await asked).get(service)
  }
  return { ...world, fleet: { ...world.fleet, describeService } }
}
