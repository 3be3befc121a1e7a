/** What an image's label `local.activity` says that its containers use: processor, memory, network, and requests served. */
import { nearest } from '../shared/config/nearest.ts'
import type { Activity } from './account/ecs/ecs.ts'
import { LabelMistake } from './behaviour-label.ts'

export const activityLabel = 'local.activity'

const kinds: Record<Activity['kind'], string> = {
  busy: 'uses a good part of what it has, and serves requests; so does an image without the label',
  idle: 'does next to nothing',
  nightly: 'is busy for an hour from 02:00 UTC, and idle otherwise',
}

const number = String.raw`(\d{1,9}(?:\.\d{1,3})?)`

/** How much of each there is at every minute. */
const amounts: Record<
  string,
  { pattern: RegExp; example: string; help: string; read(match: RegExpExecArray): Activity['constant'] }
> = {
  cpu: {
    pattern: new RegExp(`^cpu ${number} ?%$`),
    example: 'cpu 3%',
    help: 'of the CPU that the task has, at every minute',
    read: ([, percent]) => ({ cpuPercent: upToAll(percent) }),
  },
  memory: {
    pattern: new RegExp(`^memory ${number} ?%$`),
    example: 'memory 40%',
    help: 'of its memory',
    read: ([, percent]) => ({ memoryPercent: upToAll(percent) }),
  },
  network: {
    pattern: new RegExp(`^network ${number} ?(B|KB|MB)/s$`),
    example: 'network 10KB/s',
    help: 'received and sent together, half of it each',
    read: ([, count, unit]) => ({ networkBytesPerSecond: Number(count) * (bytes[unit ?? ''] ?? 1) }),
  },
  requests: {
    pattern: new RegExp(`^requests ${number}/min$`),
    example: 'requests 30/min',
    help: 'to each task, where its service has a target group',
    read: ([, count]) => ({ requestsPerMinute: Number(count) }),
  },
}

const bytes: Record<string, number> = { B: 1, KB: 1_000, MB: 1_000_000 }
const upToAll = (percent: string | undefined) => Math.min(100, Number(percent))

/** One line for each thing that the label can say. */
export const activityHelp = [
  ...Object.entries(kinds),
  ...Object.values(amounts).map(({ example, help }) => [example, help] as const),
]
  .map(([example, help]) => `  ${example.padEnd(27)} ${help}`)
  .join('\n')

/** What `local.activity: value` means: a kind, amounts, or both, with commas between them. Throws LabelMistake. */
export function readActivity(value: string): Activity {
  const [first = '', ...others] = value.split(',').map(part => part.trim().split(/\s+/).join(' '))
  const isKind = Object.hasOwn(kinds, first)
  const constants = (isKind ? others : [first, ...others]).map(part => readAmount(part, value))
  // Where only amounts are said, the rest is idle.
  return { kind: isKind ? (first as Activity['kind']) : 'idle', constant: Object.assign({}, ...constants) }
}

function readAmount(part: string, value: string): Activity['constant'] {
  if (Object.hasOwn(kinds, part))
    throw mistake(part, value, `Only one of ${Object.keys(kinds).join(', ')} can be said, and first. Try ${part}`)
  const word = part.split(' ')[0] ?? ''
  const amount = Object.hasOwn(amounts, word) ? amounts[word] : undefined
  const match = amount?.pattern.exec(part)
  if (amount && match) return amount.read(match)
  const meant = nearest(word, [...Object.keys(kinds), ...Object.keys(amounts)])
  const examples = [...Object.keys(kinds), ...Object.values(amounts).map(({ example }) => example)].join(', ')
  const instead = amount?.example ?? (meant && (amounts[meant]?.example ?? meant))
  throw mistake(part, value, `Try ${instead ?? examples}`)
}

const mistake = (part: string, value: string, instead: string) =>
  new LabelMistake(`${activityLabel}  "${part}" of "${value}" is no activity. ${instead}`)

/** What the labels of a container's image say; busy without the label, and for one that `npm run push` would have refused: that is told. */
export function activityIn(
  onMistake: (mistake: string) => void = console.error,
): (image: string, labels: Record<string, string>) => Activity {
  return (image, labels) => {
    const value = labels[activityLabel]
    if (value === undefined) return { kind: 'busy', constant: {} }
    try {
      return readActivity(value)
    } catch (error) {
      if (!(error instanceof LabelMistake)) throw error
      onMistake(`${image}: ${error.message}. It is taken as if it were not there.`)
      return { kind: 'busy', constant: {} }
    }
  }
}
