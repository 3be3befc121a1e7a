import { describe, expect, test } from 'vitest'
import type { Guard } from '../../shared/config/config.ts'
import { loadConfig } from '../../shared/config/load.ts'
import { problemLines } from './rendered.ts'

/** A target of each kind, in two clusters. */
const targets = `targets:
  web: { repository: acme/web, tags: newest, run: service, cluster: demo }
  worker: { repository: acme/worker, tags: newest, run: task, cluster: demo, network: &n { subnets: [subnet-0a1b2c3d] }, taskDefinition: worker }
  nightly: { repository: acme/nightly, tags: newest, run: job, cluster: demo, network: *n, taskDefinition: nightly }
  far: { repository: acme/far, tags: newest, run: service, cluster: far }
`
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]

function guardOf(written: string): unknown {
  const loaded = loadConfig(`${targets}guard: ${written}\n`)
  return 'config' in loaded ? loaded.config.guard : loaded.problems
}

const bare: Guard = {
  mode: 'observe',
  clusters: ['demo'],
  everyMinutes: 15,
  report: { hour: 2, minute: 0, timeZone: 'UTC' },
  minimumAgeMs: 30 * minute,
  graceMs: day,
  limits: { stops: 20, share: 0.5 },
  allowUnrestorable: false,
  rules: [{ for: { by: 'all' }, label: 'all', isProtected: false }],
}

describe('what the guard is told', () => {
  const some = 'rules: [{ for: all, protect: false }]'
  const { limits: _, ...unlimited } = bare
  test.each([
    ['nothing but what it needs', '', bare],
    [
      'all of it',
      ', mode: enforce, every: 1h, report: 7:05 Europe/Berlin, minimumAge: 0s, grace: 0s, limits: { stops: 3, share: 12.5% }, allowUnrestorable: true',
      {
        ...bare,
        mode: 'enforce',
        everyMinutes: 60,
        report: { hour: 7, minute: 5, timeZone: 'Europe/Berlin' },
        minimumAgeMs: 0,
        graceMs: 0,
        limits: { stops: 3, share: 0.125 },
        allowUnrestorable: true,
      },
    ],
    ['half of a limit', ', limits: { stops: 3 }', { ...bare, limits: { stops: 3, share: 0.5 } }],
    ['no limit', ', limits: none', unlimited],
  ])('%s', (_case, rest, guard) => expect(guardOf(`{ clusters: [demo], ${some}${rest} }`)).toEqual(guard))

  test('no guard', () => {
    const loaded = loadConfig(targets)
    expect('config' in loaded && loaded.config).not.toHaveProperty('guard')
  })

  const weekday = (nth: number) => ({
    kind: 'weekly',
    label: 'Mon-Tue 07:00 - 20:00 UTC',
    timeZone: 'UTC',
    from: { day: nth, minute: 420 },
    to: { day: nth, minute: 1200 },
  })
  test.each([
    ['idle: { cpu: 3% }', { idle: { cpuPercent: 3, windowMs: 6 * hour, coverage: 0.9 } }],
    [
      'idle: { cpu: 0%, network: 1.5 KB/s, requests: 0/min, window: 14d, coverage: 100% }',
      {
        idle: { cpuPercent: 0, networkBytesPerSecond: 1500, requestsPerMinute: 0, windowMs: 14 * day, coverage: 1 },
      },
    ],
    ['idle: { network: 0 B/s }', { idle: { networkBytesPerSecond: 0, windowMs: 6 * hour, coverage: 0.9 } }],
    ['idle: { network: 2 MB/s }', { idle: { networkBytesPerSecond: 2e6, windowMs: 6 * hour, coverage: 0.9 } }],
    ['idle: none', { idle: 'none' }],
    ['maxLifetime: 3d', { maxLifetimeMs: 3 * day }],
    ['maxLifetime: 1h30m', { maxLifetimeMs: 1.5 * hour }],
    ['maxLifetime: none', { maxLifetimeMs: 'none' }],
    ['maxCost: $5', { maxCostUsd: 5 }],
    ['maxCost: $0.50', { maxCostUsd: 0.5 }],
    ['maxCost: none', { maxCostUsd: 'none' }],
    ['hours: Mon-Tue 07:00 - 20:00 UTC', { hours: [weekday(1), weekday(2)] }],
    ['hours: [Mon-Tue 07:00 - 20:00 UTC]', { hours: [weekday(1), weekday(2)] }],
    ['hours: none', { hours: 'none' }],
    ['importance: critical', { importance: 'critical' }],
    ['protect: true', { isProtected: true }],
  ])('%s', (written, rule) => {
    expect(guardOf(`{ clusters: [demo], rules: [{ for: ' tag:env=dev ', ${written} }] }`)).toMatchObject({
      rules: [{ for: { by: 'tag', key: 'env', value: 'dev' }, label: 'tag:env=dev', ...rule }],
    })
  })

  test('without rules where a budget stops', () => {
    const budget = 'budgets: { b: { limit: $5 a day, covers: all, steps: [{ at: 100% of actual, do: stop all }] } }'
    expect(problemLines(`${targets}${budget}\nguard: { clusters: [demo] }\n`)).toEqual([])
  })
})

