import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../shared/config/load.ts'
import { problemLines, service } from './rendered.ts'

function costOf(written: string): unknown {
  const loaded = loadConfig(`${service}${written}`)
  return 'config' in loaded ? loaded.config.cost : loaded.problems
}

describe('how what runs is priced', () => {
  test.each([
    ['', { multiplier: 1, refresh: true }],
    ['cost: {}', { multiplier: 1, refresh: true }],
    ['cost: { multiplier: 0.8, refresh: never }', { multiplier: 0.8, refresh: false }],
    ['cost: { multiplier: 10, refresh: daily }', { multiplier: 10, refresh: true }],
    ['cost: { spot: { discount: 65% } }', { multiplier: 1, spot: { discount: 0.65 }, refresh: true }],
    ['cost: { spot: { discount: 66.5 % } }', { multiplier: 1, spot: { discount: 0.665 }, refresh: true }],
    [
      'cost: { spot: { rates: { eu-central-1: { vcpu: 0.0139, gb: 0.0015 }, us-gov-west-1: { vcpu: 1, gb: 2 } } } }',
      {
        multiplier: 1,
        spot: {
          rates: { 'eu-central-1': { perVcpu: 0.0139, perGb: 0.0015 }, 'us-gov-west-1': { perVcpu: 1, perGb: 2 } },
        },
        refresh: true,
      },
    ],
  ])('%s', (written, cost) => expect(costOf(written)).toEqual(cost))

  test.each([
    ['', 'cost  is empty. Try { multiplier: 0.8, spot: { discount: 65% } }'],
    ['{ discount: 20% }', 'cost.discount  unknown key "discount". Known here: multiplier, spot, refresh'],
    [
      '{ multiplier: 20% }',
      'cost.multiplier  "20%" is not a multiplier: above 0, at most 10. Try 0.8, which is 20 % off',
    ],
    ['{ multiplier: 0 }', 'cost.multiplier  0 is not a multiplier: above 0, at most 10. Try 0.8, which is 20 % off'],
    ['{ multiplier: 80 }', 'cost.multiplier  80 is not a multiplier: above 0, at most 10. Try 0.8, which is 20 % off'],
    [
      '{ multiplier: .nan }',
      'cost.multiplier  NaN is not a multiplier: above 0, at most 10. Try 0.8, which is 20 % off',
    ],
    ['{ multiplier: }', 'cost.multiplier  is empty. Try 0.8, which is 20 % off'],
    ['{ refresh: true }', 'cost.refresh  true does not fit here. Try daily or never'],
    ['{ refresh: weekly }', 'cost.refresh  "weekly" is none of its values. Try daily or never'],
    ['{ spot: {} }', 'cost.spot  says no price. Try { discount: 65% }'],
    ['{ spot: 65% }', 'cost.spot  "65%" does not fit here. Try { discount: 65% }'],
    [
      '{ spot: { discount: 65%, rates: { eu-west-1: { vcpu: 1, gb: 1 } } } }',
      'cost.spot.rates  stands beside discount. Keep one of the two',
    ],
    ['{ spot: { discount: 65 } }', 'cost.spot.discount  65 has no unit. Try 65%'],
    ['{ spot: { discount: 0.65 } }', 'cost.spot.discount  0.65 has no unit. Try 65%'],
    ['{ spot: { discount: 65 percent } }', 'cost.spot.discount  "65 percent" is not a percentage. Try 65%'],
    ['{ spot: { discount: 100% } }', 'cost.spot.discount  "100%" is outside 1% to 99%. Try 65%'],
    ['{ spot: { discount: -5% } }', 'cost.spot.discount  "-5%" is not a percentage. Try 5%'],
    [
      '{ spot: { rates: { Frankfurt: { vcpu: 1, gb: 1 } } } }',
      'cost.spot.rates.Frankfurt  "Frankfurt" is not a Region\'s name. Try eu-central-1',
    ],
    [
      '{ spot: { rates: { EU_West-1: { vcpu: 1, gb: 1 } } } }',
      'cost.spot.rates.EU_West-1  "EU_West-1" is not a Region\'s name. Try eu-west-1',
    ],
    ['{ spot: { rates: {} } }', 'cost.spot.rates  has no entry. Try eu-central-1: { vcpu: 0.0139, gb: 0.0015 }'],
    [
      '{ spot: { rates: { eu-west-1: { vcpu: 0 } } } }',
      'cost.spot.rates.eu-west-1.gb  is missing. Try 0.0015',
      'cost.spot.rates.eu-west-1.vcpu  0 is not a price an hour: above 0, at most 10. Try 0.0139',
    ],
  ])('cost: %s', (written, ...lines) => {
    const said = problemLines(`${service}cost: ${written}\n`).map(line => line.replace(/^farguard\.yml:6:\d+ +/, ''))
    expect(said).toEqual(lines)
  })
})
