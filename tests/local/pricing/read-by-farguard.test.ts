/** What Farguard's own adapters read of the local account's Price List and budgets. */
import { expect, test } from 'vitest'
import { AwsError } from '../../../local/account/aws-error.ts'
import { priceTable } from '../../../shared/cost/price-table.ts'
import { accountId, simulatedWorld } from '../../simulated-world.ts'

test.each(Object.entries(priceTable))('the prices of %s are those of the committed table', async (region, prices) => {
  expect(await simulatedWorld().world.priceList.pricesOf(region)).toEqual(prices)
})

test('a Region that is not in the list has no prices', async () => {
  expect(await simulatedWorld().world.priceList.pricesOf('mars-1')).toBeUndefined()
})

test('budgets: with their figures, missing, and unreadable', async () => {
  const { world, call, budgets, account } = simulatedWorld()
  const Budget = {
    BudgetName: 'team',
    BudgetType: 'COST',
    TimeUnit: 'MONTHLY',
    BudgetLimit: { Amount: '100', Unit: 'USD' },
  }
  await call('budgets', 'CreateBudget', { AccountId: accountId, Budget })
  budgets.pin('team', { actual: -3.5, forecast: 121 })
  expect(await world.budgets.read(accountId, ['team', 'other'])).toEqual([
    {
      name: 'team',
      found: expect.objectContaining({ type: 'COST', unit: 'USD', limit: 100, actual: -3.5, forecast: 121 }),
    },
    { name: 'other', missing: true },
  ])
  account.failNext('budgets:DescribeBudgets', {
    when: 'before',
    error: new AwsError('AccessDeniedException', 'no right'),
  })
  expect(await world.budgets.read(accountId, ['team'])).toEqual([
    { name: 'team', unreadable: expect.stringContaining('no right') },
  ])
})
