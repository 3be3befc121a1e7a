/** Budgets and the Price List, asked by the aws command and boto3. Each is skipped where it is not installed. */
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPricing } from '../../../local/account/pricing/pricing.ts'
import { type Listening, listen } from '../../../local/wire/listen.ts'
import { localAccount } from '../wire/local-account.ts'
import { accountId, type BudgetsAccount, budgetsAccount, topic } from './budgets-account.ts'

const installed = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
const hasAws = installed('aws', '--version')
const hasBoto = installed('python3', '-c', 'import boto3')

let server: Listening
let account: BudgetsAccount
beforeEach(async () => {
  account = budgetsAccount()
  const services = { budgets: account.budgets.operations, pricing: createPricing().operations }
  server = await listen(localAccount(services).wire, { port: 0 })
})
afterEach(() => server.close())

/** Async, since the server is in this very process. */
async function run(command: string, ...args: string[]): Promise<string> {
  const { PATH, PYENV_VERSION, PYENV_ROOT } = process.env
  const env = {
    ...{ PATH, PYENV_VERSION, PYENV_ROOT, AWS_ENDPOINT_URL: server.url, AWS_PAGER: '' },
    ...{ AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'test', AWS_DEFAULT_REGION: 'us-east-1' },
  }
  return (await promisify(execFile)(command, args, { env })).stdout
}

async function aws(...args: string[]) {
  const output = await run('aws', ...args)
  return output && JSON.parse(output)
}

test.skipIf(!hasAws)('the aws command makes a budget with a notification, and reads both', async () => {
  const [budget, of] = [
    ['--account-id', accountId],
    ['--account-id', accountId, '--budget-name', 'team'],
  ]
  const given = {
    BudgetName: 'team',
    BudgetType: 'COST',
    TimeUnit: 'MONTHLY',
    BudgetLimit: { Amount: '9', Unit: 'USD' },
  }
  const notifications = [
    {
      Notification: { NotificationType: 'ACTUAL', ComparisonOperator: 'GREATER_THAN', Threshold: 80 },
      Subscribers: [{ SubscriptionType: 'SNS', Address: topic }],
    },
  ]
  await aws(
    ...['budgets', 'create-budget', ...budget, '--budget', JSON.stringify(given)],
    ...['--notifications-with-subscribers', JSON.stringify(notifications)],
  )
  account.budgets.pin('team', { actual: 8, forecast: 12.5 })
  await account.budgets.refresh()
  const { Budgets } = await aws('budgets', 'describe-budgets', ...budget)
  expect(Budgets).toMatchObject([
    {
      BudgetName: 'team',
      CalculatedSpend: { ActualSpend: { Amount: '8.0' }, ForecastedSpend: { Amount: '12.5', Unit: 'USD' } },
    },
  ])
  const { Notifications } = await aws('budgets', 'describe-notifications-for-budget', ...of)
  expect(Notifications).toMatchObject([{ Threshold: 80, ThresholdType: 'PERCENTAGE', NotificationState: 'ALARM' }])
})

test.skipIf(!hasAws)('the aws command reads prices', async () => {
  const prices = ['--service-code', 'AmazonECS', '--filters', 'Type=TERM_MATCH,Field=regionCode,Value=eu-central-1']
  const { PriceList } = await aws('pricing', 'get-products', ...prices)
  const usageTypes = PriceList.map((entry: string) => JSON.parse(entry).product.attributes.usagetype)
  expect(usageTypes).toContain('EUC1-Fargate-ARM-vCPU-Hours:perCPU')
})

test.skipIf(!hasBoto)('boto3 goes through the pages, and raises the typed exceptions', async () => {
  const script = `
import boto3, json
budgets, pricing, account = boto3.client('budgets'), boto3.client('pricing'), '${accountId}'
for n in range(130):
  budgets.create_budget(AccountId=account, Budget={'BudgetName': f'b{n}', 'BudgetType': 'COST', 'TimeUnit': 'DAILY', 'BudgetLimit': {'Amount': '1', 'Unit': 'USD'}})
pages = list(budgets.get_paginator('describe_budgets').paginate(AccountId=account))
print([len(page['Budgets']) for page in pages], pages[0]['Budgets'][0]['TimePeriod']['Start'].isoformat()[:10])
try: budgets.describe_budget(AccountId=account, BudgetName='nope')
except budgets.exceptions.NotFoundException as e: print(e.response['Error']['Message'])
try: budgets.describe_budgets(AccountId='999999999999')
except budgets.exceptions.AccessDeniedException as e: print(e.response['Error']['Code'])
filters = [{'Type': 'TERM_MATCH', 'Field': 'usagetype', 'Value': 'USE1-PublicIPv4:InUseAddress'}]
(entry,) = pricing.get_products(ServiceCode='AmazonVPC', Filters=filters)['PriceList']
(term,) = json.loads(entry)['terms']['OnDemand'].values()
print([rate['pricePerUnit']['USD'] for rate in term['priceDimensions'].values()])
values = pricing.get_attribute_values(ServiceCode='AmazonECS', AttributeName='memorytype')['AttributeValues']
print([value['Value'] for value in values])
`
  expect((await run('python3', '-c', script)).trim().split('\n')).toEqual([
    '[100, 30] 2026-03-01',
    "Unable to get budget: nope - the budget doesn't exist.",
    'AccessDeniedException',
    "['0.0050000000']",
    "['perGB']",
  ])
})
