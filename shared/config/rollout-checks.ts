/** What must be right between a target's kind and how its rollouts are judged. */
import { isWritten, type Lenient } from './lenient.ts'
import type { Finding, Path } from './problems.ts'
import { milliseconds } from './quantities.ts'
import type { TargetInput } from './schema.ts'

type LenientTarget = Lenient<TargetInput>

/** All that is wrong with `verify` and `timeout`, as far as their fields are sound. */
export function checkRollout(path: Path, target: LenientTarget): Finding[] {
  switch (target.run) {
    case undefined:
      return []
    case 'job':
      return isWritten(target, 'verify')
        ? [key([...path, 'verify'], 'a job has succeeded when it exits with 0. Remove this key, or write timeout: 1h')]
        : []
    case 'service':
    case 'task':
      return [...noTimeout(path, target), ...settlesInTime(path, target.verify)]
  }
}

function noTimeout(path: Path, target: LenientTarget): Finding[] {
  if (!isWritten(target, 'timeout')) return []
  return [key([...path, 'timeout'], `only a job has one. Remove this key, or write verify: { within: 15m }`)]
}

function settlesInTime(path: Path, verify: LenientTarget['verify']): Finding[] {
  const isUnsound = (['within', 'settle'] as const).some(
    name => isWritten(verify, name) && verify?.[name] === undefined,
  )
  if (!verify || isUnsound) return []
  const { within = '15m', settle = '30s' } = verify
  if (milliseconds(settle) < milliseconds(within)) return []
  const place = [...path, 'verify', isWritten(verify, 'settle') ? 'settle' : 'within']
  return [
    {
      path: place,
      at: 'value',
      message: `copies that must have run for ${settle} can not succeed within ${within}. Try within: 1h, settle: 30s`,
    },
  ]
}

function key(path: Path, message: string): Finding {
  return { path, at: 'key', message }
}
