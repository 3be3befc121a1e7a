/** The shape of `budgets:`, which says what may be spent. */
import type * as z from 'zod'
import { parseLimit, parseThreshold } from './budget-figures.ts'
import { anyOf, choice, closed, list, named, text } from './fields.ts'
import { parsed, problemIn } from './parsed-field.ts'
import { selector } from './selector.ts'

const aws = text({
  what: 'a name of AWS Budgets: 1 to 100 characters, no : or \\, and no /action/',
  example: 'team-monthly',
  // https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html
  looks: /^(?!.*\/action\/)[^:\\\n]{1,100}$/,
  help: 'The name of a budget in AWS Budgets, of type COST and in US dollars.',
  meant: value => value.replace(/^arn:.*:budget\//, ''),
})

const limit = parsed({
  example: '$500 a month',
  examples: ['$20 a day', '$500 a month'],
  help: 'A limit of our own: US dollars a day, or a month, in UTC, metered by Farguard.',
  problem: value => problemIn(parseLimit(value)),
})

const step = closed(
  {
    at: parsed({
      example: '80% of actual',
      examples: ['80% of forecast', '90% of actual', '100% of projected'],
      help:
        'When it is reached. actual, forecast: as AWS reports them; of a limit of our own, actual is what was metered. ' +
        'projected: metered, and what runs now to the end of the period.',
      problem: value => problemIn(parseThreshold(value)),
    }),
    do: choice(
      ['warn', 'hold deploys', 'stop to fit', 'stop all'],
      'warn: says so. hold deploys: holds back what would cost more. stop to fit: stops the fewest that bring it under the limit. ' +
        'stop all: stops what it covers.',
    ),
  },
  { example: '{ at: 90% of actual, do: hold deploys }', help: 'What happens on the way to the limit.' },
)

const budget = closed(
  {
    aws: aws.optional(),
    limit: limit.optional(),
    covers: anyOf(
      [
        list(selector('Some of what it pays for.'), {
          from: 1,
          to: 100,
          example: '[tag:env=preview]',
          help: 'What it pays for: whatever one of these picks.',
        }),
        selector('What it pays for.'),
      ],
      {
        what: 'what a budget covers',
        example: 'all, or [tag:env=preview, target:web]',
        help: 'What it pays for: all, or a list. Without it, a budget of AWS can only warn.',
      },
    ).optional(),
    steps: list(step, {
      from: 1,
      to: 20,
      example: '[{ at: 80% of actual, do: warn }]',
      help: 'What happens on the way to the limit.',
    }),
  },
  {
    example: '{ limit: $500 a month, covers: all, steps: [{ at: 80% of actual, do: warn }] }',
    help: 'One budget: of AWS Budgets (aws), or of our own (limit).',
  },
)

export const budgets = named(
  text({
    what: "a budget's name: 1 to 50 of a-z, 0-9 and -",
    example: 'team',
    looks: /^[a-z0-9-]{1,50}$/,
    help: "A budget's name: 1 to 50 of a-z, 0-9 and -.",
    meant: value =>
      value
        .toLowerCase()
        .replace(/[^a-z0-9-]+/g, '-')
        .slice(0, 50),
  }),
  budget,
  {
    from: 0,
    to: 100,
    example: 'team: { limit: $500 a month, covers: all, steps: [{ at: 80% of actual, do: warn }] }',
    help: 'What may be spent, and what happens on the way there.',
  },
)

export type BudgetsInput = z.input<typeof budgets>
export type BudgetInput = BudgetsInput[string]
