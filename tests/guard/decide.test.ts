import { describe, expect, test } from 'vitest'
import type { Budget, Guard, GuardRule } from '../../shared/config/config.ts'
import { parseFreezeWindow } from '../../shared/config/freeze-window.ts'
import type { Spend } from '../../shared/cost/spend.ts'
import { reachedSteps } from '../../shared/cost/steps.ts'
import type { Activity } from '../../shared/guard/activity.ts'
import { decide } from '../../shared/guard/decide.ts'
import type { BudgetFacts, Facts } from '../../shared/guard/facts.ts'
import type { Verdict } from '../../shared/guard/plan.ts'
import type { Parked, ParkReason } from '../../shared/guard/records.ts'
import type { Workload } from '../../shared/guard/workload.ts'

const now = new Date('2026-03-10T12:00:00Z')
const hour = 3_600_000
const ago = (hours: number) => new Date(now.getTime() - hours * hour).toISOString()

function service(name: string, of: Partial<Workload> = {}, tags: Record<string, string> = {}): Workload {
  return {
    id: `service:demo/${name}`,
    kind: 'service',
    name: `service ${name} in demo`,
    subject: { cluster: 'demo', service: name, isStandalone: false, tags },
    tasks: [],
    desiredCount: 1,
    since: ago(1000),
    restores: 'count',
    costPerHour: { usd: 0.05 },
    costSoFar: { usd: 5 },
    ...of,
  }
}

function alone(id: string, of: Partial<Workload> = {}): Workload {
  return {
    ...service(id),
    id: `task:demo/${id}`,
    kind: 'task',
    subject: { cluster: 'demo', family: 'stray', isStandalone: true, tags: {} },
    restores: 'redeploy',
    ...of,
  }
}

const idleRule = { cpuPercent: 3, windowMs: 6 * hour, coverage: 0.9 }
const rule = (of: Partial<GuardRule>): GuardRule => ({ for: { by: 'all' }, label: 'all', ...of })

function guard(of: Partial<Guard> = {}): Guard {
  return {
    mode: 'enforce',
    clusters: ['demo'],
    everyMinutes: 15,
    report: { hour: 2, minute: 0, timeZone: 'UTC' },
    minimumAgeMs: hour / 2,
    graceMs: 0,
    allowUnrestorable: false,
    rules: [rule({ idle: idleRule })],
    ...of,
  }
}

const quiet: Activity = {
  signals: [{ signal: 'cpu', tier: 'service', state: 'quiet', threshold: 3, highest: 0.4, points: 180, expected: 180 }],
}
const busy: Activity = {
  signals: [{ signal: 'cpu', tier: 'service', state: 'busy', threshold: 3, highest: 80, points: 180, expected: 180 }],
  busyAt: ago(1),
}

function facts(workloads: Workload[], of: Partial<Facts> & { idle?: string[] } = {}): Facts {
  const { idle = [], ...more } = of
  const activities = new Map(
    workloads.map(({ id, name }) => [id, idle.some(each => name.includes(each)) ? quiet : busy]),
  )
  return {
    workloads,
    clusters: new Set(['demo']),
    parked: [],
    subjects: { targets: new Map(), parked: new Map() },
    activities,
    memory: new Map(),
    keeps: [],
    protected: new Map(),
    recentStops: [],
    budgets: [],
    holding: [],
    problems: [],
    ...more,
  }
}

