import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TagPolicy } from '../../shared/config/config.ts'
import { parseTagPolicy } from '../../shared/config/tag-policy.ts'
import { compareImages, matches, type TaggedImage } from '../../shared/deploy/tag-policy.ts'

function policy(text: string): TagPolicy {
  const parsed = parseTagPolicy(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

describe('which tags a policy takes', () => {
  test.each([
    ['exact:latest', 'latest', true],
    ['exact:latest', 'latest2', false],
    ['exact:live', 'Live', false],
    ['semver:^1.2', '1.2.0', true],
    ['semver:^1.2', 'v1.9.3', true],
    ['semver:^1.2', '1.1.9', false],
    ['semver:^1.2', '2.0.0', false],
    ['semver:^1.2', '1.3', false],
    ['semver:^1.2', '1', false],
    ['semver:^1.2', 'latest', false],
    ['semver:^1.2', '1.3.0-rc.1', false],
    ['semver:^1.2.3-rc.0', '1.2.3-rc.1', true],
    ['semver:^1.2.3-rc.0', '1.2.4-rc.1', false],
    ['semver:*', '0.0.1', true],
    ['semver:>=1.2 <1.4 || 2.x', '1.3.9', true],
    ['semver:>=1.2 <1.4 || 2.x', '1.4.0', false],
    ['glob:release-*', 'release-1.2.3', true],
    ['glob:release-*', 'release-', true],
    ['glob:release-*', 'pre-release-1', false],
    ['glob:release.?', 'release-1', false],
    ['glob:*', '.x..y', true],
    ['glob:{main,release}-[0-9]*', 'main-7f', true],
    ['glob:{main,release}-[!0-9]*', 'main-7f', false],
    ['glob:{main,{a,b}-*}', 'b-1', true],
    ['glob:{main,{a,b}-*}', 'c-1', false],
    ['regex:^\\d{8}-', '20260301-abc', true],
    ['regex:^\\d{8}-', 'x20260301-abc', false],
    ['regex:\\d{3}', 'build-123-x', true],
    ['regex:^v1$', 'v12', false],
    ['newest', 'anything', true],
  ])('%s and %s: %s', (text, tag, taken) => expect(matches(policy(text), tag)).toBe(taken))
})

describe('which image is newer', () => {
  const monday = new Date('2026-03-02T10:00:00Z')
  const friday = new Date('2026-03-06T10:00:00Z')
  test.each([
    {
      case: 'the higher version, though pushed earlier',
      by: 'semver:^1',
      newer: ['1.10.0', monday],
      older: ['1.9.0', friday],
    },
    { case: 'with and without v, by version', by: 'semver:^1', newer: ['v1.2.4', monday], older: ['1.2.3', friday] },
    {
      case: 'the release after its candidates',
      by: 'semver:^1.0.0-0',
      newer: ['1.0.0', monday],
      older: ['1.0.0-rc.2', friday],
    },
    { case: 'the same version, by push', by: 'semver:^1', newer: ['v1.2.3', friday], older: ['1.2.3', monday] },
    { case: 'a version over what is none', by: 'semver:^1', newer: ['0.0.1', monday], older: ['latest', friday] },
    { case: 'the later push', by: 'newest', newer: ['a', friday], older: ['z', monday] },
    { case: 'a known time over an unknown one', by: 'glob:*', newer: ['a', monday], older: ['z', undefined] },
    { case: 'however early', by: 'glob:*', newer: ['a', new Date(-1)], older: ['z', undefined] },
    { case: 'a known time over a broken one', by: 'glob:*', newer: ['a', monday], older: ['z', new Date('?')] },
    {
      case: 'at one moment, the higher number',
      by: 'regex:.',
      newer: ['build-10', monday],
      older: ['build-9', monday],
    },
    { case: 'without times, the higher number', by: 'newest', newer: ['b10', undefined], older: ['b9', undefined] },
  ] as const)('$case', ({ by, newer, older }) => {
    const [a, b] = [image(newer[0], newer[1]), image(older[0], older[1])]
    expect([Math.sign(compareImages(policy(by), a, b)), Math.sign(compareImages(policy(by), b, a))]).toEqual([1, -1])
  })

  test('one tag at one moment is told apart by its digest', () => {
    const [a, b] = [image('x', monday), { ...image('x', monday), digest: 'sha256:b' }]
    expect(compareImages({ kind: 'newest' }, a, b)).toBeLessThan(0)
    expect(compareImages({ kind: 'newest' }, a, { ...a })).toBe(0)
  })
})

describe('for any images', () => {
  test.each(['semver:*', 'glob:*', 'regex:.', 'newest', 'exact:a'])('%s orders them totally', text => {
    const by = policy(text)
    fc.assert(
      fc.property(anyImage, anyImage, anyImage, (a, b, c) => {
        const [ab, ba, bc, ac] = [
          compareImages(by, a, b),
          compareImages(by, b, a),
          compareImages(by, b, c),
          compareImages(by, a, c),
        ]
        expect(Math.sign(ab) + Math.sign(ba)).toBe(0)
        if (ab <= 0 && bc <= 0) expect(ac).toBeLessThanOrEqual(0)
        if (ab === 0) expect([a.tag, a.digest]).toEqual([b.tag, b.digest])
      }),
      { numRuns: 2000 },
    )
  })

  test('a policy that loads never throws, whatever the tag', () => {
    fc.assert(
      fc.property(anyPolicyText, fc.string({ maxLength: 200, unit: 'binary' }), (text, tag) => {
        const parsed = parseTagPolicy(text)
        if ('problem' in parsed) expect(parsed.problem).toMatch(/^".*"/s)
        else expect(matches(parsed, tag)).toBeTypeOf('boolean')
      }),
      { numRuns: 3000 },
    )
  })

  test.each([
    [`glob:${'*a'.repeat(60)}b`, 'a'.repeat(128)],
    [`glob:${'{a,a}'.repeat(40)}b`, 'a'.repeat(128)],
    ['regex:^(a+)+$', `${'a'.repeat(127)}b`],
    ['regex:(a|a)*b$', 'a'.repeat(128)],
    ['regex:((a{0,30}){0,33}){0,1}$', `${'a'.repeat(127)}b`],
    [`semver:${'1.x || '.repeat(30)}2`, `1.0.0-${'0.'.repeat(60)}0`],
  ])('a hostile pair does not hang: %s', (text, tag) => {
    const started = performance.now()
    matches(policy(text), tag)
    // A backtracking engine takes longer than the age of the universe for the first of these.
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

function image(tag: string, pushedAt: Date | undefined): TaggedImage {
  return { tag, digest: 'sha256:a', ...(pushedAt && { pushedAt }) }
}

const anyTag = fc.oneof(
  fc.constantFrom(
    '1.2.3',
    'v1.2.3',
    '1.2.3-rc.1',
    '1.02.3',
    '01',
    '1',
    '001',
    'a1',
    'A1',
    'a01',
    'latest',
    'é',
    'e\u0301',
    '',
  ),
  fc.stringMatching(/^v?[0-3]\.[0-3]\.[0-3](-(a|rc)\.[0-9])?$/),
  fc.string({ maxLength: 12 }),
)

const anyImage: fc.Arbitrary<TaggedImage> = fc
  .record({
    tag: anyTag,
    digest: fc.constantFrom('sha256:a', 'sha256:b'),
    day: fc.constantFrom(1, 2, undefined, Number.NaN),
  })
  .map(({ tag, digest, day }) => ({ tag, digest, ...(day !== undefined && { pushedAt: new Date(day * 86_400_000) }) }))

const anyPolicyText = fc
  .tuple(
    fc.constantFrom('exact:', 'semver:', 'glob:', 'regex:', 'newest', ''),
    fc.oneof(
      fc.string({ maxLength: 40 }),
      fc
        .array(
          fc.constantFrom(
            'a',
            '*',
            '?',
            '[',
            ']',
            '{',
            '}',
            ',',
            '(',
            ')',
            '|',
            '+',
            '^',
            '-',
            '\\',
            '1',
            '.',
            'x',
            '!',
          ),
          { maxLength: 20 },
        )
        .map(signs => signs.join('')),
    ),
  )
  .map(([kind, rest]) => kind + rest)
