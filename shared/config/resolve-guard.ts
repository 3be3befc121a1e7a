/** From `guard:` as it is written to what it means: defaults filled in, quantities read. */
import type { FreezeWindow, Guard, GuardRule, IdleRule } from './config.ts'
import type { GuardInput, RuleInput } from './guard-schema.ts'
import { parseHours, parseReport } from './guard-times.ts'
import { milliseconds, readBytesPerSecond, readPercent, readPerMinute, readUsd, sound } from './quantities.ts'
import { selectorOf } from './selector.ts'

/** Of a `guard:` that passed the schema and the checks. */
export function resolveGuard(input: GuardInput): Guard {
  const report = parseReport(input.report ?? '02:00 UTC')
  if ('problem' in report) throw new TypeError(`guard.report ${report.problem}`)
  const limits = resolveLimits(input.limits)
  return {
    mode: input.mode ?? 'observe',
    clusters: input.clusters,
    everyMinutes: milliseconds(input.every ?? '15m') / 60_000,
    report,
    minimumAgeMs: milliseconds(input.minimumAge ?? '30m'),
    graceMs: milliseconds(input.grace ?? '24h'),
    ...(limits && { limits }),
    allowUnrestorable: input.allowUnrestorable ?? false,
    rules: (input.rules ?? []).map(resolveRule),
  }
}

function resolveLimits(limits: GuardInput['limits'] = {}): Guard['limits'] {
  if (limits === 'none') return undefined
  return { stops: limits.stops ?? 20, share: sound(readPercent, limits.share ?? '50%') / 100 }
}

function resolveRule(rule: RuleInput): GuardRule {
  const { idle, maxLifetime, maxCost, hours, importance, protect } = rule
  return {
    for: selectorOf(rule.for),
    label: rule.for.trim(),
    ...(idle !== undefined && { idle: idle === 'none' ? idle : resolveIdle(idle) }),
    ...(maxLifetime !== undefined && {
      maxLifetimeMs: maxLifetime === 'none' ? maxLifetime : milliseconds(maxLifetime),
    }),
    ...(maxCost !== undefined && { maxCostUsd: maxCost === 'none' ? maxCost : sound(readUsd, maxCost) }),
    ...(hours !== undefined && { hours: hours === 'none' ? hours : resolveHours([hours].flat()) }),
    ...(importance !== undefined && { importance }),
    ...(protect !== undefined && { isProtected: protect }),
  }
}

function resolveIdle(idle: Exclude<NonNullable<RuleInput['idle']>, 'none'>): IdleRule {
  const { cpu, network, requests, window = '6h', coverage = '90%' } = idle
  return {
    ...(cpu !== undefined && { cpuPercent: sound(readPercent, cpu) }),
    ...(network !== undefined && { networkBytesPerSecond: sound(readBytesPerSecond, network) }),
    ...(requests !== undefined && { requestsPerMinute: sound(readPerMinute, requests) }),
    windowMs: milliseconds(window),
    coverage: sound(readPercent, coverage) / 100,
  }
}

function resolveHours(hours: readonly string[]): FreezeWindow[] {
  return hours.flatMap(text => {
    const parsed = parseHours(text)
    if ('problem' in parsed) throw new TypeError(`hours ${parsed.problem}`)
    return parsed.windows
  })
}
