/** What AWS Budgets may answer, and what is made of it. */
import {
  AccessDeniedException,
  type Budget,
  BudgetsClient,
  DescribeBudgetsCommand,
  type DescribeBudgetsCommandInput,
  ThrottlingException,
} from '@aws-sdk/client-budgets'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, test } from 'vitest'
import { awsBudgets } from '../../shared/aws/budgets.ts'
import type { AwsBudget, BudgetAnswer } from '../../shared/ports.ts'

const aws = mockClient(BudgetsClient)
const budgets = awsBudgets()
beforeEach(() => {
  aws.reset()
})

const accountId = '123456789012'
const usd = (Amount: string) => ({ Amount, Unit: 'USD' })

function budget(said: Partial<Budget> = {}): Budget {
  return { BudgetName: 'team', BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: usd('100'), ...said }
}

/** Each page's budgets, by their names or whole; `fails`: what the page of that number answers in their place. */
function pages(all: (string | Budget)[][], fails: Record<number, Error> = {}): void {
  aws.on(DescribeBudgetsCommand).callsFake(({ NextToken = '0' }: DescribeBudgetsCommandInput) => {
    const nth = Number(NextToken)
    if (fails[nth]) throw fails[nth]
    const Budgets = all[nth]?.map(each => (typeof each === 'string' ? budget({ BudgetName: each }) : each))
    return { ...(Budgets && { Budgets }), ...(nth + 1 < all.length && { NextToken: String(nth + 1) }) }
  })
}

const asked = () => aws.commandCalls(DescribeBudgetsCommand).map(call => call.args[0].input)
const kindOf = (answer: BudgetAnswer) => ('found' in answer ? 'found' : 'missing' in answer ? 'missing' : 'unreadable')
const $metadata = { httpStatusCode: 400 }

describe('which are read', () => {
  test('page by page, and no further than it takes', async () => {
    pages([['a', 'b'], ['c'], ['d']])
    expect(await budgets.read(accountId, ['c', 'a'])).toEqual([
      { name: 'c', found: expect.objectContaining({ limit: 100 }) },
      { name: 'a', found: expect.objectContaining({ limit: 100 }) },
    ])
    expect(asked()).toEqual([
      { AccountId: accountId, MaxResults: 100 },
      { AccountId: accountId, MaxResults: 100, NextToken: '1' },
    ])
  })

  test('none asks nothing; one twice is answered twice', async () => {
    pages([['a'], ['b']])
    expect(await budgets.read(accountId, [])).toEqual([])
    expect(asked()).toEqual([])
    expect((await budgets.read(accountId, ['a', 'a'])).map(kindOf)).toEqual(['found', 'found'])
    expect(asked()).toHaveLength(1)
  })

  test('what no page has is missing; so is all in an account without any', async () => {
    pages([['a'], ['b', { ...budget(), BudgetName: undefined }]])
    expect(await budgets.read(accountId, ['b', 'Team'])).toMatchObject([{ found: {} }, { name: 'Team', missing: true }])
    aws.on(DescribeBudgetsCommand).resolves({})
    expect(await budgets.read(accountId, ['a'])).toEqual([{ name: 'a', missing: true }])
  })

  test.each([
    {
      error: new AccessDeniedException({ message: 'not authorized to perform: budgets:ViewBudget', $metadata }),
      said: 'AccessDeniedException: not authorized to perform: budgets:ViewBudget',
    },
    { error: new ThrottlingException({ message: 'slower', $metadata }), said: 'ThrottlingException: slower' },
    { error: Object.assign(new Error('slow'), { name: 'TimeoutError' }), said: 'TimeoutError: slow' },
  ])('$error.name: what was found by then is known, the rest is not, and not missing', async ({ error, said }) => {
    pages([['a'], ['b']], { 1: error })
    expect(await budgets.read(accountId, ['b', 'a'])).toEqual([
      { name: 'b', unreadable: `budgets:ViewBudget (DescribeBudgets): ${said}` },
      { name: 'a', found: expect.anything() },
    ])
  })

  test('a mistake of ours is no answer of AWS', async () => {
    aws.on(DescribeBudgetsCommand).rejects(new TypeError('undefined is no function'))
    await expect(budgets.read(accountId, ['a'])).rejects.toThrow(TypeError)
  })
})

