import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkPattern, matchesPattern, type Pattern } from '../../../local/account/event-pattern.ts'

function matches(pattern: Pattern, event: Record<string, unknown>): boolean {
  checkPattern(pattern)
  return matchesPattern(pattern, event)
}

const push = {
  source: 'aws.ecr',
  'detail-type': 'ECR Image Action',
  resources: [],
  detail: {
    'action-type': 'PUSH',
    result: 'SUCCESS',
    'repository-name': 'acme/web',
    'image-tag': '',
    size: 12.5,
    signed: false,
    by: null,
  },
}

describe('a pattern', () => {
  test.each<{ case: string; detail: Pattern; expected: boolean }>([
    { case: 'a value that is there', detail: { result: ['SUCCESS'] }, expected: true },
    { case: 'one of several values', detail: { result: ['FAILURE', 'SUCCESS'] }, expected: true },
    { case: 'another value', detail: { result: ['FAILURE'] }, expected: false },
    { case: 'every field, not just one', detail: { result: ['SUCCESS'], 'action-type': ['DELETE'] }, expected: false },
    { case: 'a field that is missing', detail: { gone: ['x'] }, expected: false },
    { case: 'the case of letters', detail: { result: ['success'] }, expected: false },
    { case: 'an empty string', detail: { 'image-tag': [''] }, expected: true },
    { case: 'a number', detail: { size: [12.5] }, expected: true },
    { case: 'a number written as text', detail: { size: ['12.5'] }, expected: false },
    { case: 'false', detail: { signed: [false] }, expected: true },
    { case: 'null', detail: { by: [null] }, expected: true },
    { case: 'null where a field is missing', detail: { gone: [null] }, expected: false },
    { case: 'prefix', detail: { 'repository-name': [{ prefix: 'acme/' }] }, expected: true },
    { case: 'another prefix', detail: { 'repository-name': [{ prefix: 'web' }] }, expected: false },
    {
      case: 'prefix, any case',
      detail: { 'repository-name': [{ prefix: { 'equals-ignore-case': 'ACME' } }] },
      expected: true,
    },
    { case: 'suffix', detail: { 'repository-name': [{ suffix: '/web' }] }, expected: true },
    {
      case: 'suffix, any case',
      detail: { 'repository-name': [{ suffix: { 'equals-ignore-case': '/WEB' } }] },
      expected: true,
    },
    { case: 'equals-ignore-case', detail: { result: [{ 'equals-ignore-case': 'success' }] }, expected: true },
    { case: 'equals-ignore-case of a part', detail: { result: [{ 'equals-ignore-case': 'succ' }] }, expected: false },
    { case: 'anything but another value', detail: { result: [{ 'anything-but': 'FAILURE' }] }, expected: true },
    {
      case: 'anything but this value',
      detail: { result: [{ 'anything-but': ['FAILURE', 'SUCCESS'] }] },
      expected: false,
    },
    { case: 'anything but, of a field that is missing', detail: { gone: [{ 'anything-but': 'x' }] }, expected: false },
    {
      case: 'anything but a prefix',
      detail: { 'repository-name': [{ 'anything-but': { prefix: 'acme/' } }] },
      expected: false,
    },
    {
      case: 'anything but several suffixes',
      detail: { 'repository-name': [{ 'anything-but': { suffix: ['/api', '/db'] } }] },
      expected: true,
    },
    {
      case: 'anything but a wildcard',
      detail: { 'repository-name': [{ 'anything-but': { wildcard: '*/w*' } }] },
      expected: false,
    },
    { case: 'anything but a number', detail: { size: [{ 'anything-but': 12.5 }] }, expected: false },
    { case: 'numeric =', detail: { size: [{ numeric: ['=', 12.5] }] }, expected: true },
    { case: 'numeric range', detail: { size: [{ numeric: ['>', 12, '<=', 12.5] }] }, expected: true },
    { case: 'numeric range beside', detail: { size: [{ numeric: ['>=', 12.6, '<', 20] }] }, expected: false },
    { case: 'numeric, of text', detail: { result: [{ numeric: ['>', 0] }] }, expected: false },
    { case: 'exists', detail: { 'image-tag': [{ exists: true }] }, expected: true },
    { case: 'exists, of a field that is missing', detail: { gone: [{ exists: true }] }, expected: false },
    { case: 'does not exist', detail: { gone: [{ exists: false }] }, expected: true },
    {
      case: 'does not exist, deep in what is missing',
      detail: { gone: { deeper: [{ exists: false }] } },
      expected: true,
    },
    { case: 'wildcard', detail: { 'repository-name': [{ wildcard: 'a*/*b' }] }, expected: true },
    { case: 'wildcard that needs the end', detail: { 'repository-name': [{ wildcard: 'acme/w' }] }, expected: false },
    { case: 'wildcard with a star meant', detail: { 'repository-name': [{ wildcard: 'acme/\\*' }] }, expected: false },
    { case: 'a value or an operator', detail: { result: ['FAILURE', { prefix: 'SUC' }] }, expected: true },
    {
      case: '$or, the second',
      detail: { $or: [{ result: ['FAILURE'] }, { size: [{ numeric: ['>', 1] }] }] },
      expected: true,
    },
    { case: '$or, none', detail: { $or: [{ result: ['FAILURE'] }, { size: [1] }] }, expected: false },
    {
      case: '$or beside a field that does not match',
      detail: { $or: [{ result: ['SUCCESS'] }, { size: [1] }], by: ['me'] },
      expected: false,
    },
  ])('$case: $expected', ({ detail, expected }) => {
    expect(matches({ source: ['aws.ecr'], detail }, push)).toBe(expected)
  })

  test.each<{ case: string; pattern: Pattern; expected: boolean }>([
    { case: 'any member of a list', pattern: { resources: ['b'] }, expected: true },
    { case: 'no member of a list', pattern: { resources: ['c'] }, expected: false },
    {
      case: 'objects in a list',
      pattern: { detail: { containers: { name: ['app'], exitCode: [1] } } },
      expected: true,
    },
    {
      case: 'a field of none of them',
      pattern: { detail: { containers: { image: [{ exists: true }] } } },
      expected: false,
    },
    { case: 'an object is no leaf', pattern: { detail: { containers: [{ exists: true }] } }, expected: false },
  ])('$case: $expected', ({ pattern, expected }) => {
    const event = {
      resources: ['a', 'b'],
      detail: {
        containers: [
          { name: 'app', exitCode: 0 },
          { name: 'sidecar', exitCode: 1 },
        ],
      },
    }
    expect(matches(pattern, event)).toBe(expected)
  })

  test.each<[string, unknown, RegExp]>([
    ['no object', ['a'], /is not a JSON object/],
    ['nothing', {}, /is empty/],
    ['a bare value', { source: 'aws.ecr' }, /"source" must be an object or an array, not "aws\.ecr"/],
    ['an empty list', { detail: { a: [] } }, /detail\.a: empty arrays/],
    ['an empty object', { detail: {} }, /detail: empty objects/],
    [
      'an operator that AWS does not have',
      { detail: { a: [{ like: 'x' }] } },
      /detail\.a: unrecognized match type "like"/,
    ],
    [
      'an operator that is not modelled',
      { detail: { a: [{ cidr: '10.0.0.0/8' }] } },
      /detail\.a: the local account does not model the operator "cidr"/,
    ],
    ['an operator from the prototype', { a: [{ constructor: 'x' }] }, /unrecognized match type "constructor"/],
    ['two operators in one object', { a: [{ prefix: 'x', suffix: 'y' }] }, /only one operator/],
    ['a prefix that is no string', { a: [{ prefix: 1 }] }, /a: prefix must be a string/],
    ['a comparison that does not exist', { a: [{ numeric: ['!=', 1] }] }, /a: numeric does not know "!="/],
    ['half a comparison', { a: [{ numeric: ['>'] }] }, /a: numeric takes one or two comparisons/],
    ['a comparison with text', { a: [{ numeric: ['>', '1'] }] }, /a: numeric must compare with a number/],
    ['anything-but exists', { a: [{ 'anything-but': { exists: true } }] }, /a: anything-but does not take exists/],
    ['exists maybe', { a: [{ exists: 'yes' }] }, /a: exists must be true or false/],
    ['consecutive wildcards', { a: [{ wildcard: 'a**' }] }, /a: wildcard must not have consecutive wildcards/],
    ['$or of one', { $or: [{ a: ['b'] }] }, /\$or takes a list of at least two/],
    [
      'an unknown operator within $or',
      { $or: [{ a: ['b'] }, { c: [{ near: 1 }] }] },
      /\$or\[1\]\.c: unrecognized match type "near"/,
    ],
    ['a list within a list', { a: [['b']] }, /a: a list within a list/],
  ])('%s is refused by name', (_, pattern, message) => {
    expect(() => checkPattern(pattern)).toThrow(message)
    expect(() => checkPattern(pattern)).toThrow(expect.objectContaining({ code: 'InvalidEventPatternException' }))
  })

  test('a wildcard matches as a regular expression with .* would, and a hostile one in little time', () => {
    const char = fc.constantFrom('a', 'b', '/', '.', '[')
    fc.assert(
      fc.property(
        fc.array(fc.oneof(char, fc.constant('*')), { maxLength: 8 }),
        fc.string({ unit: char, maxLength: 12 }),
        (parts, value) => {
          const wildcard = parts.join('').replace(/\*+/g, '*')
          const regex = new RegExp(`^${wildcard.replace(/[.[]/g, '\\$&').replaceAll('*', '.*')}$`)
          expect(matches({ a: [{ wildcard }] }, { a: value })).toBe(regex.test(value))
        },
      ),
    )
    expect(matches({ a: [{ wildcard: `${'a*'.repeat(500)}b` }] }, { a: 'a'.repeat(20_000) })).toBe(false)
  })
})
