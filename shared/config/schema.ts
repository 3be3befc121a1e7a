/** The shape of farguard.yml as a user writes it. At build and start only: no Lambda carries this. */
import * as z from 'zod'
import { budgets } from './budgets-schema.ts'
import { cost } from './cost-schema.ts'
import { taskDefinition } from './definition-schema.ts'
import { choice, closed, duration, flag, isUnquoted, list, named, text, unquoted, whole } from './fields.ts'
import { gates } from './gates-schema.ts'
import { guard } from './guard-schema.ts'
import { parseTagPolicy } from './tag-policy.ts'

/** ECS's own name of a cluster, service, family, container or volume. */
export const ecsName = /^[A-Za-z0-9_-]{1,255}$/

const repository = text({
  what: "an ECR repository's name",
  example: 'acme/web',
  looks: /^(?=.{2,256}$)(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
  help: 'The ECR repository whose pushes this target deploys, such as acme/web: without registry and tag.',
  meant: value =>
    value
      .replace(/^(?:https?:\/\/)?[^/]*\.amazonaws\.com(?:\.cn)?\//, '')
      .replace(/[:@].*$/, '')
      .replace(/^\/+|\/+$/g, '')
      .toLowerCase(),
})

const tags = z
  .string({
    error: issue =>
      isUnquoted(issue.input)
        ? unquoted
        : issue.input === undefined
          ? 'is missing. Try semver:^1'
          : 'is no tag policy. Try semver:^1',
  })
  .superRefine((value, context) => {
    const parsed = parseTagPolicy(value)
    if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem })
  })
  .meta({
    description:
      'Which tags are deployed: exact:latest (what the tag points to now), semver:^1.2 (the highest version), glob:release-* or ' +
      'regex:^\\d{8}- (the latest push that matches), newest (the latest push of all).',
    examples: ['semver:^1', 'exact:latest', 'glob:release-*', 'regex:^\\d{8}-', 'newest'],
  })

const network = closed(
  {
    subnets: list(
      text({
        what: "a subnet's id",
        example: 'subnet-0a1b2c3d4e5f67890',
        looks: /^subnet-[0-9a-f]{8,17}$/,
        help: "A subnet's id.",
      }),
      {
        from: 1,
        to: 16,
        example: '[subnet-0a1b2c3d4e5f67890]',
        help: 'The subnets that copies may run in, 1 to 16, of one VPC.',
      },
    ),
    securityGroups: list(
      text({
        what: "a security group's id",
        example: 'sg-0a1b2c3d4e5f67890',
        looks: /^sg-[0-9a-f]{8,17}$/,
        help: "A security group's id.",
      }),
      {
        from: 1,
        to: 5,
        example: '[sg-0a1b2c3d4e5f67890]',
        help: "At most 5. Without this the VPC's default group applies.",
      },
    ).optional(),
    publicIp: flag(
      'Whether each copy gets a public IPv4 address (which costs by the hour). Default: false.',
    ).optional(),
  },
  {
    example: '{ subnets: [subnet-0a1b2c3d4e5f67890] }',
    help: 'Where the copies of a task or job run. A service has its own.',
  },
)

const verify = closed(
  {
    within: duration({
      from: '1m',
      to: '24h',
      example: '15m',
      help: 'How long a rollout may take until it counts as failed, 1m to 24h. Default: 15m.',
    }).optional(),
    settle: duration({
      from: '0s',
      to: '1h',
      example: '30s',
      help: 'How long every copy must have been running, 0s to 1h. Default: 30s.',
    }).optional(),
  },
  {
    example: '{ within: 15m }',
    help: 'Service and task targets: when a rollout has succeeded. One that has not in time is rolled back.',
  },
)

const before = closed(
  {
    command: list(text({ what: 'text', example: 'migrate', help: 'One word.' }), {
      from: 1,
      to: 1000,
      example: '[migrate, up]',
      help: 'What it runs instead of the command of the container whose image is changed.',
    }),
    timeout: duration({
      from: '1m',
      to: '24h',
      example: '30m',
      help: 'How long it may run, 1m to 24h. Default: 30m.',
    }).optional(),
  },
  {
    example: '{ command: [migrate, up] }',
    help: 'A one-off task of the new image, such as a migration, that must exit with 0 before anything else of it starts.',
  },
)

const target = closed(
  {
    repository,
    tags,
    run: choice(
      ['service', 'task', 'job'],
      'service: keeps an ECS service on the right image. task: keeps copies running. job: runs once to its end for each push.',
    ),
    cluster: name("an ECS cluster's name", 'prod', 'The ECS cluster. Default: default.').optional(),
    service: name(
      "an ECS service's name",
      'web',
      "Service targets: the ECS service. Default: the target's name.",
    ).optional(),
    container: name(
      "a container's name",
      'app',
      "The container whose image is changed. Default: the one that runs this repository's image, or the only essential one.",
    ).optional(),
    count: whole({ from: 1, to: 100, help: 'Task targets: how many copies run. Default: 1.' }).optional(),
    capacity: choice(
      ['on-demand', 'spot', 'spot-then-on-demand'],
      'Task and job targets: what they run on. spot-then-on-demand falls back where Spot has no room. Default: on-demand.',
    ).optional(),
    network: network.optional(),
    taskDefinition: taskDefinition.optional(),
    verify: verify.optional(),
    timeout: duration({
      from: '1m',
      to: '14d',
      example: '24h',
      help: 'Job targets: how long the job may run, 1m to 14d. Default: 24h.',
    }).optional(),
    before: before.optional(),
    gates: gates.optional(),
  },
  { example: '{ repository: acme/web, tags: semver:^1, run: service }', help: 'One thing that pushes deploy to.' },
)

/** farguard.yml as a whole. */
export const fileSchema = closed(
  {
    targets: named(
      text({
        what: "a target's name: 1 to 24 of a-z, 0-9 and -",
        example: 'web',
        looks: /^[a-z0-9-]{1,24}$/,
        help: "A target's name: 1 to 24 of a-z, 0-9 and -.",
        meant: value =>
          value
            .toLowerCase()
            .replace(/[^a-z0-9-]+/g, '-')
            .slice(0, 24),
      }),
      target,
      {
        from: 1,
        to: 1000,
        example: 'web: { repository: acme/web, tags: semver:^1, run: service }',
        help: 'What pushes deploy to, by name.',
      },
    ),
    gates: gates
      .describe("The gates of every target. What a target's own gates name replaces what is named here.")
      .optional(),
    cost: cost.optional(),
    budgets: budgets.optional(),
    guard: guard.optional(),
  },
  {
    example: 'targets: { web: { repository: acme/web, tags: semver:^1, run: service } }',
    help: 'Farguard: what to deploy, what it may cost, and what is stopped.',
  },
)

export type FileInput = z.input<typeof fileSchema>
export type TargetInput = FileInput['targets'][string]

function name(what: string, example: string, help: string) {
  return text({ what, example, help, looks: ecsName, meant: value => value.split(/[/:]/).at(-1) })
}