function verdicts(of: Facts, by: Guard): Record<string, string> {
  const { plan } = decide(of, by, now)
  return Object.fromEntries(
    plan.lines.map(({ workload, verdict }) => [workload.replace(/^\w+:demo\//, ''), spoken(verdict)]),
  )
}

const spoken = (verdict: Verdict) => `${verdict.is} ${verdict.reason}`

describe('what nothing may stop', () => {
  const idleOnes = (workload: Workload, of: Partial<Facts> = {}, by: Partial<Guard> = {}) =>
    decide(facts([workload], { idle: [''], ...of }), guard(by), now).plan.lines[0]?.verdict

  test.each<[string, Workload, Partial<Facts>, Partial<Guard>, string]>([
    ['nothing of that', service('web'), {}, {}, 'stop idle'],
    [
      'a rule that protects it',
      service('web', {}, { env: 'prod' }),
      {},
      { rules: [rule({ idle: idleRule }), rule({ for: { by: 'tag', key: 'env', value: 'prod' }, isProtected: true })] },
      'keep protected',
    ],
    [
      'tags that could not be read, and a rule that asks for them',
      service('web', { subject: { cluster: 'demo', service: 'web', isStandalone: false } }),
      {},
      { rules: [rule({ idle: idleRule }), rule({ for: { by: 'tag', key: 'env' }, isProtected: true })] },
      'not-judged tags-unreadable',
    ],
    [
      'somebody who keeps it',
      service('web'),
      { keeps: [{ workload: 'service:demo/web', until: ago(-5), by: 'ada', because: 'demo', at: ago(1) }] },
      {},
      'keep kept',
    ],
    [
      'a rollout under way',
      service('web', { untouchable: { reason: 'being-deployed', detail: 'web #3' } }),
      {},
      {},
      'keep being-deployed',
    ],
    [
      'ECS’s task protection',
      service('web'),
      { protected: new Map([['service:demo/web', 'until noon']]) },
      {},
      'keep protected',
    ],
    ['its youth', service('web', { since: ago(0.4) }), {}, {}, 'not-judged too-young'],
    ['an age that nothing tells', withoutSince(service('web')), {}, {}, 'not-judged age-unknown'],
    [
      'no rule about it',
      service('web'),
      {},
      { rules: [rule({ for: { by: 'service', name: 'other' }, idle: idleRule })] },
      'keep no-rule',
    ],
    ['nothing that could start it again', alone('stray', { restores: 'nothing' }), {}, {}, 'keep unrestorable'],
    ['only its schedule that starts another', alone('stray', { restores: 'schedule' }), {}, {}, 'keep unrestorable'],
  ])('%s', (_case, workload, of, by, expected) => {
    const verdict = idleOnes(workload, of, by)
    expect(verdict && spoken(verdict)).toBe(expected)
  })

  test('what could not be started again is stopped where that is allowed, and its schedule is said', () => {
    const verdict = idleOnes(alone('stray', { restores: 'schedule' }), {}, { allowUnrestorable: true })
    expect(verdict).toMatchObject({
      is: 'stop',
      reason: 'idle',
      detail: expect.stringMatching(/its schedule starts another one/),
    })
  })
})

function withoutSince({ since: _since, ...workload }: Workload): Workload {
  return workload
}

describe('a warning first', () => {
  const by = guard({ graceMs: 24 * hour })
  const one = (of: Partial<Facts> = {}) => decide(facts([service('web')], { idle: ['web'], ...of }), by, now)

  test('the first time: warned, remembered, and when it would stop', () => {
    const { plan, memory } = one()
    expect(plan.lines[0]?.verdict).toMatchObject({ is: 'warn', since: now.toISOString(), stopsAt: ago(-24) })
    expect(memory.get('service:demo/web')?.warned).toEqual({ idle: now.toISOString() })
  })

  test('a run that comes half a minute before the end of the grace is the one that stops', () => {
    const almost = new Date(Date.parse(ago(24)) + 30_000).toISOString()
    const early = new Date(Date.parse(ago(24)) + 90_000).toISOString()
    const at = (since: string) =>
      one({ memory: new Map([['service:demo/web', { warned: { idle: since } }]]) }).plan.lines[0]?.verdict.is
    expect([at(almost), at(early)]).toEqual(['stop', 'warn'])
  })

  test('within the grace: since when it was first warned of', () => {
    const { plan, memory } = one({ memory: new Map([['service:demo/web', { warned: { idle: ago(23) } }]]) })
    expect(plan.lines[0]?.verdict).toMatchObject({ is: 'warn', since: ago(23), stopsAt: ago(-1) })
    expect(memory.get('service:demo/web')?.warned).toEqual({ idle: ago(23) })
  })

  test('after it: stopped; a warning of another reason is none of this one', () => {
    expect(
      one({ memory: new Map([['service:demo/web', { warned: { idle: ago(24) } }]]) }).plan.lines[0]?.verdict.is,
    ).toBe('stop')
    const other = one({ memory: new Map([['service:demo/web', { warned: { 'lived-too-long': ago(24) } }]]) })
    expect(other.plan.lines[0]?.verdict.is).toBe('warn')
  })

  test('busy again: the warning is forgotten, so that the grace begins anew', () => {
    const { plan, memory } = decide(
      facts([service('web')], { memory: new Map([['service:demo/web', { warned: { idle: ago(20) } }]]) }),
      by,
      now,
    )
    expect(plan.lines[0]?.verdict.is).toBe('keep')
    expect(memory.get('service:demo/web')).toEqual({ busyAt: ago(1) })
  })

  test('none before a hard limit', () => {
    const stray = alone('stray', { costSoFar: { usd: 5.2 } })
    const dear = guard({ graceMs: 24 * hour, rules: [rule({ maxCostUsd: 5 })] })
    expect(verdicts(facts([stray]), dear)).toEqual({ stray: 'stop costs-too-much' })
  })
})

describe('the limits of 24 hours', () => {
  const many = Array.from({ length: 10 }, (_, nth) => service(`web${nth}`))
  const stops = (of: Facts, by: Guard) =>
    decide(of, by, now).plan.lines.filter(({ verdict }) => verdict.is === 'stop').length

  test.each([
    ['as many as are allowed', { stops: 3, share: 1 }, 3, 0, 3],
    ['one more: none at all', { stops: 3, share: 1 }, 4, 0, 0],
    ['what was stopped before counts', { stops: 3, share: 1 }, 3, 1, 0],
    ['a share of what runs', { stops: 20, share: 0.3 }, 3, 0, 3],
    ['above that share', { stops: 20, share: 0.3 }, 4, 0, 0],
    ['one is always within a share', { stops: 20, share: 0.01 }, 1, 0, 1],
    ['without limits', undefined, 10, 50, 10],
  ])('%s', (_case, limits, idleCount, stoppedBefore, expected) => {
    const recentStops = Array.from({ length: stoppedBefore }, (_, nth) => `service:demo/gone${nth}`)
    const idle = many.slice(0, idleCount).map(({ name }) => name)
    const by = guard(limits ? { limits } : {})
    expect(stops(facts(many, { idle, recentStops }), by)).toBe(expected)
  })

  test('what a run that died had meant to stop is not counted twice', () => {
    const by = guard({ limits: { stops: 3, share: 1 } })
    const recentStops = ['service:demo/web0', 'service:demo/web1', 'service:demo/web2']
    expect(stops(facts(many, { idle: ['web0', 'web1', 'web2'], recentStops }), by)).toBe(3)
    expect(stops(facts(many, { idle: ['web0', 'web1', 'web3'], recentStops }), by)).toBe(0)
  })

  test('a standalone task that stops off hours does not come back, and is counted', () => {
    const hours = parsed('Mon-Fri 18:00 - 20:00 UTC')
    const tasks = [alone('a'), alone('b')]
    const by = guard({ limits: { stops: 1, share: 1 }, rules: [rule({ hours })] })
    expect(verdicts(facts(tasks), by)).toEqual({ a: 'keep above-limit', b: 'keep above-limit' })
  })

  test('above them each says so, with the figures; hours are no part of it', () => {
    const hours = parsed('Mon-Fri 18:00 - 20:00 UTC')
    const by = guard({
      limits: { stops: 1, share: 1 },
      rules: [rule({ idle: idleRule }), rule({ for: { by: 'service', name: 'web9' }, idle: 'none', hours })],
    })
    const { plan } = decide(facts(many, { idle: ['web1', 'web2'] }), by, now)
    expect(plan.limit).toMatchObject({ wanted: 2, allowed: 1 })
    const said = plan.lines.filter(({ verdict }) => verdict.reason === 'above-limit').map(({ workload }) => workload)
    expect(said).toEqual(['service:demo/web1', 'service:demo/web2'])
    expect(plan.lines.filter(({ verdict }) => verdict.is === 'stop').map(({ workload }) => workload)).toEqual([
      'service:demo/web9',
    ])
  })
})

function parsed(text: string) {
  const found = parseFreezeWindow(text)
  if ('problem' in found) throw new Error(found.problem)
  return found.windows
}

// ---- budgets ----

const march = { from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' }
const hoursLeft = (Date.parse(march.to) - now.getTime()) / hour

function budget(
  steps: [string, number, 'actual' | 'forecast' | 'projected', 'warn' | 'hold-deploys' | 'stop-to-fit' | 'stop-all'][],
  of: Partial<Budget> = {},
): Budget {
  return {
    name: 'team',
    limit: { from: 'aws', budget: 'team-monthly' },
    covers: [{ by: 'all' }],
    steps: steps.map(([label, percent, basis, what]) => ({ label, percent, of: basis, do: what })),
    ...of,
  }
}

function spend(of: Partial<Spend> = {}): Spend {
  return {
    period: march,
    limit: { usd: 100 },
    metered: { usd: 50 },
    perHour: { usd: 0.2 },
    projected: { usd: 50 + 0.2 * hoursLeft },
    reported: { usd: 40 },
    ...of,
  }
}

function budgetFacts(of: Budget, its: Spend, acted: string[] = []): BudgetFacts {
  const { reached, unknown } = reachedSteps(of, its, new Set(acted))
  return { budget: of, spend: its, reached, unknown: unknown.map(({ why }) => why) }
}

describe('over budget', () => {
  const fleet = [
    service('big', { costPerHour: { usd: 0.1 } }),
    service('middle', { costPerHour: { usd: 0.06 } }),
    service('small', { costPerHour: { usd: 0.04 } }),
  ]
  const fit = budget([['100% of projected', 100, 'projected', 'stop-to-fit']])
  const all = budget([['120% of actual', 120, 'actual', 'stop-all']])
  const noRules = guard({ rules: [] })
  const rules = (...more: GuardRule[]) => guard({ rules: more })

  test('stop to fit: the smallest loss, and nothing more', () => {
    // 50 + 0.2 × 516 h = $153.20, $53.20 too much: `big` alone saves $51.60.
    const of = facts(fleet, { budgets: [budgetFacts(fit, spend())] })
    expect(verdicts(of, noRules)).toEqual({
      big: 'stop over-budget',
      middle: 'stop over-budget',
      small: 'keep not-needed',
    })
  })

  test('what is expendable goes first, what is critical never', () => {
    const of = facts(fleet, { budgets: [budgetFacts(fit, spend({ projected: { usd: 110 } }))] })
    const by = rules(
      rule({ for: { by: 'service', name: 'small' }, importance: 'expendable' }),
      rule({ for: { by: 'service', name: 'big' }, importance: 'critical' }),
    )
    expect(verdicts(of, by)).toEqual({ big: 'keep critical', middle: 'keep not-needed', small: 'stop over-budget' })
  })

  test('what is idle and warned of is the smaller loss', () => {
    const of = facts(fleet, {
      idle: ['small'],
      budgets: [budgetFacts(fit, spend({ projected: { usd: 110 } }))],
      memory: new Map([['service:demo/small', { warned: { 'over-budget': ago(30) } }]]),
    })
    const by = guard({ graceMs: 24 * hour })
    expect(verdicts(of, by)).toEqual({ big: 'keep not-needed', middle: 'keep not-needed', small: 'stop over-budget' })
  })

  test('what was warned of for a budget stays chosen, though another one is dearer by now', () => {
    const two = [service('one', { costPerHour: { usd: 0.0501 } }), service('other', { costPerHour: { usd: 0.05 } })]
    const warned = new Map([['service:demo/other', { warned: { 'over-budget': ago(24) } }]])
    const of = facts(two, { budgets: [budgetFacts(fit, spend({ projected: { usd: 105 } }))], memory: warned })
    expect(verdicts(of, guard({ rules: [], graceMs: 24 * hour }))).toEqual({
      one: 'keep not-needed',
      other: 'stop over-budget',
    })
  })

  test('what comes back before the period ends has saved no more than that', () => {
    const nights = rule({ for: { by: 'service', name: 'big' }, hours: parsed('Mon-Fri 18:00 - 20:00 UTC') })
    // $51.60 until the month's end, of which six hours are saved.
    const of = facts(fleet, { budgets: [budgetFacts(fit, spend({ projected: { usd: 110 } }))] })
    expect(verdicts(of, rules(nights))).toEqual({
      big: 'stop off-hours',
      middle: 'stop over-budget',
      small: 'keep not-needed',
    })
  })

  test('what stops for its own reasons is saved already', () => {
    const of = facts(fleet, { idle: ['big'], budgets: [budgetFacts(fit, spend({ projected: { usd: 140 } }))] })
    const { plan } = decide(of, guard(), now)
    expect(plan.lines.map(({ verdict }) => spoken(verdict))).toEqual(['stop idle', 'keep in-use', 'keep in-use'])
    expect(plan.budgets[0]?.problem).toMatch(/nothing more is stopped to fit/)
  })

  test('a grace that would outlast what a stop can still save is cut short: a limit a day does not wait for a day', () => {
    const period = { from: '2026-03-10T00:00:00.000Z', to: '2026-03-11T00:00:00.000Z' }
    const daily = budget([['100% of projected', 100, 'projected', 'stop-to-fit']], {
      limit: { from: 'own', usd: 1, per: 'day' },
    })
    const one = service('one', { costPerHour: { usd: 0.1 } })
    const at = (metered: number) => {
      const its = spend({ period, limit: { usd: 1 }, metered: { usd: metered }, projected: { usd: metered + 1.2 } })
      const of = facts([one], { budgets: [budgetFacts(daily, its)] })
      return decide(of, guard({ rules: [], graceMs: 24 * hour }), now).plan.lines[0]?.verdict
    }
    // A tenth of the day; or, $0.95 too much at $0.10 an hour, nine and a half hours before midnight, and a look before that.
    expect(at(0.2)).toMatchObject({ is: 'warn', stopsAt: '2026-03-10T14:24:00.000Z' })
    expect(at(0.75)).toMatchObject({ is: 'warn', stopsAt: '2026-03-10T14:15:00.000Z' })
    expect(at(0.99)).toMatchObject({ is: 'stop', reason: 'over-budget' })
    expect(at(1.01)).toMatchObject({ is: 'keep', reason: 'would-not-fit' })
  })

  test('where no allowed set fits, nothing stops, and that is said', () => {
    const of = facts(fleet, { budgets: [budgetFacts(fit, spend({ projected: { usd: 1000 } }))] })
    const { plan } = decide(of, noRules, now)
    expect(plan.lines.every(({ verdict }) => verdict.is === 'keep')).toBe(true)
    expect(plan.budgets[0]?.problem).toMatch(/no allowed set brings it under the limit/)
  })

  test.each<[string, Spend]>([
    ['a projection that is not known', spend({ projected: { unknown: 'no price of eu-south-2' } })],
    ['a limit that is not known', spend({ limit: { unknown: 'AWS tells none' } })],
    ['an actual spend that credits made negative', spend({ reported: { usd: -5 } })],
  ])('%s stops nothing', (_case, its) => {
    const both = budget([
      ['100% of projected', 100, 'projected', 'stop-to-fit'],
      ['120% of actual', 120, 'actual', 'stop-all'],
    ])
    const of = facts(fleet, {
      budgets: [budgetFacts(both, { ...its, projected: 'usd' in its.projected ? { usd: 60 } : its.projected })],
    })
    expect(Object.values(verdicts(of, noRules)).every(each => each.startsWith('keep'))).toBe(true)
  })

  test('stop all: everything that it covers and that may be stopped', () => {
    const covers = budget([['120% of actual', 120, 'actual', 'stop-all']], {
      covers: [{ by: 'tag', key: 'team', value: 'data' }],
    })
    const workloads = [
      service('data', {}, { team: 'data' }),
      service('web', {}, { team: 'web' }),
      service('young', { since: ago(0.1) }, { team: 'data' }),
    ]
    const of = facts(workloads, { budgets: [budgetFacts(covers, spend({ reported: { usd: 121 } }))] })
    expect(verdicts(of, noRules)).toEqual({
      data: 'stop over-budget',
      web: 'keep no-rule',
      young: 'not-judged too-young',
    })
  })

  test('tags that could not be read cover nothing', () => {
    const covers = budget([['120% of actual', 120, 'actual', 'stop-all']], { covers: [{ by: 'tag', key: 'team' }] })
    const untagged = service('data', { subject: { cluster: 'demo', service: 'data', isStandalone: false } })
    const of = facts([untagged], { budgets: [budgetFacts(covers, spend({ reported: { usd: 121 } }))] })
    expect(verdicts(of, noRules)).toEqual({ data: 'keep no-rule' })
  })

  test('a step acts once on what AWS reports: 121 % that stay 121 % for twelve hours stop nothing again', () => {
    const [reached] = budgetFacts(all, spend({ reported: { usd: 121 } })).reached
    const again = budgetFacts(all, spend({ reported: { usd: 121 } }), [reached?.key ?? ''])
    expect(Object.values(verdicts(facts(fleet, { budgets: [again] }), noRules))).not.toContain('stop over-budget')
    const more = budgetFacts(all, spend({ reported: { usd: 122 } }), [reached?.key ?? ''])
    expect(Object.values(verdicts(facts(fleet, { budgets: [more] }), noRules))).toEqual([
      'stop over-budget',
      'stop over-budget',
      'stop over-budget',
    ])
  })

  test('a budget with a problem neither stops nor holds anything', () => {
    const steps = budget([
      ['120% of actual', 120, 'actual', 'stop-all'],
      ['90% of actual', 90, 'actual', 'hold-deploys'],
    ])
    const broken = { ...budgetFacts(steps, spend({ reported: { usd: 121 } })), problem: 'it is in gigabytes' }
    const targets = new Map([['web', { cluster: 'demo', target: 'web', isStandalone: false, tags: {} }]])
    const { plan } = decide(facts(fleet, { budgets: [broken], subjects: { targets, parked: new Map() } }), noRules, now)
    expect(plan.lines.every(({ verdict }) => verdict.is === 'keep')).toBe(true)
    expect(plan.holds).toEqual([])
    expect(plan.budgets[0]?.problem).toBe('it is in gigabytes')
  })

  test('what is held stays held while its figure is not known, and no longer', () => {
    const steps = budget([['90% of actual', 90, 'actual', 'hold-deploys']], { covers: [{ by: 'target', name: 'web' }] })
    const targets = new Map([['web', { cluster: 'demo', target: 'web', isStandalone: false, tags: {} }]])
    const hold = { target: 'web', budget: 'team', detail: 'budget team: 95 %', until: march.to }
    const holds = (its: BudgetFacts) =>
      decide(facts([], { budgets: [its], subjects: { targets, parked: new Map() }, holding: [hold] }), noRules, now)
        .plan.holds
    expect(holds(budgetFacts(steps, spend({ reported: { unknown: 'AWS did not answer' } })))).toEqual([hold])
    expect(holds({ ...budgetFacts(steps, spend({ reported: { usd: 95 } })), problem: 'unreadable' })).toEqual([hold])
    expect(holds(budgetFacts(steps, spend({ reported: { usd: 50 } })))).toEqual([])
  })

  test('deployments to what it covers are held, with the figure, until the period ends', () => {
    const steps = budget([['90% of actual', 90, 'actual', 'hold-deploys']], { covers: [{ by: 'target', name: 'web' }] })
    const subject = (target: string) => ({ cluster: 'demo', target, isStandalone: false, tags: {} })
    const targets = new Map([
      ['web', subject('web')],
      ['worker', subject('worker')],
    ])
    const of = facts([], {
      budgets: [budgetFacts(steps, spend({ reported: { usd: 95 } }))],
      subjects: { targets, parked: new Map() },
    })
    expect(decide(of, noRules, now).plan.holds).toEqual([
      { target: 'web', budget: 'team', detail: 'budget team: AWS reports $95.00 of $100.00 (95 %)', until: march.to },
    ])
  })
})

// ---- what is parked ----

function parked(of: Partial<Parked> & { reasons: ParkReason[] }): Parked {
  return {
    workload: 'service:demo/web',
    name: 'service web in demo',
    cluster: 'demo',
    service: 'web',
    version: 1,
    state: 'parked',
    was: { desiredCount: 2 },
    at: ago(5),
    stoppedAt: ago(5),
    costPerHour: { usd: 0.05 },
    stoppedAgain: 0,
    ...of,
  }
}

const reason = (of: Partial<ParkReason>): ParkReason => ({
  reason: 'idle',
  detail: 'quiet',
  at: ago(5),
  run: '20260310-070000',
  ...of,
})

describe('what is parked', () => {
  const subject = { cluster: 'demo', service: 'web', isStandalone: false, tags: {} }
  const of = (its: Parked, more: Partial<Facts> = {}) =>
    facts([], { parked: [its], subjects: { targets: new Map(), parked: new Map([[its.workload, subject]]) }, ...more })
  const evenings = guard({ rules: [rule({ hours: parsed('Mon-Fri 18:00 - 20:00 UTC') })] })
  const days = guard({ rules: [rule({ hours: parsed('Mon-Fri 07:00 - 20:00 UTC') })] })

  test('off hours: it comes back when they end, by itself', () => {
    const its = parked({ reasons: [reason({ reason: 'off-hours', until: ago(5) })] })
    expect(decide(of(its), days, now).plan.wakes).toEqual([
      { workload: 'service:demo/web', because: 'its hours have begun' },
    ])
    expect(decide(of(its), evenings, now).plan.wakes).toEqual([])
  })

  test('hours that begin do not wake what a budget parked', () => {
    const its = parked({
      reasons: [
        reason({ reason: 'off-hours', until: ago(5) }),
        reason({ reason: 'over-budget', budget: 'team', until: march.to }),
      ],
    })
    const { plan, ends } = decide(of(its), days, now)
    expect(plan.wakes).toEqual([])
    expect(ends).toMatchObject([{ workload: 'service:demo/web', left: [{ reason: 'over-budget' }] }])
  })

  test('off hours that begin while a budget has it parked are a reason more', () => {
    const its = parked({ reasons: [reason({ reason: 'over-budget', budget: 'team', until: march.to })] })
    const { joins, plan } = decide(of(its), evenings, now)
    expect(joins).toMatchObject([
      { workload: 'service:demo/web', reason: 'off-hours', until: '2026-03-10T18:00:00.000Z' },
    ])
    expect(plan.wakes).toEqual([])
  })

  test('a period that ended wakes what its budget parked, unless it is off hours', () => {
    const its = parked({ reasons: [reason({ reason: 'over-budget', budget: 'team', until: ago(1) })] })
    expect(decide(of(its), days, now).plan.wakes).toMatchObject([{ because: 'team holds it no longer' }])
    expect(decide(of(its), evenings, now).plan.wakes).toEqual([])
  })

  test('of a cluster that could not be looked at nothing is known: all stays as it is', () => {
    const its = parked({ reasons: [reason({ reason: 'off-hours', until: ago(5) })] })
    for (const state of ['parked', 'parking', 'left', 'waking'] as const) {
      const blind = decide(of({ ...its, state }, { clusters: new Set() }), days, now)
      expect(blind).toMatchObject({ ends: [], finishes: [], overs: [], joins: [], plan: { wakes: [] } })
    }
  })

  test('idle has no end of its own', () => {
    expect(decide(of(parked({ reasons: [reason({})] })), guard(), now).plan).toMatchObject({
      wakes: [],
      lines: [{ workload: 'service:demo/web', verdict: { is: 'parked', reason: 'idle' } }],
    })
  })

  test('one that came back by itself is stopped once more, and left alone the second time', () => {
    const its = parked({ reasons: [reason({})] })
    const running = (more: Parked) => decide(facts([service('web')], { idle: ['web'], parked: [more] }), guard(), now)
    expect(running(its).cameBack).toMatchObject([{ outcome: 'stopped-again' }])
    expect(running({ ...its, stoppedAgain: 1 }).cameBack).toMatchObject([{ outcome: 'left' }])
    expect(running({ ...its, stoppedAgain: 1 }).plan.lines[0]?.verdict).toMatchObject({
      is: 'keep',
      reason: 'came-back',
    })
    const inUse = decide(facts([service('web')], { parked: [its] }), guard(), now)
    expect(inUse.cameBack).toMatchObject([{ outcome: 'over' }])
  })

  test('what was left alone is judged anew a week later', () => {
    const left = (days_: number) =>
      parked({
        state: 'left',
        stoppedAgain: 1,
        reasons: [reason({})],
        ended: { at: ago(24 * days_), how: 'came-back', detail: 'twice' },
      })
    const run = (its: Parked) => decide(facts([service('web')], { idle: ['web'], parked: [its] }), guard(), now)
    expect(run(left(6)).overs).toEqual([])
    expect(run(left(7)).overs).toEqual([{ workload: 'service:demo/web' }])
  })

  test('a run that died before the stop: stopped if it still is to be, else put back; one that died after it: made up for', () => {
    const its = parked({ state: 'parking', reasons: [reason({})] })
    const still = decide(facts([service('web')], { idle: ['web'], parked: [its] }), guard(), now)
    expect(still.plan).toMatchObject({ wakes: [], lines: [{ verdict: { is: 'stop' } }] })
    const notAnyMore = decide(facts([service('web')], { parked: [its] }), guard(), now)
    expect(notAnyMore.plan.wakes).toMatchObject([{ workload: 'service:demo/web' }])
    expect(decide(of(its), guard(), now).finishes).toEqual([{ workload: 'service:demo/web' }])
  })

  test('one that is being put back is put back, whatever runs of it', () => {
    const its = parked({ state: 'waking', reasons: [] })
    expect(decide(of(its), guard(), now).plan.wakes).toHaveLength(1)
    expect(decide(facts([service('web')], { idle: ['web'], parked: [its] }), guard(), now).plan.wakes).toHaveLength(1)
    const again = decide(facts([service('web')], { idle: ['web'], parked: [its] }), guard(), now).plan.lines
    expect(again[0]?.verdict).toMatchObject({ is: 'keep', reason: 'kept' })
  })
})

test('what is saved is counted to the end of the month, or until it comes back', () => {
  const { plan } = decide(facts([service('web', { costPerHour: { usd: 1 } })], { idle: ['web'] }), guard(), now)
  expect(plan.lines[0]?.saves).toEqual({ usd: hoursLeft })
  const evenings = guard({ rules: [rule({ hours: parsed('Mon-Fri 18:00 - 20:00 UTC') })] })
  expect(decide(facts([service('web', { costPerHour: { usd: 1 } })]), evenings, now).plan.lines[0]?.saves).toEqual({
    usd: 6,
  })
})
