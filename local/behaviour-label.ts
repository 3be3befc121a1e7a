/** What an image's labels say that its containers do: `local.behaviour`, and `local.before` for a one-off such as a migration. */
import { nearest } from '../shared/config/nearest.ts'
import type { Behaviour } from './account/ecs/ecs.ts'

export const behaviourLabels = ['local.behaviour', 'local.before'] as const

/** A label that says nothing the local account knows; the message says what would be right. */
export class LabelMistake extends Error {
  override name = 'LabelMistake'
}

/** What a container does when nothing says when. */
const soonMs = 3_000
const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 }
const after = String.raw`(?: after (\d{1,6})([smh]))?`

interface Form {
  pattern: RegExp
  /** As a person writes it. */
  example: string
  help: string
  read(match: RegExpExecArray): Behaviour
}

const forms: Record<string, Form> = {
  runs: {
    pattern: /^runs$/,
    example: 'runs',
    help: 'until it is stopped',
    read: () => ({ kind: 'runs' }),
  },
  exits: {
    pattern: new RegExp(String.raw`^exits (\d{1,2}|1\d\d|2[0-4]\d|25[0-5])${after}$`),
    example: 'exits 1 after 30s',
    help: 'ends with this code, 0 to 255',
    read: ([, code, count, unit]) => ({ kind: 'exits', code: Number(code), afterMs: delay(count, unit) }),
  },
  'out-of-memory': {
    pattern: new RegExp(`^out-of-memory${after}$`),
    example: 'out-of-memory after 2m',
    help: 'is killed with 137',
    read: ([, count, unit]) => ({ kind: 'out-of-memory', afterMs: delay(count, unit) }),
  },
  'fails-to-start': {
    pattern: /^fails-to-start(?: (image|secrets|network))?$/,
    example: 'fails-to-start secrets',
    help: 'image (no manifest of its platform; also when it does not say), secrets or network',
    read: ([, what]) => ({ kind: 'fails-to-start', for: (what ?? 'image') as 'image' | 'secrets' | 'network' }),
  },
  hangs: {
    pattern: /^hangs$/,
    example: 'hangs',
    help: 'never ends, and does not heed SIGTERM',
    read: () => ({ kind: 'hangs' }),
  },
  'spot-interrupted': {
    pattern: new RegExp(`^spot-interrupted${after}$`),
    example: 'spot-interrupted after 5m',
    help: 'loses its capacity, if that is FARGATE_SPOT',
    read: ([, count, unit]) => ({ kind: 'spot-interrupted', afterMs: delay(count, unit) }),
  },
  unhealthy: {
    pattern: /^unhealthy$/,
    example: 'unhealthy',
    help: 'fails its health check, if it has one',
    read: () => ({ kind: 'unhealthy' }),
  },
}

/** One line for each behaviour: how it is written, and what it does. */
export const behaviourHelp = Object.values(forms)
  .map(({ example, help }) => `  ${example.padEnd(27)} ${help}`)
  .join('\n')

/** What `label: value` means. Throws LabelMistake. */
export function readBehaviour(label: string, value: string): Behaviour {
  const [word = '', ...rest] = value.trim().split(/\s+/)
  const form = Object.hasOwn(forms, word) ? forms[word] : undefined
  const match = form?.pattern.exec([word, ...rest].join(' '))
  if (form && match) return form.read(match)
  const meant = form ?? forms[nearest(word, Object.keys(forms)) ?? '']
  const examples = meant
    ? meant.example
    : Object.values(forms)
        .map(({ example }) => example)
        .join(', ')
  throw new LabelMistake(`${label}  "${value}" is no behaviour. Try ${examples}`)
}

function delay(count: string | undefined, unit = 's'): number {
  return count === undefined ? soonMs : Number(count) * (unitMs[unit] ?? 0)
}
