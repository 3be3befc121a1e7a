import { describe, expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { stackResources } from '../../stack/resources.ts'
import { config, guard, job, service } from '../deploy/targets.ts'
import type { Resource } from './packaged.ts'

const timeoutSeconds = {
  'deploy-image': 30,
  'record-task': 30,
  'record-service': 30,
  'carry-out': 30,
  sweep: 300,
  'guard-costs': 300,
}

const names = (nth: number) => ({
  repository: `acme/a-team-with-a-long-name/and-a-service-with-another/service-${nth}`,
  cluster: `a-cluster-with-a-long-name-${nth % 3}`,
  service: `a-service-with-a-name-${nth}`,
})

/** That many service targets in three clusters. */
function stackOf(targets: number) {
  const some = Array.from({ length: targets }, (_, nth) => names(nth))
  const made = some.map(({ service: of, ...target }) => service(target, { service: of }))
  return stackResources(config(...made), { stage: 'dev', timeoutSeconds }).Resources
}

const ofType = (resources: object, type: string) =>
  Object.entries<Resource>(resources as Record<string, Resource>).filter(([, resource]) => resource.Type === type)

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })

describe.each([1, 50, 200])('the stack of %i targets', targets => {
  const resources = stackOf(targets)
  const rules = ofType(resources, 'AWS::Events::Rule')

  test('names each repository, cluster and service once and no other', () => {
    const patterns = rules.map(([, rule]) => rule.Properties.EventPattern)
    const every = Array.from({ length: targets }, (_, nth) => names(nth))
    const suffixes = (list: { suffix: string }[]) => list.map(({ suffix }) => suffix).sort()
    expect(patterns.flatMap(({ detail }) => detail?.['repository-name'] ?? []).sort()).toEqual(
      every.map(({ repository }) => repository).sort(),
    )
    expect(suffixes(patterns.flatMap(({ detail }) => detail?.clusterArn ?? []))).toEqual(
      [...new Set(every.map(({ cluster }) => `:cluster/${cluster}`))].sort(),
    )
    expect(suffixes(patterns.flatMap(pattern => pattern.resources ?? []))).toEqual(
      every.flatMap(each => [`:service/${each.cluster}/${each.service}`, `:service/${each.service}`]).sort(),
    )
    for (const pattern of patterns) expect(JSON.stringify(pattern).length).toBeLessThanOrEqual(2048)
  })

  test('each rule sends to one queue, which lets it and no other in, as the dead letters do', () => {
    const sending = new Map<string, string[]>()
    for (const [logicalId, { Properties }] of rules) {
      expect(Properties.Targets).toEqual([
        { Id: 'queue', Arn: arnOf(expect.any(String)), DeadLetterConfig: { Arn: arnOf('DeadLettersQueue') } },
      ])
      const queue = Properties.Targets[0].Arn['Fn::GetAtt'][0]
      sending.set(queue, [...(sending.get(queue) ?? []), logicalId])
    }
    expect([...sending.keys()]).toEqual(['ImagesQueue', 'TasksQueue', 'ServicesQueue'])
    const all = rules.map(([logicalId]) => logicalId)
    const policies = ofType(resources, 'AWS::SQS::QueuePolicy').map(([, { Properties }]) => Properties)
    expect(policies).toEqual(
      [...sending, ['DeadLettersQueue', all] as const].map(([queue, from]) => ({
        Queues: [{ Ref: queue }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: arnOf(queue),
              Condition: { ArnEquals: { 'aws:SourceArn': from.map(arnOf) } },
            },
          ],
        },
      })),
    )
  })

  test('has no name twice', () => {
    const called = Object.values<{ Properties: object }>(resources).flatMap(({ Properties }) =>
      Object.entries(Properties).flatMap(([key, value]) => (/^(Table|Queue)?Name$/.test(key) ? [value] : [])),
    )
    expect(called.length).toBeGreaterThanOrEqual(9)
    expect(new Set(called).size).toBe(called.length)
  })
})

test('without a target that is a service nothing listens to services, and all is ready for one', () => {
  const resources = stackResources(config(job()), { stage: 'dev', timeoutSeconds }).Resources
  const rules = ofType(resources, 'AWS::Events::Rule').map(([, { Properties }]) => Properties.Targets[0].Arn)
  expect(rules).toEqual([arnOf('ImagesQueue'), arnOf('TasksQueue')])
  const policies = ofType(resources, 'AWS::SQS::QueuePolicy').flatMap(([, { Properties }]) => Properties.Queues)
  expect(policies).toEqual([{ Ref: 'ImagesQueue' }, { Ref: 'TasksQueue' }, { Ref: 'DeadLettersQueue' }])
  expect(resources).toMatchObject({ ServicesQueue: {}, RecordServiceRole: {} })
})

