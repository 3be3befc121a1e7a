import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnsOf, columnsWithNotes, wrapped } from '../../cli/layout.ts'
import { json, printable, printableLine } from '../../cli/printable.ts'
import { readSpan, span } from '../../cli/times.ts'

const any = fc.string({ unit: 'binary', maxLength: 200 })
const unsafe = /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\p{Cs}/u

describe('nothing from outside moves the cursor', () => {
  test('in texts and log lines', () => {
    fc.assert(
      fc.property(any, text => {
        expect(printable(text)).not.toMatch(unsafe)
        expect(printableLine(text)).not.toMatch(unsafe)
      }),
    )
  })

  test('in tables, however wide, and no row gets lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(any, any), { maxLength: 5 }),
        fc.option(fc.integer({ min: 1, max: 200 })),
        (rows, columns) => {
          const lines = columnsOf(['name', 'text'], rows, columns ?? undefined)
          for (const line of lines) expect(line).not.toMatch(unsafe)
          if (columns === null) expect(lines).toHaveLength(rows.length + 1)
          else expect(lines.length).toBeGreaterThanOrEqual(rows.length + 1)
        },
      ),
    )
  })

  test('in JSON, which says the same as before', () => {
    fc.assert(
      fc.property(any, fc.constantFrom(undefined, 2), (text, indent) => {
        const said = json({ text, list: [text] }, indent)
        expect(said.replaceAll('\n', '')).not.toMatch(unsafe)
        expect(JSON.parse(said)).toEqual({ text, list: [text] })
      }),
    )
  })
})

describe('wrapping', () => {
  test('keeps every character but the spaces it breaks at, and every width', () => {
    const words = fc.array(fc.stringMatching(/^[a-z:/.-]{1,40}$/), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 60 }), (text, width) => {
        const lines = wrapped(text.join(' '), width)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
        expect(lines.join('').replaceAll(' ', '')).toBe(text.join(''))
      }),
    )
  })

  test('breaks between words where it can', () => {
    expect(wrapped('newer than acme/web:1.0.1', 12)).toEqual(['newer than', 'acme/web:1.0', '.1'])
  })

  test('counts wide characters as two columns', () => {
    expect(wrapped('日本語日本語', 6)).toEqual(['日本語', '日本語'])
  })
})

describe('times', () => {
  test.each([
    [0, '0 s'],
    [-5_000, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [7_199_000, '1 h'],
    [90 * 86_400_000, '90 d'],
  ])('%i ms is %s', (ms, text) => expect(span(ms)).toBe(text))

  test.each([
    ['90s', 90_000],
    ['20m', 1_200_000],
    ['2h', 7_200_000],
    ['0s', undefined],
    ['20', undefined],
    ['1m30s', undefined],
    ['', undefined],
  ])('%j is read as %s ms', (text, ms) => expect(readSpan(text)).toBe(ms))
})

describe('rows with notes', () => {
  const rows = [
    {
      cells: ['demo/a-service-with-a-name', '$1'],
      notes: ['short', 'as long as it has to be to need two lines of it'],
    },
    { cells: ['b', '$20'], notes: [] },
  ]

  test('each below its own row, also one that goes over several lines', () => {
    expect(columnsWithNotes(['workload', 'cost'], rows, 34)).toEqual([
      'WORKLOAD                    COST',
      'demo/a-service-with-a-name  $1',
      '    short',
      '    as long as it has to be to',
      '    need two lines of it',
      'b                           $20',
    ])
    expect(columnsWithNotes(['workload', 'cost'], rows, 20)).toEqual([
      'WORKLOAD        COST',
      'demo/a-service  $1',
      '-with-a-name',
      '    short',
      '    as long as it has to be',
      '    to need two lines of it',
      'b               $20',
    ])
  })
})
