/** What farguard.yml takes to be there already: repositories, clusters, and services that wait for their first image. */
import type { LogConfiguration } from '@aws-sdk/client-ecs'
import { clustersOf } from '../shared/config/clusters.ts'
import type { Config, Target } from '../shared/config/config.ts'
import type { Behaviour } from './account/ecs/ecs.ts'
import { type behaviourLabels, LabelMistake, readBehaviour } from './behaviour-label.ts'
import type { LocalAccount, StartedContainer } from './local-account.ts'

/** What a service runs before its first push; no registry of this account has it, so its pull always works. */
const placeholder = 'public.ecr.aws/docker/library/busybox:stable'

/** How long the containers of a job work before they exit with 0, and those of a one-off such as a migration. */
const jobWorksMs = 8_000
const oneOffWorksMs = 3_000

/**
 * What the image's labels say. Without them, containers run until they are stopped; those of a repository that only jobs use,
 * and those that RunTask gave another command, do their work and exit with 0.
 */
export function behaviourIn(
  config: Config,
  onMistake: (mistake: string) => void = console.error,
): (container: StartedContainer) => Behaviour {
  const byRepository = Map.groupBy(config.targets, target => target.repository)
  const jobs = [...byRepository].flatMap(([name, targets]) =>
    targets.every(({ run }) => run.kind === 'job') ? [name] : [],
  )
  const isJob = (image: string) => jobs.some(name => image.includes(`/${name}@`) || image.includes(`/${name}:`))
  return ({ image, labels, commandIsOverridden }) => {
    const own = labelled(labels, 'local.behaviour', image, onMistake)
    if (!commandIsOverridden) return own ?? (isJob(image) ? exits(jobWorksMs) : { kind: 'runs' })
    // The one-off pulls the same image: what keeps that from starting keeps it too.
    const inherited = own?.kind === 'fails-to-start' ? own : exits(oneOffWorksMs)
    return labelled(labels, 'local.before', image, onMistake) ?? inherited
  }
}

const exits = (afterMs: number): Behaviour => ({ kind: 'exits', code: 0, afterMs })

/** Undefined without the label, and for one that `npm run push` would have refused: that is told. */
function labelled(
  labels: Record<string, string>,
  label: (typeof behaviourLabels)[number],
  image: string,
  onMistake: (mistake: string) => void,
): Behaviour | undefined {
  const value = labels[label]
  if (value === undefined) return undefined
  try {
    return readBehaviour(label, value)
  } catch (error) {
    if (!(error instanceof LabelMistake)) throw error
    onMistake(`${image}: ${error.message}. It is taken as if it were not there.`)
    return undefined
  }
}

export interface Furnishings {
  /** Of every cluster; disabled unless told, as on AWS. */
  containerInsights?: 'enabled' | 'enhanced'
}

/** Makes it all through the account's own operations, as a user would have. */
export async function furnish(
  { account, ecr, context }: LocalAccount,
  config: Config,
  { containerInsights }: Furnishings = {},
): Promise<void> {
  const caller = { accessKeyId: 'setup' }
  const call = (operation: string, input: unknown) => account.call('ecs', operation, input, caller)
  for (const logGroupName of new Set([placeholderLogs, ...config.targets.flatMap(logGroupsOf)]))
    await account.call('logs', 'CreateLogGroup', { logGroupName }, caller)
  // A gate that waits for scans would wait in vain where nothing is scanned.
  for (const [name, targets] of Map.groupBy(config.targets, target => target.repository))
    ecr.createRepository(name, { scansOnPush: targets.some(({ gates }) => gates.scan !== undefined) })
  for (const clusterName of clustersOf(config))
    await call('CreateCluster', {
      clusterName,
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      ...(containerInsights && { settings: [{ name: 'containerInsights', value: containerInsights }] }),
    })
  const families = new Set<string>()
  const family = async (target: Target, name: string) => {
    if (!families.has(name)) await call('RegisterTaskDefinition', placeholderDefinition(name, target, context.region))
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

/** Where the tasks of services write whose definition is made here. */
const placeholderLogs = '/ecs/demo'

/** On Fargate a task whose log group is missing does not start. */
function logGroupsOf({ run: { taskDefinition } }: Target): string[] {
  if (taskDefinition.from !== 'inline') return []
  const groups = taskDefinition.definition.containerDefinitions.map(
    ({ logConfiguration }) => (logConfiguration as LogConfiguration | undefined)?.options?.['awslogs-group'],
  )
  return groups.filter(group => group !== undefined)
}

function placeholderDefinition(family: string, target: Target, region: string) {
  const options = { 'awslogs-group': placeholderLogs, 'awslogs-region': region, 'awslogs-stream-prefix': family }
  const logConfiguration: LogConfiguration = { logDriver: 'awslogs', options }
  return {
    family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    executionRoleArn: 'arn:aws:iam::123456789012:role/farguard-demo-execution',
    containerDefinitions: [{ name: target.container ?? 'app', image: placeholder, logConfiguration }],
  }
}
