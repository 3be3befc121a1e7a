/** The cost filters of a budget: which lines of the bill it counts. */
import type { Budget } from '@aws-sdk/client-budgets'
import { AwsError } from '../aws-error.ts'
import type { BillLine } from './bill.ts'

/** As bills and budgets name them. */
const serviceNames = {
  AmazonECS: 'Amazon Elastic Container Service',
  AmazonVPC: 'Amazon Virtual Private Cloud',
}

type Covers = (line: BillLine, region: string) => boolean

/** For each filter that the local account models: whether a line has one of its values. */
const filters: Readonly<Record<string, (values: readonly string[]) => Covers>> = {
  Service: values => line => values.includes(serviceNames[line.service]),
  Region: values => (_, region) => values.includes(region),
  TagKeyValue(values) {
    const wanted = values.map(tagIn)
    // A key with no value stands for what does not have the tag.
    return ({ tags }) => wanted.some(({ key, value }) => (tags.get(key) ?? '') === value)
  },
}

/** Which lines of the account's bill a budget counts: every filter holds, by any of its values. Throws for filters that are not modelled. */
export function coverageOf({ CostFilters = {}, CostTypes }: Budget, region: string): (line: BillLine) => boolean {
  const all = Object.entries(CostFilters).map(([name, values]) => {
    const filter = Object.hasOwn(filters, name) ? filters[name] : undefined
    if (!filter) throw unmodelled(name)
    return filter(values)
  })
  const countsCredits = CostTypes?.IncludeCredit ?? true
  return line => (countsCredits || !line.isCredit) && all.every(covers => covers(line, region))
}

/** `user:team$data`; the oldest budgets have no `user:`. */
function tagIn(text: string): { key: string; value: string } {
  const [, key, value] = /^(?:user:)?([^$]+)\$(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined)
    throw new AwsError('InvalidParameterException', `TagKeyValue is like user:team$data, not "${text}".`)
  return { key, value }
}

function unmodelled(name: string): AwsError {
  const known = Object.keys(filters).join(', ')
  return new AwsError(
    'InvalidParameterException',
    `The local account does not model the cost filter ${name}. It has ${known}.`,
  )
}
