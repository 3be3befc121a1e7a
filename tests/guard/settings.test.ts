import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GuardRule, IdleRule, Selector } from '../../shared/config/config.ts'
import { isSelected, type Subject } from '../../shared/cost/subject.ts'
import { settingsFor } from '../../shared/guard/settings.ts'

const idle: IdleRule = { cpuPercent: 3, windowMs: 3_600_000, coverage: 0.9 }
const all: Selector = { by: 'all' }
const web: Selector = { by: 'service', name: 'web' }
const dev: Selector = { by: 'tag', key: 'env', value: 'dev' }

function rule(of: Selector, label: string, keys: Partial<GuardRule>): GuardRule {
  return { for: of, label, ...keys }
}

const subject = (of: Partial<Subject> = {}): Subject => ({
  cluster: 'demo',
  service: 'web',
  isStandalone: false,
  tags: { env: 'dev' },
  ...of,
})
const nameless = (({ tags: _tags, ...rest }: Subject) => rest)(subject())
const bare = { importance: 'normal', isProtected: false, from: {}, unreadable: [] }

describe('what rules ask of a workload', () => {
  test.each<{ case: string; rules: GuardRule[]; of?: Subject; kind?: 'service' | 'copies' | 'task'; expected: object }>(
    [
      { case: 'nothing without rules', rules: [], expected: bare },
      {
        case: 'nothing by rules for others',
        rules: [rule({ by: 'standalone' }, 'standalone', { idle })],
        expected: bare,
      },
      {
        case: 'the last one with a key, each key by itself',
        rules: [
          rule(all, 'all', { idle, maxLifetimeMs: 1, importance: 'expendable' }),
          rule(web, 'service:web', { maxLifetimeMs: 2 }),
          rule({ by: 'cluster', name: 'prod' }, 'cluster:prod', { maxLifetimeMs: 3 }),
        ],
        expected: {
          ...bare,
          idle,
          maxLifetimeMs: 2,
          importance: 'expendable',
          from: { idle: 'all', maxLifetimeMs: 'service:web', importance: 'all' },
        },
      },
      {
        case: 'none takes away what an earlier rule set, and no later one',
        rules: [
          rule(all, 'all', { idle, maxLifetimeMs: 1 }),
          rule(web, 'service:web', { idle: 'none', maxLifetimeMs: 'none' }),
          rule(dev, 'tag:env=dev', { maxLifetimeMs: 4 }),
        ],
        expected: { ...bare, maxLifetimeMs: 4, from: { idle: 'service:web', maxLifetimeMs: 'tag:env=dev' } },
      },
      {
        case: 'protection can be taken away again',
        rules: [rule(all, 'all', { isProtected: true }), rule(web, 'service:web', { isProtected: false })],
        expected: { ...bare, from: { isProtected: 'service:web' } },
      },
      {
        case: 'no cost of a service',
        rules: [rule(all, 'all', { maxCostUsd: 5 })],
        expected: bare,
      },
      { case: 'no cost of copies', rules: [rule(all, 'all', { maxCostUsd: 5 })], kind: 'copies', expected: bare },
      {
        case: 'the cost of a standalone task',
        rules: [rule(all, 'all', { maxCostUsd: 5 })],
        kind: 'task',
        expected: { ...bare, maxCostUsd: 5, from: { maxCostUsd: 'all' } },
      },
    ],
  )('$case', ({ rules, of = subject(), kind = 'service', expected }) =>
    expect(settingsFor({ subject: of, kind }, rules)).toEqual(expected),
  )
})

describe('tags that could not be read', () => {
  test.each<{ case: string; rules: GuardRule[]; unreadable: string[] }>([
    { case: 'matter to a rule that goes by them', rules: [rule(dev, 'dev', { idle })], unreadable: ['dev'] },
    { case: 'not to one that does not', rules: [rule(web, 'web', { idle })], unreadable: [] },
    {
      case: 'not where a later rule says all that it would have',
      rules: [rule(dev, 'dev', { idle, maxLifetimeMs: 1 }), rule(web, 'web', { idle: 'none', maxLifetimeMs: 2 })],
      unreadable: [],
    },
    {
      case: 'where a later rule says only some of it',
      rules: [rule(dev, 'dev', { idle, maxLifetimeMs: 1 }), rule(web, 'web', { idle: 'none' })],
      unreadable: ['dev'],
    },
    {
      case: 'where the rule would have taken something away',
      rules: [rule(web, 'web', { idle }), rule(dev, 'dev', { idle: 'none' })],
      unreadable: ['dev'],
    },
    {
      case: 'of each rule, in their order',
      rules: [rule(dev, 'dev', { idle }), rule({ by: 'tag', key: 'keep' }, 'keep', { isProtected: true })],
      unreadable: ['dev', 'keep'],
    },
  ])('$case', ({ rules, unreadable }) =>
    expect(settingsFor({ subject: nameless, kind: 'service' }, rules).unreadable).toEqual(unreadable),
  )

  test('said nothing that some tags would not have said, when no rule is named', () => {
    const selector: fc.Arbitrary<Selector> = fc.oneof(
      fc.constant(all),
      fc.constant(web),
      fc.constantFrom(dev, { by: 'tag' as const, key: 'keep' }),
    )
    const keys: fc.Arbitrary<Partial<GuardRule>> = fc.record(
      { maxLifetimeMs: fc.constantFrom(1, 2, 'none' as const), isProtected: fc.boolean() },
      { requiredKeys: [] },
    )
    const rules = fc
      .array(fc.tuple(selector, keys), { maxLength: 6 })
      .map(given => given.map(([of, each], nth) => rule(of, `rule ${nth}`, each)))
    const anyTags = [{}, { env: 'dev' }, { keep: 'yes' }, { env: 'dev', keep: 'yes' }]
    fc.assert(
      fc.property(rules, given => {
        const unsure = settingsFor({ subject: nameless, kind: 'service' }, given)
        const sure = anyTags.map(tags => settingsFor({ subject: subject({ tags }), kind: 'service' }, given))
        if (unsure.unreadable.length === 0) for (const each of sure) expect(each).toEqual(unsure)
        else expect(given.some(each => isSelected(each.for, nameless) === 'unknown')).toBe(true)
      }),
    )
  })
})
