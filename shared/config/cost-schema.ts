/** The shape of `cost:`, which says how what runs is priced. */
import type * as z from 'zod'
import { choice, closed, decimal, named, text } from './fields.ts'
import { percent } from './measures.ts'

const rate = (of: string, example: string) =>
  decimal({ what: 'a price an hour', to: 10, example, help: `US dollars an hour of one ${of}, such as ${example}.` })

const spot = closed(
  {
    discount: percent({
      from: '1%',
      to: '99%',
      example: '65%',
      help: 'So much off the on-demand price, 1% to 99%.',
    }).optional(),
    rates: named(
      text({
        what: "a Region's name",
        example: 'eu-central-1',
        looks: /^[a-z]{2,3}(?:-[a-z]+)+-\d$/,
        help: "A Region's name.",
        meant: value => value.toLowerCase().replace(/[\s_]+/g, '-'),
      }),
      closed(
        { vcpu: rate('vCPU', '0.0139'), gb: rate('GB of memory', '0.0015') },
        { example: '{ vcpu: 0.0139, gb: 0.0015 }', help: 'What Spot costs there.' },
      ),
      {
        from: 1,
        to: 100,
        example: 'eu-central-1: { vcpu: 0.0139, gb: 0.0015 }',
        help: 'US dollars an hour, by Region.',
      },
    ).optional(),
  },
  { example: '{ discount: 65% }', help: 'What Fargate Spot costs: either key. Default: not known.' },
)

export const cost = closed(
  {
    multiplier: decimal({
      what: 'a multiplier',
      to: 10,
      example: '0.8, which is 20 % off',
      help: 'What list prices are multiplied with: 0.8 for a discount of 20 %. Default: 1.',
    }).optional(),
    spot: spot.optional(),
    refresh: choice(
      ['daily', 'never'],
      'Whether prices are read from the Price List API, once a day at most. never: the built-in table alone. Default: daily.',
    ).optional(),
  },
  { example: '{ multiplier: 0.8, spot: { discount: 65% } }', help: 'How what runs is priced.' },
)

export type CostInput = z.input<typeof cost>
