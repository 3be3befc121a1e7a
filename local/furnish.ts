/** What farguard.yml takes to be there already: repositories, clusters, and services that wait for their first image. */
import type { Config, Target } from '../shared/config/config.ts'
import type { Behaviour } from './account/ecs/ecs.ts'
import type { LocalAccount } from './local-account.ts'

/** What a service runs before its first push; no registry of this account has it, so its pull always works. */
const placeholder = 'public.ecr.aws/docker/library/busybox:stable'

/** How long the containers of a job work before they exit with 0. */
const jobWorksMs = 8_000

/** Containers run until they are stopped; those of a repository that only jobs use do their work and exit with 0. */
export function behaviourIn(config: Config): (image: string) => Behaviour {
  const byRepository = Map.groupBy(config.targets, target => target.repository)
  const jobs = [...byRepository].flatMap(([name, targets]) =>
    targets.every(({ run }) => run.kind === 'job') ? [name] : [],
  )
  return image =>
    jobs.some(name => image.includes(`/${name}@`) || image.includes(`/${name}:`))
      ? { kind: 'exits', code: 0, afterMs: jobWorksMs }
      : { kind: 'runs' }
}

/** Makes it all through the account's own operations, as a user would have. */
export async function furnish({ account, ecr }: LocalAccount, config: Config): Promise<void> {
  const call = (operation: string, input: unknown) => account.call('ecs', operation, input, { accessKeyId: 'setup' })
  for (const name of new Set(config.targets.map(target => target.repository))) ecr.createRepository(name)
  for (const clusterName of new Set(config.targets.map(target => target.cluster)))
    await call('CreateCluster', { clusterName, capacityProviders: ['FARGATE', 'FARGATE_SPOT'] })
  const families = new Set<string>()
  const family = async (target: Target, name: string) => {
    if (!families.has(name)) await call('RegisterTaskDefinition', placeholderDefinition(name, target))
    families.add(name)
    return name
  }
  for (const target of config.targets) {
    const { run } = target
    if (run.taskDefinition.from === 'family') await family(target, run.taskDefinition.family)
    if (run.kind !== 'service') continue
    await call('CreateService', {
      cluster: target.cluster,
      serviceName: run.service,
      taskDefinition: await family(
        target,
        run.taskDefinition.from === 'family' ? run.taskDefinition.family : run.service,
      ),
      desiredCount: 1,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'], assignPublicIp: 'ENABLED' } },
    })
  }
}

function placeholderDefinition(family: string, target: Target) {
  return {
    family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    executionRoleArn: 'arn:aws:iam::123456789012:role/farguard-demo-execution',
    containerDefinitions: [{ name: target.container ?? 'app', image: placeholder }],
  }
}
