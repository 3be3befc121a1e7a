/**
 * What the guard reads with and how it suspends scaling, against an AWS emulator that is not ours, moved there by AWS_ENDPOINT_URL
 * alone. Skipped where moto is not installed.
 */
import { ApplicationAutoScalingClient, RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling'
import { type Budget, BudgetsClient, CreateBudgetCommand } from '@aws-sdk/client-budgets'
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  type Tag,
} from '@aws-sdk/client-ecs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { autoscaling } from '../../shared/aws/autoscaling.ts'
import { awsBudgets } from '../../shared/aws/budgets.ts'
import { cloudWatchMetrics } from '../../shared/aws/cloudwatch-metrics.ts'
import { ecsFleet } from '../../shared/aws/ecs-fleet.ts'
import { priceList } from '../../shared/aws/price-list.ts'
import { RefusedError, RetryableError, type RunRequest, type Series } from '../../shared/ports.ts'
import { taskDefinition } from '../simulated-world.ts'
import { isInstalled, type Moto, startMoto } from './moto.ts'

const region = 'eu-central-1'
const accountId = '123456789012'

describe.skipIf(!isInstalled)('the adapters of the guard on moto', () => {
  let moto: Moto

  beforeAll(async () => {
    moto = await startMoto()
    vi.stubEnv('AWS_ENDPOINT_URL', moto.endpoint)
    vi.stubEnv('AWS_REGION', region)
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
    await moto.tasksEnd('never')
  }, 60_000)

  afterAll(() => {
    vi.unstubAllEnvs()
    moto?.stop()
  })

  describe('metrics', () => {
    const of = (service: string) => ({ ClusterName: 'demo', ServiceName: service })
    const metric = { namespace: 'Own/ECS', name: 'Cpu' }
    // moto keeps by the wall's clock what it lists.
    const to = Math.floor(Date.now() / 300_000) * 300_000
    const ago = (minutes: number) => to - minutes * 60_000

    beforeAll(async () => {
      const Dimensions = Object.entries(of('web')).map(([Name, Value]) => ({ Name, Value }))
      const values = [
        { Timestamp: new Date(ago(15)), Value: 10 },
        { Timestamp: new Date(ago(14)), Value: 30 },
        { Timestamp: new Date(ago(5)), Value: 20 },
      ]
      const MetricData = values.map(value => ({ MetricName: metric.name, Dimensions, ...value }))
      await new CloudWatchClient().send(new PutMetricDataCommand({ Namespace: metric.namespace, MetricData }))
    })

    test('points, each at the time and with the value that was put; none of what has none', async () => {
      const query = (service: string) => ({ ...metric, dimensions: of(service), statistic: 'Maximum' }) as const
      const found: Series[] = []
      const span = { from: new Date(ago(30)), to: new Date(to), periodSeconds: 300 }
      for await (const portion of cloudWatchMetrics().read([query('none'), query('web')], span))
        for (const { nth, series } of portion) found[nth] = series
      expect(found).toEqual([
        { at: [], values: [] },
        { at: [ago(15), ago(5)], values: [30, 20] },
      ])
    })

    test.each([
      { case: 'any value of a dimension', dimensions: { ClusterName: 'demo' }, others: ['ServiceName'], has: true },
      { case: 'this value of it', dimensions: of('web'), others: [], has: true },
      { case: 'another value', dimensions: of('api'), others: [], has: false },
      { case: 'a dimension less', dimensions: { ClusterName: 'demo' }, others: [], has: false },
      { case: 'one more', dimensions: of('web'), others: ['TaskId'], has: false },
    ])('whether there is one of $case', async ({ dimensions, others, has }) => {
      expect(await cloudWatchMetrics().hasMetric(metric, dimensions, others)).toBe(has)
    })
  })

  test('budgets: what there is, and what there is not', async () => {
    const plain: Budget = { BudgetName: 'plain', BudgetType: 'COST', TimeUnit: 'MONTHLY' }
    const client = new BudgetsClient({ region: 'us-east-1' })
    const make = (Budget: Budget) => client.send(new CreateBudgetCommand({ AccountId: accountId, Budget }))
    const CalculatedSpend = { ActualSpend: { Amount: '80.5', Unit: 'USD' } }
    await make({ ...plain, BudgetLimit: { Amount: '100.0', Unit: 'USD' }, CalculatedSpend })
    await make({
      ...plain,
      BudgetName: 'planned',
      PlannedBudgetLimits: { '1772323200': { Amount: '7', Unit: 'USD' } },
    })
    expect(await awsBudgets().read(accountId, ['planned', 'none', 'plain'])).toMatchObject([
      { found: { plannedLimits: [{ from: '2026-03-01T00:00:00.000Z', amount: 7 }] } },
      { name: 'none', missing: true },
      { found: { type: 'COST', unit: 'USD', timeUnit: 'MONTHLY', limit: 100, actual: 80.5 } },
    ])
  })

  test('prices: an endpoint that has no Price List is no Region without prices', async () => {
    await expect(priceList().pricesOf(region)).rejects.toThrow(RetryableError)
  })

  describe('services and tasks', () => {
    const team = [{ key: 'team', value: 'data' }]

    beforeAll(async () => {
      const ecs = new ECSClient()
      await ecs.send(new CreateClusterCommand({ clusterName: 'demo' }))
      // moto runs no task whose containers don't say their memory.
      const containerDefinitions = [{ name: 'app', image: 'nginx', memory: 512 }]
      const definition = { ...taskDefinition('web', 'nginx'), containerDefinitions }
      await ecs.send(new RegisterTaskDefinitionCommand(definition as never))
      const make = (serviceName: string, tags?: Tag[]) => {
        const launch = { taskDefinition: 'web', desiredCount: 1, launchType: 'FARGATE' as const }
        return ecs.send(new CreateServiceCommand({ cluster: 'demo', serviceName, ...launch, ...(tags && { tags }) }))
      }
      await make('web', team)
      await make('api')
    })

    test('services are listed, and described with their tags', async () => {
      const names: string[] = []
      for await (const page of ecsFleet().listServices('demo')) names.push(...page)
      expect(names.toSorted()).toEqual(['api', 'web'])
      const described = await ecsFleet().describeServices('demo', ['web', 'api', 'none'])
      expect(described.map(({ name, tags }) => [name, tags])).toEqual([
        ['web', { team: 'data' }],
        ['api', {}],
      ])
      for await (const page of ecsFleet().listServices('none')) expect(page).toEqual([])
    })

    test('so are tasks', async () => {
      const network = { subnets: [await moto.anySubnet(region)], securityGroups: [], publicIp: true }
      const request: RunRequest = {
        cluster: 'demo',
        revision: 'web',
        count: 1,
        capacity: 'on-demand',
        network,
        startedBy: 'somebody',
        clientToken: 'once',
        tags: team,
      }
      const { tasks } = await ecsFleet().runTask(request)
      const [task] = await ecsFleet().describeTasks(
        'demo',
        tasks.map(({ arn }) => arn),
      )
      expect(task).toMatchObject({ startedBy: 'somebody', tags: { team: 'data' } })
    })

    test('what scales a service is suspended and resumed, with its bounds as they were', async () => {
      const ResourceId = 'service/demo/web'
      const bounds = { MinCapacity: 1, MaxCapacity: 4 }
      const dimension = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const
      const target = { ...dimension, ResourceId, ...bounds }
      await new ApplicationAutoScalingClient().send(new RegisterScalableTargetCommand(target))
      const scaling = autoscaling()
      const found = () => scaling.targetsOf('demo', ['web', 'api', 'none'])
      const before = { min: 1, max: 4, suspended: { in: false, out: false, scheduled: false } }
      expect(await found()).toEqual(new Map([['web', before]]))
      const suspended = { in: true, out: true, scheduled: true }
      await scaling.suspend('demo', 'web', suspended)
      expect(await found()).toEqual(new Map([['web', { ...before, suspended }]]))
      await scaling.suspend('demo', 'web', before.suspended)
      expect(await found()).toEqual(new Map([['web', before]]))
      await expect(scaling.suspend('demo', 'none', suspended)).rejects.toThrow(RefusedError)
    })
  })
})
