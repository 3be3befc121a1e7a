import { expect, test } from 'vitest'
import { dollars, spoken } from '../../shared/cost/money.ts'

test.each([
  [0, '$0.00'],
  [121, '$121.00'],
  [1234.5, '$1,234.50'],
  [1234567.891, '$1,234,567.89'],
  [999.999, '$1,000.00'],
  [0.1, '$0.10'],
  [0.0123, '$0.0123'],
  [0.09999, '$0.10'],
  [0.00001, '$0.00'],
  [-0.00001, '$0.00'],
  [-3.2, '-$3.20'],
  [-0.0123, '-$0.0123'],
])('%d is %s', (usd, text) => expect(dollars(usd)).toBe(text))

test('what is not known is not zero', () => {
  expect(spoken({ unknown: 'no price' })).toBe('not known')
  expect(spoken({ usd: 0 })).toBe('$0.00')
})
