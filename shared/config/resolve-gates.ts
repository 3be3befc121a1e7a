/** From `gates:` as it is written to what it means. */
import type { Gates, ScanGate } from './config.ts'
import { parseFreezeWindow } from './freeze-window.ts'
import type { GatesInput } from './gates-schema.ts'
import { milliseconds } from './quantities.ts'

/** What a target's own gates name replaces what those of the whole file name. */
export function resolveGates(own: GatesInput = {}, ofAll: GatesInput = {}): Gates {
  const { freeze = [], minimumAge = '0s', scan, approval } = { ...ofAll, ...own }
  const scanGate = resolveScan(scan)
  return {
    freeze: freeze.flatMap(text => {
      const parsed = parseFreezeWindow(text)
      if ('problem' in parsed) throw new TypeError(`gates.freeze ${parsed.problem}`)
      return parsed.windows
    }),
    minimumAgeMs: milliseconds(minimumAge),
    ...(scanGate && { scan: scanGate }),
    needsApproval: approval === 'required',
  }
}

function resolveScan(scan: GatesInput['scan']): ScanGate | undefined {
  if (scan === undefined || scan === 'none') return undefined
  const { severity, within = '15m', otherwise = 'hold' } = typeof scan === 'string' ? { severity: scan } : scan
  return { severity, withinMs: milliseconds(within), otherwise }
}