describe('what is wrong with the guard', () => {
  test.each([
    ['', 'guard  is empty. Try { clusters: [demo], rules: [{ for: all, idle: { cpu: 3%, network: 1 KB/s } }] }'],
    ['{ rules: [{ for: all, protect: true }] }', 'guard.clusters  is missing. Try [demo]'],
    ['{ clusters: [] , rules: [{ for: all, protect: true }]}', 'guard.clusters  is an empty list. Try [demo]'],
    [
      '{ clusters: [demo, demo], rules: [{ for: all, protect: true }] }',
      'guard.clusters[1]  demo is in the list twice. Keep one',
    ],
    [
      '{ clusters: [arn:aws:ecs:eu-west-1:123456789012:cluster/demo], rules: [{ for: all, protect: true }] }',
      'guard.clusters[0]  "arn:aws:ecs:eu-west-1:123456789012:cluster/demo" is not an ECS cluster\'s name. Try demo',
    ],
    [
      '{ clusters: [demo] }',
      'guard.rules  is missing, and no budget stops anything. Try [{ for: all, idle: { cpu: 3% } }]',
    ],
    [
      '{ clusters: [demo], rules: [] }',
      'guard.rules  is missing, and no budget stops anything. Try [{ for: all, idle: { cpu: 3% } }]',
    ],
    ['{ clusters: [demo], rules: all }', 'guard.rules  "all" does not fit here. Try [{ for: all, idle: { cpu: 3% } }]'],
  ])('guard: %s', (written, line) => expect(said(written)).toEqual([line]))

  test.each([
    ['mode: dry-run', 'mode  "dry-run" is none of its values. Try observe or enforce'],
    ['mode: enforced', 'mode  "enforced" is none of its values. Try enforce'],
    ['every: 15', 'every  15 has no unit. Try 15m'],
    ['every: 1m', 'every  "1m" is outside 5m to 24h. Try 15m'],
    ['every: 7m30s', 'every  has seconds: whole minutes only. Try 15m'],
    ['every: quarterly', 'every  "quarterly" is not a duration. Try 15m'],
    ['report: 07:00', 'report  "07:00" names no time zone. Try 07:00 Europe/Berlin'],
    ['report: 7', 'report  "7" is no time of day in a time zone. Try 07:00 Europe/Berlin'],
    ['report: 24:00 UTC', 'report  "24:00 UTC" is no time of day in a time zone. Try 07:00 Europe/Berlin'],
    ['report: 07:00 CEST', 'report  "CEST" is no time zone. Try Europe/Berlin, or UTC'],
    ['report: 07:00 Berlin', 'report  "Berlin" is no time zone. Try Europe/Berlin'],
    ['report: daily', 'report  "daily" is no time of day in a time zone. Try 07:00 Europe/Berlin'],
    ['minimumAge: 31d', 'minimumAge  "31d" is outside 0s to 30d. Try 30m'],
    ['grace: 24', 'grace  24 has no unit. Try 24s'],
    ['limits: 20', 'limits  20 does not fit here. Try { stops: 20, share: 50% }, or none'],
    ['limits: off', 'limits  "off" does not fit here. Try { stops: 20, share: 50% }, or none'],
    ['limits: { stops: 0 }', 'limits.stops  0 is not a whole number from 1 to 500. Try 1'],
    // More are not remembered: the limit would never be reached.
    ['limits: { stops: 501 }', 'limits.stops  501 is not a whole number from 1 to 500. Try 500'],
    ['limits: { share: 0.5 }', 'limits.share  0.5 has no unit. Try 50%'],
    ['limits: { share: 101% }', 'limits.share  "101%" is outside 1% to 100%. Try 50%'],
    ['allowUnrestorable: yes', 'allowUnrestorable  "yes" is neither true nor false. Try true'],
    ['cluster: demo', 'cluster  unknown key "cluster". Try clusters'],
  ])('%s', (written, line) => {
    expect(said(`{ clusters: [demo], rules: [{ for: all, protect: true }], ${written} }`)).toEqual([`guard.${line}`])
  })
})

