/** The shape of `guard:`, which says what is stopped, and when. */
import type * as z from 'zod'
import { anyOf, choice, closed, duration, flag, list, none, text, whole } from './fields.ts'
import { parseHours, parseReport } from './guard-times.ts'
import { bytesPerSecond, durationOrNone, percent, perMinute, usd } from './measures.ts'
import { parsed, problemIn } from './parsed-field.ts'
import { readSeconds } from './quantities.ts'
import { selector } from './selector.ts'

const idle = anyOf(
  [
    closed(
      {
        cpu: percent({
          from: '0%',
          to: '100%',
          example: '3%',
          help: 'At most so much of the CPU that is reserved, 0% to 100%.',
        }).optional(),
        network: bytesPerSecond({
          from: '0 B/s',
          to: '10 GB/s',
          example: '1 KB/s',
          help: 'At most so much received and sent by one task.',
        }).optional(),
        requests: perMinute({
          from: '0/min',
          to: '1000000/min',
          example: '0/min',
          help: 'Services: at most so many requests of a load balancer.',
        }).optional(),
        window: duration({
          from: '30m',
          to: '14d',
          example: '6h',
          help: 'How long without interruption, 30m to 14d. Default: 6h.',
        }).optional(),
        coverage: percent({
          from: '1%',
          to: '100%',
          example: '90%',
          help: 'How much of the window metrics must be there for, 1% to 100%. Default: 90%.',
        }).optional(),
      },
      {
        example: '{ cpu: 3%, network: 1 KB/s }',
        help: 'Each signal that is named is quiet at every point of the window.',
      },
    ),
    none('{ cpu: 3%, network: 1 KB/s }', 'As if no rule before had it.'),
  ],
  {
    what: 'how idle is told',
    example: '{ cpu: 3%, network: 1 KB/s }, or none',
    help: 'Stops what is idle, after a warning: at least one of cpu, network and requests.',
  },
)

const someHours = ['Mon-Fri 07:00 - 20:00 Europe/Berlin', '06:00 - 22:00 UTC']

const hours = anyOf(
  [
    list(
      parsed({
        example: 'Mon-Fri 07:00 - 20:00 Europe/Berlin',
        examples: someHours,
        help: 'Some of the hours that it is to run in.',
        problem: value => problemIn(parseHours(value)),
      }),
      {
        from: 1,
        to: 50,
        example: '[Mon-Fri 07:00 - 20:00 Europe/Berlin]',
        help: 'The hours that it is to run in.',
      },
    ),
    parsed({
      example: 'Mon-Fri 07:00 - 20:00 Europe/Berlin, or none',
      examples: [...someHours, 'none'],
      help: 'The hours that it is to run in. none: as if no rule before had it.',
      problem: value => (value === 'none' ? undefined : problemIn(parseHours(value))),
    }),
  ],
  {
    what: 'hours of the week',
    example: 'Mon-Fri 07:00 - 20:00 Europe/Berlin, or none',
    help: 'When it is to run, every week, in local time of a time zone. Out of these hours it is stopped.',
  },
)

const rule = closed(
  {
    for: selector('What the rule is about.'),
    idle: idle.optional(),
    maxLifetime: durationOrNone({
      from: '10m',
      to: '365d',
      example: '3d',
      help: 'Stops what has run longer, after a warning: 10m to 365d, or none.',
    }).optional(),
    maxCost: usd({
      from: '$0.01',
      to: '$1000000',
      example: '$5',
      help: 'Stops a standalone task that has cost more, without a warning. Or none.',
      orNone: true,
    }).optional(),
    hours: hours.optional(),
    importance: choice(
      ['expendable', 'normal', 'critical'],
      'What is stopped for a budget: expendable before normal, critical never. Default: normal.',
    ).optional(),
    protect: flag('Whether it is never stopped, for whatever reason. Default: false.').optional(),
  },
  { example: '{ for: all, idle: { cpu: 3% } }', help: 'What is asked of the workloads that it picks.' },
)

const limits = anyOf(
  [
    closed(
      {
        // The stops of 24 hours are one record, which has room for so many.
        stops: whole({ from: 1, to: 500, help: 'So many stops, 1 to 500. Default: 20.' }).optional(),
        share: percent({
          from: '1%',
          to: '100%',
          example: '50%',
          help: 'This share of the workloads that run, 1% to 100%. Default: 50%.',
        }).optional(),
      },
      { example: '{ stops: 20, share: 50% }', help: 'In any 24 hours.' },
    ),
    none('{ stops: 20, share: 50% }', 'No limit.'),
  ],
  {
    what: 'a limit of stops',
    example: '{ stops: 20, share: 50% }, or none',
    help: 'How much is stopped in any 24 hours. Where more would have to be, nothing is, and you hear of it.',
  },
)

export const guard = closed(
  {
    mode: choice(
      ['observe', 'enforce'],
      'observe: says what it would stop. enforce: stops it. Default: observe.',
    ).optional(),
    clusters: list(
      text({
        what: "an ECS cluster's name",
        example: 'demo',
        looks: /^[A-Za-z0-9_-]{1,255}$/,
        help: "A cluster's name.",
        meant: value => value.split(/[/:]/).at(-1),
      }),
      { from: 1, to: 100, example: '[demo]', help: 'The clusters that are judged. Nothing in another one is touched.' },
    ),
    every: duration({
      from: '5m',
      to: '24h',
      example: '15m',
      help: 'How often it looks, 5m to 24h in whole minutes. Default: 15m.',
    })
      // EventBridge Scheduler's rates have no seconds.
      .refine(value => (readSeconds(value) ?? 0) % 60 === 0, { error: 'has seconds: whole minutes only. Try 15m' })
      .optional(),
    report: parsed({
      example: '07:00 Europe/Berlin',
      help: 'When the nightly report is made. Default: 02:00 UTC.',
      problem: value => problemIn(parseReport(value)),
    }).optional(),
    minimumAge: duration({
      from: '0s',
      to: '30d',
      example: '30m',
      help: 'Nothing younger is stopped, 0s to 30d. Default: 30m.',
    }).optional(),
    grace: duration({
      from: '0s',
      to: '30d',
      example: '24h',
      help: 'Between the warning and the stop, 0s to 30d. Default: 24h.',
    }).optional(),
    limits: limits.optional(),
    allowUnrestorable: flag(
      'Whether standalone tasks are stopped that nothing can start again as they were. Default: false.',
    ).optional(),
    rules: list(rule, {
      from: 0,
      to: 200,
      example: '[{ for: all, idle: { cpu: 3% } }]',
      help: 'What is stopped besides what is over budget. Of all that pick a workload, the last one that has a key counts for it.',
    }).optional(),
  },
  {
    example: '{ clusters: [demo], rules: [{ for: all, idle: { cpu: 3%, network: 1 KB/s } }] }',
    help: 'What is stopped, and when.',
  },
)

export type GuardInput = z.input<typeof guard>
export type RuleInput = NonNullable<GuardInput['rules']>[number]
