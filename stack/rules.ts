/** The EventBridge rules that bring image pushes: only of the repositories that farguard.yml names. */
import type { Config } from '../shared/config/config.ts'

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const maxPatternLength = 2048

/** The event pattern of a push to one of these repositories. */
export function pushPattern(repositories: readonly string[]) {
  return {
    source: ['aws.ecr'],
    'detail-type': ['ECR Image Action'],
    detail: { 'action-type': ['PUSH'], result: ['SUCCESS'], 'repository-name': repositories },
  }
}

/** As few patterns as EventBridge's 2,048 characters allow. Sorted, so that reordering farguard.yml changes no rule. */
export function pushPatterns(config: Config): ReturnType<typeof pushPattern>[] {
  const repositories = [...new Set(config.targets.map(target => target.repository))].sort()
  const groups: string[][] = []
  for (const repository of repositories) {
    const group = groups.at(-1)
    if (group && JSON.stringify(pushPattern([...group, repository])).length <= maxPatternLength) group.push(repository)
    else groups.push([repository])
  }
  return groups.map(pushPattern)
}

/** The rules as resources of the template, by logical id. `queue`, `deadLetters`: logical ids of the queues. */
export function pushRules(config: Config, names: { prefix: string; queue: string; deadLetters: string }) {
  const rules = pushPatterns(config).map((pattern, nth) => [
    `ImagePushed${nth + 1}`,
    {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: `${names.prefix}-image-pushed-${nth + 1}`,
        Description: 'Image pushes to the repositories that farguard.yml names.',
        EventPattern: pattern,
        State: 'ENABLED',
        Targets: [
          {
            Id: 'images',
            Arn: { 'Fn::GetAtt': [names.queue, 'Arn'] },
            DeadLetterConfig: { Arn: { 'Fn::GetAtt': [names.deadLetters, 'Arn'] } },
          },
        ],
      },
    },
  ])
  return Object.fromEntries(rules) as Record<string, { Type: string; Properties: Record<string, unknown> }>
}