describe('what is wrong with a rule', () => {
  test.each([['{}', 'is missing', '.for  is missing. Try target:web', '  asks for nothing. Try idle: { cpu: 3% }']])(
    '%s',
    (written, _, ...lines) => expect(saidOf(written).sort()).toEqual(lines.sort()),
  )

  test.each([
    ['{ for: all }', '  asks for nothing. Try idle: { cpu: 3% }'],
    ['{ for: web, protect: true }', '.for  "web" picks nothing that there is. Try target:web'],
    ['{ for: [all], protect: true }', '.for  is a list, which does not fit here. Try target:web'],
    ['{ for: target:wroker, protect: true }', '.for  there is no target "wroker". Try target:worker'],
    [
      '{ for: cluster:far, protect: true }',
      '.for  cluster "far" is not in guard.clusters, so that nothing of it is judged or stopped. Add it there',
    ],
    [
      '{ for: target:far, protect: true }',
      '.for  cluster "far" is not in guard.clusters, so that nothing of it is judged or stopped. Add it there',
    ],
    [
      '{ for: service:far/web, protect: true }',
      '.for  cluster "far" is not in guard.clusters, so that nothing of it is judged or stopped. Add it there',
    ],
    ['{ for: all, idle: 3% }', '.idle  "3%" does not fit here. Try { cpu: 3%, network: 1 KB/s }, or none'],
    ['{ for: all, idle: true }', '.idle  true does not fit here. Try { cpu: 3%, network: 1 KB/s }, or none'],
    [
      '{ for: all, idle: [cpu] }',
      '.idle  is a list, which does not fit here. Try { cpu: 3%, network: 1 KB/s }, or none',
    ],
    [
      '{ for: all, idle: { window: 6h } }',
      '.idle  names no signal: cpu, network or requests. Try { cpu: 3%, network: 1 KB/s }',
    ],
    ['{ for: all, idle: { cpu: 3 } }', '.idle.cpu  3 has no unit. Try 3%'],
    ['{ for: all, idle: { cpu: 0.03 } }', '.idle.cpu  0.03 has no unit. Try 3%'],
    ['{ for: all, idle: { cpu: 101% } }', '.idle.cpu  "101%" is outside 0% to 100%. Try 3%'],
    [
      '{ for: all, idle: { memory: 3% } }',
      '.idle  names no signal: cpu, network or requests. Try { cpu: 3%, network: 1 KB/s }',
      '.idle.memory  unknown key "memory". Known here: cpu, network, requests, window, coverage',
    ],
    ['{ for: all, idle: { network: 1000 } }', '.idle.network  1000 has no unit. Try 1000 B/s'],
    ['{ for: all, idle: { network: 1 KB } }', '.idle.network  "1 KB" is not a rate of bytes. Try 1 KB/s'],
    ['{ for: all, idle: { network: 10 kb/s } }', '.idle.network  "10 kb/s" is not a rate of bytes. Try 1 KB/s'],
    ['{ for: all, idle: { network: 10 KiB/s } }', '.idle.network  "10 KiB/s" is not a rate of bytes. Try 10 KB/s'],
    ['{ for: all, idle: { network: 11 GB/s } }', '.idle.network  "11 GB/s" is outside 0 B/s to 10 GB/s. Try 1 KB/s'],
    ['{ for: all, idle: { requests: 0 } }', '.idle.requests  0 has no unit. Try 0/min'],
    ['{ for: all, idle: { requests: 3/s } }', '.idle.requests  "3/s" is not a number a minute. Try 180/min'],
    [
      '{ for: standalone, idle: { requests: 0/min } }',
      '.idle.requests  only a service has a load balancer. Try network: 1 KB/s',
    ],
    [
      '{ for: target:worker, idle: { requests: 0/min } }',
      '.idle.requests  only a service has a load balancer. Try network: 1 KB/s',
    ],
    ['{ for: all, idle: { cpu: 3%, window: 5m } }', '.idle.window  "5m" is outside 30m to 14d. Try 6h'],
    ['{ for: all, idle: { cpu: 3%, coverage: 0% } }', '.idle.coverage  "0%" is outside 1% to 100%. Try 90%'],
    ['{ for: all, maxLifetime: 3 }', '.maxLifetime  3 has no unit. Try 3d'],
    ['{ for: all, maxLifetime: 3 days }', '.maxLifetime  "3 days" is not a duration. Try 3d'],
    ['{ for: all, maxLifetime: never }', '.maxLifetime  "never" is not a duration. Try 3d, or none'],
    ['{ for: all, maxLifetime: 5m }', '.maxLifetime  "5m" is outside 10m to 365d. Try 3d, or none'],
    [
      '{ for: all, maxLifetime: 20m }',
      '.maxLifetime  is shorter than guard.minimumAge, 30m: nothing younger is stopped. Try 30m',
    ],
    ['{ for: all, maxCost: 5 }', '.maxCost  5 has no unit. Try $5'],
    ['{ for: all, maxCost: 5 USD }', '.maxCost  "5 USD" is not an amount of US dollars. Try $5'],
    ['{ for: all, maxCost: "$1,000" }', '.maxCost  "$1,000" is not an amount of US dollars. Try $1000'],
    ['{ for: all, maxCost: $0 }', '.maxCost  "$0" is outside $0.01 to $1000000. Try $5, or none'],
    ['{ for: all, maxCost: "-$5" }', '.maxCost  "-$5" is not an amount of US dollars. Try $5'],
    [
      '{ for: service:web, maxCost: $5 }',
      '.maxCost  is about standalone tasks, and this rule picks none. Try a budget: { limit: $5 a day, … }',
    ],
    [
      '{ for: target:worker, maxCost: $5 }',
      '.maxCost  is about standalone tasks, and this rule picks none. Try a budget: { limit: $5 a day, … }',
    ],
    [
      '{ for: all, hours: Mon-Fri 07:00 - 20:00 }',
      '.hours  "Mon-Fri 07:00 - 20:00" names no time zone. Try Mon-Fri 07:00 - 20:00 Europe/Berlin',
    ],
    ['{ for: all, hours: office }', '.hours  "office" names no hours. Try Mon-Fri 07:00 - 20:00 Europe/Berlin'],
    ['{ for: all, hours: 8 }', '.hours  8 is not hours of the week. Try Mon-Fri 07:00 - 20:00 Europe/Berlin, or none'],
    ['{ for: all, hours: [none] }', '.hours[0]  "none" names no hours. Try Mon-Fri 07:00 - 20:00 Europe/Berlin'],
    ['{ for: all, hours: [] }', '.hours  is an empty list. Try [Mon-Fri 07:00 - 20:00 Europe/Berlin]'],
    [
      '{ for: all, hours: [2026-12-20 18:00 - 2027-01-04 08:00 UTC] }',
      '.hours[0]  "2026-12-20 18:00 - 2027-01-04 08:00 UTC" comes once, and hours come every week. Try Mon-Fri 07:00 - 20:00 Europe/Berlin',
    ],
    ['{ for: all, importance: low }', '.importance  "low" is none of its values. Try expendable, normal or critical'],
    ['{ for: all, protect: always }', '.protect  "always" is neither true nor false. Try true or false'],
    [
      '{ for: all, protected: true }',
      '  asks for nothing. Try idle: { cpu: 3% }',
      '.protected  unknown key "protected". Try protect',
    ],
    [
      '{ for: all, protect: true, hours: 06:00 - 22:00 UTC }',
      '.hours  stops nothing that protect keeps. Remove one of the two',
    ],
  ])('%s', (written, ...lines) => expect(saidOf(written)).toEqual(lines))

  test.each([
    ['maxCost where some are standalone', '{ for: family:reports, maxCost: $5 }'],
    ['maxCost of a job', '{ for: target:nightly, maxCost: $5 }'],
    ['requests of a service', '{ for: target:web, idle: { requests: 0/min } }'],
    ['what is protected takes back what others ask', '{ for: tag:a, protect: true, idle: none, importance: critical }'],
    ['a service of that name in any cluster', '{ for: service:far, hours: 06:00 - 22:00 UTC }'],
  ])('%s is sound', (_, rule) => expect(saidOf(rule)).toEqual([]))

  test('a minimum age that can not be read is not held against a lifetime', () => {
    expect(said('{ clusters: [demo], minimumAge: 10, rules: [{ for: all, maxLifetime: 10m }] }')).toEqual([
      'guard.minimumAge  10 has no unit. Try 10s',
    ])
  })

  test('a text that is no rule any more is not parsed', () => {
    const long = `tag:${'a='.repeat(300)}`
    expect(saidOf(`{ for: '${long}', protect: true }`)).toEqual([
      `.for  "${long.slice(0, 57)}..." is longer than 600 characters`,
    ])
  })

  test('a lifetime may be as short as the guard’s own minimum age', () => {
    expect(said('{ clusters: [demo], minimumAge: 10m, rules: [{ for: all, maxLifetime: 10m }] }')).toEqual([])
  })
})

