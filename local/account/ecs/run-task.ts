/** RunTask: what it refuses, what it defaults, and its answer. */
import type { RunTaskCommandInput, Tag, TaskOverride } from '@aws-sdk/client-ecs'
import { capacityUnavailable } from './capacity.ts'
import type { ClientTokens } from './client-tokens.ts'
import type { ClusterRecord, Clusters } from './clusters.ts'
import { refuseUnknownSize } from './fargate-task-size.ts'
import type { Launch, Launcher } from './launch.ts'
import { placementOf, refuseNotOnFargate, refuseWrongNetwork } from './launch-rules.ts'
import { invalidParameter, notModelled, oneOf } from './refusals.ts'
import { mergedTags, validTags } from './tags.ts'
import type { RevisionRecord, TaskDefinitions } from './task-definitions.ts'
import type { TaskRecord } from './task-record.ts'

const longestOverrides = 8192

/** The operation over the account's state; `describe` gives a task as the API shows it. */
export function runTaskOperation(
  {
    clusters,
    definitions,
    launcher,
    tokens,
  }: {
    clusters: Clusters
    definitions: TaskDefinitions
    launcher: Launcher
    tokens: ClientTokens
  },
  describe: (record: TaskRecord) => unknown,
) {
  return (input: RunTaskCommandInput) => {
    const cluster = clusters.active(input.cluster)
    const outcome = tokens.recall(cluster.name, input) ?? start()
    return {
      tasks: outcome.started.map(describe),
      failures: Array.from({ length: outcome.refused }, () => ({ reason: capacityUnavailable })),
    }

    function start() {
      const { count = 1 } = input
      if (count < 1 || count > 10) throw invalidParameter(`count should be between 1 and 10, but was ${count}.`)
      const launched = launcher.launch(launchOf(input, cluster, definitions.startable(input.taskDefinition)), count)
      tokens.remember(cluster.name, input, launched)
      return launched
    }
  }
}

function launchOf(input: RunTaskCommandInput, cluster: ClusterRecord, revision: RevisionRecord): Launch {
  refuseInvalidRequest(input)
  const placement = placementOf(input, cluster)
  if ('launchType' in placement && placement.launchType === 'EC2')
    throw invalidParameter('No Container Instances were found in your cluster.')
  if ('launchType' in placement && placement.launchType !== 'FARGATE')
    throw notModelled(`launch type ${placement.launchType}`)
  refuseNotOnFargate(input, revision)
  refuseWrongNetwork(input.networkConfiguration, revision)
  // ECS Exec talks to Systems Manager as the task itself: with no role to do so ECS starts nothing.
  if (input.enableExecuteCommand && !(input.overrides?.taskRoleArn || revision.definition.taskRoleArn))
    throw invalidParameter(
      'The execute command failed because a valid task role is not being used. Specify a valid task role in your task definition or as a task override and try again.',
    )
  const overrides = input.overrides && validOverrides(input.overrides, revision)
  return {
    cluster,
    revision,
    ...('strategy' in placement && { strategy: placement.strategy }),
    ...(input.platformVersion !== undefined && { platformVersion: input.platformVersion }),
    network: input.networkConfiguration ?? {},
    group: input.group ?? `family:${revision.family}`,
    ...(input.startedBy !== undefined && { startedBy: input.startedBy }),
    enableExecuteCommand: input.enableExecuteCommand ?? false,
    ...(overrides && { overrides }),
    tags: tagsOf(input, cluster, revision),
  }
}

function refuseInvalidRequest({ startedBy, group, propagateTags, volumeConfigurations }: RunTaskCommandInput): void {
  if (startedBy !== undefined && !/^[a-zA-Z0-9\-_/]{1,128}$/.test(startedBy))
    throw invalidParameter(
      `startedBy can have up to 128 letters, numbers, hyphens, forward slashes and underscores, but was ${startedBy}.`,
    )
  if (group?.startsWith('service:')) throw invalidParameter('Invalid namespace for group.')
  oneOf('propagateTags', propagateTags, ['TASK_DEFINITION', 'SERVICE', 'NONE'])
  if (propagateTags === 'SERVICE')
    throw invalidParameter('Tags can be propagated from a service only to tasks that the service starts.')
  if (volumeConfigurations?.length) throw notModelled('volumes configured at launch (volumeConfigurations)')
}

/** Throws for overrides of containers that are not there, of a size Fargate has not, or too long altogether. */
function validOverrides(overrides: TaskOverride, { definition }: RevisionRecord): TaskOverride {
  const length = JSON.stringify(overrides).length
  if (length > longestOverrides)
    throw invalidParameter(`Overrides length must be at most ${longestOverrides}, but was ${length}.`)
  const names = (definition.containerDefinitions ?? []).map(container => container.name)
  const unknown = overrides.containerOverrides?.find(one => !names.includes(one.name))
  if (unknown)
    throw invalidParameter(`Override for container named ${unknown.name} is not a container in the TaskDefinition.`)
  if (overrides.cpu !== undefined || overrides.memory !== undefined)
    refuseUnknownSize(
      overrides.cpu ?? definition.cpu ?? '',
      overrides.memory ?? definition.memory ?? '',
      definition.runtimePlatform?.operatingSystemFamily,
    )
  return structuredClone(overrides)
}

function tagsOf(input: RunTaskCommandInput, cluster: ClusterRecord, revision: RevisionRecord): Tag[] {
  const own = validTags(input.tags)
  const merged = mergedTags(input.propagateTags === 'TASK_DEFINITION' ? revision.tags : [], own)
  if (merged.length > 50) throw invalidParameter('The maximum number of tags is 50, propagated ones included.')
  return input.enableECSManagedTags ? mergedTags([{ key: 'aws:ecs:clusterName', value: cluster.name }], merged) : merged
}
