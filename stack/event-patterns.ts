/** The EventBridge patterns of what Farguard listens to: only of the repositories, clusters and services of farguard.yml. */
import { clustersOf } from '../shared/config/clusters.ts'
import type { Config } from '../shared/config/config.ts'

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const maxPatternLength = 2048

/** Pushed, deleted, archived and restored images of the repositories that targets name. */
export function imagePatterns({ targets }: Config) {
  return packed(
    targets.map(({ repository }) => repository),
    repositories => ({
      source: ['aws.ecr'],
      'detail-type': ['ECR Image Action'],
      detail: {
        'action-type': ['PUSH', 'DELETE', 'UPDATE_STORAGE_CLASS'],
        result: ['SUCCESS'],
        'repository-name': repositories,
      },
    }),
  )
}

/** Changes of the Fargate tasks in the clusters that targets name, and in those that the guard judges. */
export function taskPatterns(config: Config) {
  return packed(
    // Neither a colon nor a slash can be in a cluster's name, so that no other cluster's ARN ends like this.
    clustersOf(config).map(cluster => `:cluster/${cluster}`),
    clusters => ({
      source: ['aws.ecs'],
      'detail-type': ['ECS Task State Change'],
      detail: {
        clusterArn: clusters.map(suffix => ({ suffix })),
        // A cluster's EC2 tasks would fill the queue for nothing. What does not say its launch type is looked at.
        launchType: ['FARGATE', { exists: false }],
      },
    }),
  )
}

/** What becomes of the deployments of the services that targets name; none without such a target. */
export function servicePatterns({ targets }: Config) {
  return packed(
    targets.flatMap(({ cluster, run }) =>
      // Services made before ECS's longer ARNs have no cluster in theirs. Such an event may be another cluster's: it is a hint.
      run.kind === 'service' ? [`:service/${cluster}/${run.service}`, `:service/${run.service}`] : [],
    ),
    services => ({
      source: ['aws.ecs'],
      'detail-type': ['ECS Deployment State Change', 'ECS Service Action'],
      resources: services.map(suffix => ({ suffix })),
    }),
  )
}

/** As few patterns as EventBridge's limit allows, each name in one of them. Sorted, so that reordering farguard.yml changes no rule. */
function packed<Pattern>(names: readonly string[], pattern: (some: readonly string[]) => Pattern): Pattern[] {
  const groups: string[][] = []
  for (const name of [...new Set(names)].sort()) {
    const group = groups.at(-1)
    if (group && JSON.stringify(pattern([...group, name])).length <= maxPatternLength) group.push(name)
    else groups.push([name])
  }
  return groups.map(pattern)
}
