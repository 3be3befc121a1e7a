/** The shape of `gates:`, which holds deployments back. */
import * as z from 'zod'
import { anyOf, choice, closed, duration, isUnquoted, list, unquoted } from './fields.ts'
import { parseFreezeWindow } from './freeze-window.ts'

const freezeWindow = z
  .string({
    error: ({ input }) =>
      isUnquoted(input) ? unquoted : 'is no freeze window. Try Fri 16:00 - Mon 08:00 Europe/Berlin',
  })
  .superRefine((value, context) => {
    const parsed = parseFreezeWindow(value)
    if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem })
  })
  .meta({
    description:
      'When nothing is deployed, in local time of a time zone: every week, every day, on some days, or once.',
    examples: [
      'Fri 16:00 - Mon 08:00 Europe/Berlin',
      '22:00 - 06:00 UTC',
      'Mon-Fri 22:00 - 06:00 America/New_York',
      '2026-12-20 18:00 - 2027-01-04 08:00 Europe/Berlin',
    ],
  })

const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'] as const

const scan = anyOf(
  [
    closed(
      {
        severity: choice(severities, 'The mildest finding that holds an image back.'),
        within: duration({
          from: '1m',
          to: '24h',
          example: '15m',
          help: 'How long to wait for the result, 1m to 24h. Default: 15m.',
        }).optional(),
        otherwise: choice(
          ['hold', 'deploy'],
          'What happens when there is no result by then, or can be none. Default: hold.',
        ).optional(),
      },
      { example: '{ severity: HIGH, within: 15m, otherwise: hold }', help: 'Which findings hold an image back.' },
    ),
    choice(
      [...severities, 'none'],
      'Holds back what has findings of this severity or a worse one. none: no such gate.',
    ),
  ],
  {
    what: 'a severity',
    example: 'HIGH, or { severity: HIGH, within: 15m, otherwise: hold }',
    help: "Waits for ECR's scan of the image, and holds back what has findings of this severity or a worse one.",
  },
)

/** Each key is a gate of its own. */
export const gates = closed(
  {
    freeze: list(freezeWindow, {
      from: 0,
      to: 50,
      example: '[Fri 16:00 - Mon 08:00 Europe/Berlin]',
      help: 'When nothing is deployed. []: never.',
    }).optional(),
    minimumAge: duration({
      from: '0s',
      to: '30d',
      example: '30m',
      help: 'How long an image must have been in the registry, 0s to 30d. Default: 0s.',
    }).optional(),
    scan: scan.optional(),
    approval: choice(
      ['required', 'none'],
      'Whether somebody has to approve each image: farguard approve <target> <tag>. Default: none.',
    ).optional(),
  },
  {
    example: '{ freeze: [Fri 16:00 - Mon 08:00 Europe/Berlin] }',
    help: 'What holds a deployment back until it opens. What is held back is parked, and the newest goes.',
  },
)

export type GatesInput = z.input<typeof gates>