describe('what wakes the guard', () => {
  const stackFor = (of: Partial<Config>) =>
    stackResources({ ...config(service()), ...of }, { stage: 'dev', timeoutSeconds })
  const schedules = (of: Partial<Config>) => {
    const { Resources } = stackFor(of)
    return ofType(Resources, 'AWS::Scheduler::Schedule')
      .map(([, { Properties }]) => Properties)
      .filter(({ Name }) => Name !== 'farguard-dev-sweep')
  }

  test.each([
    {
      case: 'as farguard.yml says',
      of: { guard: guard({ everyMinutes: 5, report: { hour: 7, minute: 30, timeZone: 'Europe/Berlin' } }) },
      look: 'rate(5 minutes)',
      report: { ScheduleExpression: 'cron(30 7 * * ? *)', ScheduleExpressionTimezone: 'Europe/Berlin' },
    },
    {
      case: 'without a guard: what runs is metered all the same',
      of: {},
      look: 'rate(15 minutes)',
      report: { ScheduleExpression: 'cron(0 2 * * ? *)', ScheduleExpressionTimezone: 'UTC' },
    },
  ])('$case', ({ of, look, report }) => {
    const Target = { Arn: arnOf('GuardDashcostsLambdaFunction'), RoleArn: arnOf('GuardCostsScheduleRole') }
    expect(schedules(of)).toMatchObject([
      { Name: 'farguard-dev-guard-costs', ScheduleExpression: look, Target: { ...Target, Input: '{"kind":"look"}' } },
      { Name: 'farguard-dev-guard-report', ...report, Target: { ...Target, Input: '{"kind":"report"}' } },
    ])
  })

  test.each([5, 15, 24 * 60])('every %i minutes: within what Scheduler and Lambda take', everyMinutes => {
    const { Resources } = stackFor({ guard: guard({ everyMinutes }) })
    for (const { Target } of schedules({ guard: guard({ everyMinutes }) })) {
      expect(Target.RetryPolicy.MaximumEventAgeInSeconds).toBe(everyMinutes * 60)
    }
    const { MaximumRetryAttempts, MaximumEventAgeInSeconds } = Resources.GuardCostsInvocation.Properties
    expect(MaximumRetryAttempts).toBe(0)
    expect(MaximumEventAgeInSeconds).toBe(Math.min(everyMinutes * 60, 21_600))
  })

  const reported = { name: 'all', limit: { from: 'aws' as const, budget: 'fargate-dev' }, covers: [], steps: [] }
  const own = { ...reported, limit: { from: 'own' as const, usd: 100, per: 'month' as const } }

  test('a topic that budgets of this account may publish to, and nobody else, wakes it', () => {
    const { Resources, Outputs } = stackFor({ budgets: [own, reported] })
    const only = (type: string) => {
      const found = ofType(Resources, type).map(([, { Properties }]) => Properties)
      expect(found).toHaveLength(1)
      return found[0]
    }
    expect(only('AWS::SNS::Topic')).toEqual({ TopicName: 'farguard-dev-budgets' })
    expect(only('AWS::SNS::TopicPolicy')).toEqual({
      Topics: [{ Ref: 'BudgetsTopic' }],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'budgets.amazonaws.com' },
            Action: 'sns:Publish',
            Resource: { Ref: 'BudgetsTopic' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
              ArnLike: { 'aws:SourceArn': { 'Fn::Sub': `arn:\${AWS::Partition}:budgets::\${AWS::AccountId}:*` } },
            },
          },
        ],
      },
    })
    expect(only('AWS::SNS::Subscription')).toEqual({
      TopicArn: { Ref: 'BudgetsTopic' },
      Protocol: 'lambda',
      Endpoint: arnOf('GuardDashcostsLambdaFunction'),
    })
    expect(only('AWS::Lambda::Permission')).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: 'GuardDashcostsLambdaFunction' },
      Principal: 'sns.amazonaws.com',
      SourceArn: { Ref: 'BudgetsTopic' },
    })
    expect(Outputs).toMatchObject({ BudgetsTopicArn: { Value: { Ref: 'BudgetsTopic' } } })
  })

  test('without a budget of AWS there is no topic', () => {
    for (const budgets of [[], [own]]) {
      const { Resources, Outputs } = stackFor({ budgets })
      expect(ofType(Resources, 'AWS::SNS::Topic')).toEqual([])
      expect(ofType(Resources, 'AWS::Lambda::Permission')).toEqual([])
      expect(Object.keys(Outputs)).toEqual(['TableName', 'ControlUrl', 'DeadLettersUrl'])
    }
  })
})