describe('of all rules that pick a workload, the last one with a key counts', () => {
  const idle = (selector: string) => `{ for: '${selector}', idle: { cpu: 3% } }`
  test.each([
    ['all', 'all'],
    ['tag:env=dev', 'all'],
    ['tag:env=dev', 'tag:env'],
    ['tag:env=dev', 'tag:env=dev'],
    ['service:demo/web', 'service:web'],
    ['service:demo/web', 'cluster:demo'],
    ['target:web', 'cluster:demo'],
    ['target:nightly', 'standalone'],
    ['family:x', 'family:x'],
  ])('%s never counts before %s', (first, later) => {
    expect(said(`{ clusters: [demo], rules: [${idle(first)}, ${idle(later)}] }`)).toEqual([
      `guard.rules[0].idle  never counts: guard.rules[1], for ${later}, has it too and comes later. Put what is general first`,
    ])
  })

  test.each([
    ['all', 'tag:env=dev'],
    ['tag:env', 'tag:env=dev'],
    ['tag:env=dev', 'tag:env=prod'],
    ['tag:a', 'tag:b'],
    ['service:web', 'service:demo/web'],
    ['service:web', 'cluster:demo'],
    ['service:demo/web', 'service:demo/api'],
    ['target:web', 'standalone'],
    ['target:worker', 'target:web'],
    ['standalone', 'cluster:demo'],
    ['family:x', 'family:y'],
  ])('%s counts before %s', (first, later) => {
    expect(said(`{ clusters: [demo], rules: [${idle(first)}, ${idle(later)}] }`)).toEqual([])
  })

  test('each key by itself', () => {
    const rules = '{ for: tag:a, idle: none, importance: critical }, { for: all, importance: normal, maxLifetime: 3d }'
    expect(said(`{ clusters: [demo], rules: [${rules}] }`)).toEqual([
      'guard.rules[0].importance  never counts: guard.rules[1], for all, has it too and comes later. Put what is general first',
    ])
  })
})

function said(guard: string): string[] {
  return problemLines(`${targets}guard: ${guard}\n`).map(line => line.replace(/^farguard\.yml:6:\d+ +/, ''))
}

/** Of the one rule. */
function saidOf(rule: string): string[] {
  return said(`{ clusters: [demo], rules: [${rule}] }`).map(line => line.replace(/^guard\.rules\[0\]/, ''))
}