describe('what is said of one', () => {
  async function read(said: Partial<Budget>): Promise<AwsBudget | undefined> {
    pages([[budget(said)]])
    const [answer] = await budgets.read(accountId, ['team'])
    return answer && 'found' in answer ? answer.found : undefined
  }

  test('everything', async () => {
    const all: Partial<Budget> = {
      CalculatedSpend: { ActualSpend: usd('81.2075'), ForecastedSpend: usd('119') },
      TimePeriod: { Start: new Date('2026-01-01T00:00:00Z'), End: new Date('2087-06-15T00:00:00Z') },
      HealthStatus: { Status: 'UNHEALTHY', StatusReason: 'BILLING_VIEW_UNHEALTHY' },
      CostFilters: { TagKeyValue: ['user:team$data'] },
      FilterExpression: { Dimensions: { Key: 'SERVICE', Values: ['Amazon Elastic Container Service'] } },
      Metrics: ['UnblendedCost'],
      BillingViewArn: 'arn:aws:billing::123456789012:billingview/primary',
    }
    expect(await read(all)).toStrictEqual({
      type: 'COST',
      unit: 'USD',
      timeUnit: 'MONTHLY',
      limit: 100,
      actual: 81.2075,
      forecast: 119,
      startsAt: '2026-01-01T00:00:00.000Z',
      endsAt: '2087-06-15T00:00:00.000Z',
      health: 'UNHEALTHY',
    })
  })

  test('next to nothing: nothing is made up', async () => {
    const nothing = { BudgetType: undefined, TimeUnit: undefined, BudgetLimit: undefined }
    expect(await read(nothing as never)).toStrictEqual({ type: 'UNKNOWN', timeUnit: 'UNKNOWN' })
    expect(await read({ CalculatedSpend: { ActualSpend: undefined }, TimePeriod: {}, HealthStatus: {} })).toStrictEqual(
      {
        type: 'COST',
        unit: 'USD',
        timeUnit: 'MONTHLY',
        limit: 100,
      },
    )
  })

  test.each([
    { text: '0', amount: 0 },
    { text: '0.0', amount: 0 },
    { text: '.5', amount: 0.5 },
    { text: '-12.5', amount: -12.5 },
    { text: '1.0E-5', amount: 0.00001 },
    { text: '1000000000000.01', amount: 1000000000000.01 },
    { text: '', amount: undefined },
    { text: ' ', amount: undefined },
    { text: '1,000', amount: undefined },
    { text: '0x10', amount: undefined },
    { text: 'NaN', amount: undefined },
    { text: 'Infinity', amount: undefined },
    { text: '1e999', amount: undefined },
  ])('an amount of "$text"', async ({ text, amount }) => {
    const found = await read({ CalculatedSpend: { ActualSpend: usd(text) } })
    expect(found?.actual).toBe(amount)
    expect(found).not.toHaveProperty('forecast')
  })

  test('what is not in the unit of the limit is not known', async () => {
    const CalculatedSpend = { ActualSpend: { Amount: '3', Unit: 'GB' }, ForecastedSpend: usd('4') }
    const found = await read({ BudgetLimit: { Amount: '5', Unit: 'GB' }, CalculatedSpend })
    expect(found).toMatchObject({ unit: 'GB', limit: 5, actual: 3 })
    expect(found).not.toHaveProperty('forecast')
  })

  test('planned limits, in the order of time', async () => {
    const PlannedBudgetLimits = { '1772323200': usd('120'), '1769904000': usd('80'), '1775001600': usd('100') }
    const found = await read({ BudgetLimit: undefined, PlannedBudgetLimits })
    expect(found).toMatchObject({
      unit: 'USD',
      plannedLimits: [
        { from: '2026-02-01T00:00:00.000Z', amount: 80 },
        { from: '2026-03-01T00:00:00.000Z', amount: 120 },
        { from: '2026-04-01T00:00:00.000Z', amount: 100 },
      ],
    })
    expect(found).not.toHaveProperty('limit')
  })

  test.each<{ case: string; planned: Budget['PlannedBudgetLimits'] }>([
    { case: 'none', planned: {} },
    { case: 'one without an amount', planned: { '1769904000': usd('80'), '1772323200': usd('') } },
    { case: 'one in another unit', planned: { '1769904000': usd('80'), '1772323200': { Amount: '9', Unit: 'GB' } } },
    { case: 'one of no time', planned: { '1769904000': usd('80'), '2026-03': usd('120') } },
    { case: 'one of the far future', planned: { '1769904000': usd('80'), '9999999999999': usd('120') } },
  ])('planned limits with $case: none, or the month before would hold in its place', async ({ planned }) => {
    expect(await read({ PlannedBudgetLimits: planned })).not.toHaveProperty('plannedLimits')
  })
})
