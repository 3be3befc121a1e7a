import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  configOf,
  type Packaged,
  packaged,
  type Resource,
  removeDirectory,
  serverlessPackage,
  serviceDirectory,
} from './packaged.ts'

const longName = (nth: number) => `acme/a-team-with-a-long-name/and-a-service-with-another/service-${nth}`

const aBudgetOfAws = `budgets:
  all: { aws: fargate-dev, covers: all, steps: [{ at: 90% of actual, do: warn }] }
`

const directories = {
  one: serviceDirectory(configOf(1)),
  twoHundred: serviceDirectory(`${configOf(200, longName)}${aBudgetOfAws}`),
  invalid: serviceDirectory(configOf(1).replace('semver:^1', 'semver:^1.x.y')),
  broken: withBrokenSweep(serviceDirectory(configOf(1))),
}
type Ended = Awaited<ReturnType<typeof serverlessPackage>>

let stacks: Record<'one' | 'twoHundred', Packaged>
let refused: Ended
let broken: Ended

beforeAll(async () => {
  const [one, twoHundred, invalid, unbuilt] = await Promise.all([
    packaged(directories.one),
    packaged(directories.twoHundred, '--stage', 'live'),
    serverlessPackage(directories.invalid),
    serverlessPackage(directories.broken),
  ])
  stacks = { one, twoHundred }
  refused = invalid
  broken = unbuilt
}, 60_000)

afterAll(() => Object.values(directories).forEach(removeDirectory))

const ofType = (stack: Packaged, type: string): [string, Resource][] =>
  Object.entries(stack.template.Resources).filter(([, resource]) => resource.Type === type)

function only(stack: Packaged, type: string): Resource {
  const [found, ...others] = ofType(stack, type)
  if (!found || others.length > 0) throw new Error(`${type}: ${others.length + (found ? 1 : 0)} of them`)
  return found[1]
}

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })

describe.each(['one', 'twoHundred'] as const)('the stack of %s', which => {
  test('says nothing but that it is packaged', () => {
    expect(stacks[which].said).toMatch(/Service packaged/)
    expect(stacks[which].said).not.toMatch(/deprecat|warning|error/i)
  })

  test('stays within the quotas of CloudFormation, IAM and SQS', () => {
    const stack = stacks[which]
    expect(Object.keys(stack.template.Resources).length).toBeLessThanOrEqual(500)
    expect(stack.templateBytes).toBeLessThanOrEqual(1_000_000)
    for (const [, { Properties }] of ofType(stack, 'AWS::IAM::Role')) {
      const inline = Properties.Policies.map((policy: { PolicyDocument: unknown }) =>
        JSON.stringify(policy.PolicyDocument),
      )
      expect(inline.join('').length).toBeLessThanOrEqual(10_240)
    }
    // What CloudFormation writes for one rule's ARN has at most 120 characters; SQS takes a policy of 8,192 bytes.
    for (const [, { Properties }] of ofType(stack, 'AWS::SQS::QueuePolicy')) {
      expect(JSON.stringify(Properties.PolicyDocument).length).toBeLessThan(4_000)
    }
    expect(ofType(stack, 'AWS::Events::Rule').length * 120).toBeLessThan(6_000)
  })

  test('whatever it refers to by name is in it', () => {
    const { Resources } = stacks[which].template
    const text = JSON.stringify(Resources)
    const named = [...text.matchAll(/"Fn::GetAtt":\["(\w+)"|"Ref":"(\w+)"|"DependsOn":\["(\w+)"\]|\$\{(\w+)\./g)]
    const ids = new Set(
      named.map(
        ([, attribute, reference, dependence, substituted]) => attribute ?? reference ?? dependence ?? substituted,
      ),
    )
    expect([...ids].filter(id => id && !Object.hasOwn(Resources, id))).toEqual([])
  })
})

/** The function, the queue that wakes it if one does, and what the two agree on. */
const functions = [
  { name: 'deploy-image', role: 'DeployImageRole', queue: 'ImagesQueue', batch: 10, concurrency: 10 },
  { name: 'record-task', role: 'RecordTaskRole', queue: 'TasksQueue', batch: 500, window: 1, concurrency: 10 },
  { name: 'record-service', role: 'RecordServiceRole', queue: 'ServicesQueue', batch: 10, concurrency: 5 },
  { name: 'carry-out', role: 'CarryOutRole', queue: 'ControlQueue', batch: 1, concurrency: 5 },
  { name: 'sweep', role: 'SweepRole' },
  { name: 'guard-costs', role: 'GuardCostsRole' },
]

function functionNamed(stack: Packaged, name: string): [string, Resource] {
  const found = ofType(stack, 'AWS::Lambda::Function').find(([, { Properties }]) => Properties.FunctionName === name)
  if (!found) throw new Error(`No function ${name}`)
  return found
}

describe('the stack', () => {
  test('of another stage shares no name with it', () => {
    const namesOf = (stack: Packaged) =>
      Object.values(stack.template.Resources).flatMap(({ Type, Properties }) =>
        ['TableName', 'QueueName', 'TopicName', 'Name', 'FunctionName', 'LogGroupName', 'RoleName']
          .filter(key => typeof Properties[key] === 'string')
          .map(key => ({ Type, name: Properties[key].replace('/aws/lambda/', '') })),
      )
    const [dev, live] = [namesOf(stacks.one), namesOf(stacks.twoHundred)]
    expect(new Set(dev.map(({ Type, name }) => `${Type} ${name}`)).size).toBe(dev.length)
    expect(dev.length).toBeGreaterThan(18)
    expect(dev.filter(({ name }) => !/^farguard-dev(-|$)/.test(name))).toEqual([])
    expect(live.filter(({ name }) => !/^farguard-live(-|$)/.test(name))).toEqual([])
  })

  test('has these functions, each with its bundle in its zip where the handler says', () => {
    const names = ofType(stacks.one, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties.FunctionName)
    expect(names).toEqual(functions.map(({ name }) => `farguard-dev-${name}`))
    for (const { name } of functions) {
      const { Handler } = functionNamed(stacks.one, `farguard-dev-${name}`)[1].Properties
      expect(zipEntries(join(directories.one, `.serverless/${name}.zip`))).toEqual([
        `${Handler.replace(/\.handler$/, '')}.cjs`,
      ])
    }
  })

  test.each(functions)('$name runs under a role of its own, with all that it has to be told', ({ name, role }) => {
    const [, { Properties }] = functionNamed(stacks.one, `farguard-dev-${name}`)
    expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Role: arnOf(role) })
    expect(Properties.Environment.Variables).toEqual({
      FARGUARD_TABLE: { Ref: 'Table' },
      FARGUARD_CONTROL: { Ref: 'ControlQueue' },
      FARGUARD_DEAD_LETTERS: { Ref: 'DeadLettersQueue' },
    })
    const [policy] = stacks.one.template.Resources[role]?.Properties.Policies ?? []
    const statements: { Action: string[]; Resource: unknown }[] = policy.PolicyDocument.Statement
    expect(statements.find(({ Action }) => Action.includes('logs:PutLogEvents'))?.Resource).toEqual({
      'Fn::Sub': expect.stringMatching(`:log-group:/aws/lambda/farguard-dev-${name}:\\*$`),
    })
    const log = ofType(stacks.one, 'AWS::Logs::LogGroup').find(
      ([, group]) => group.Properties.LogGroupName === `/aws/lambda/farguard-dev-${name}`,
    )
    expect(log?.[1].Properties.RetentionInDays).toBeGreaterThan(0)
  })

  test.each(functions.filter(({ queue }) => queue))(
    '$name is fed by its queue alone, in batches whose messages fail one by one and five times at most',
    ({ name, queue = '', batch, window, concurrency }) => {
      const [logicalId, { Properties }] = functionNamed(stacks.one, `farguard-dev-${name}`)
      const mappings = ofType(stacks.one, 'AWS::Lambda::EventSourceMapping').map(([, mapping]) => mapping.Properties)
      expect(mappings.filter(({ FunctionName }) => FunctionName['Fn::GetAtt'][0] === logicalId)).toEqual([
        {
          FunctionName: arnOf(logicalId),
          EventSourceArn: arnOf(queue),
          Enabled: true,
          BatchSize: batch,
          ...(window && { MaximumBatchingWindowInSeconds: window }),
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          ScalingConfig: { MaximumConcurrency: concurrency },
        },
      ])
      expect(stacks.one.template.Resources[queue]?.Properties).toEqual({
        QueueName: `farguard-dev-${queue.replace('Queue', '').toLowerCase()}`,
        VisibilityTimeout: 6 * Properties.Timeout + (window ?? 0),
        RedrivePolicy: { deadLetterTargetArn: arnOf('DeadLettersQueue'), maxReceiveCount: 5 },
        MessageRetentionPeriod: 1_209_600,
        SqsManagedSseEnabled: true,
      })
    },
  )

  test.each([
    { name: 'sweep', minutes: 5, schedules: ['sweep'], role: 'SweepScheduleRole' },
    { name: 'guard-costs', minutes: 15, schedules: ['guard-costs', 'guard-report'], role: 'GuardCostsScheduleRole' },
  ])(
    '$name is woken every $minutes minutes, repeats nothing, and what could not be delivered to it is set aside',
    ({ name, minutes, schedules, role: roleId }) => {
      const [logicalId, { Properties }] = functionNamed(stacks.one, `farguard-dev-${name}`)
      const waking = ofType(stacks.one, 'AWS::Scheduler::Schedule')
        .map(([, schedule]) => schedule.Properties)
        .filter(({ Target }) => Target.Arn['Fn::GetAtt'][0] === logicalId)
      expect(waking.map(each => each.Name)).toEqual(schedules.map(each => `farguard-dev-${each}`))
      expect(waking[0].ScheduleExpression).toBe(`rate(${minutes} minutes)`)
      for (const schedule of waking)
        expect(schedule).toMatchObject({
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: {
            RoleArn: arnOf(roleId),
            RetryPolicy: { MaximumEventAgeInSeconds: minutes * 60, MaximumRetryAttempts: 3 },
            DeadLetterConfig: { Arn: arnOf('DeadLettersQueue') },
          },
        })
      expect(Properties.Timeout).toBeLessThanOrEqual(minutes * 60)
      const invocations = ofType(stacks.one, 'AWS::Lambda::EventInvokeConfig').map(([, config]) => config.Properties)
      expect(invocations.filter(({ FunctionName }) => FunctionName.Ref === logicalId)).toEqual([
        {
          FunctionName: { Ref: logicalId },
          Qualifier: '$LATEST',
          MaximumRetryAttempts: 0,
          MaximumEventAgeInSeconds: minutes * 60,
        },
      ])
      const role = stacks.one.template.Resources[roleId]?.Properties
      expect(role.AssumeRolePolicyDocument.Statement).toMatchObject([
        { Principal: { Service: 'scheduler.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ])
      expect(role.Policies[0].PolicyDocument.Statement).toEqual([
        { Effect: 'Allow', Action: ['lambda:InvokeFunction'], Resource: arnOf(logicalId) },
        { Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: arnOf('DeadLettersQueue') },
      ])
    },
  )

  test('hears of budgets only where farguard.yml names one of AWS Budgets', () => {
    const topics = (stack: Packaged) =>
      ofType(stack, 'AWS::SNS::Topic').map(([, { Properties }]) => Properties.TopicName)
    expect([topics(stacks.one), topics(stacks.twoHundred)]).toEqual([[], ['farguard-live-budgets']])
    expect(Object.keys(stacks.twoHundred.template.Outputs)).toContain('BudgetsTopicArn')
  })

  test('keeps the table when it is removed', () => {
    expect(only(stacks.one, 'AWS::DynamoDB::Table')).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
    })
  })

  test('an invalid farguard.yml: its problems, no stack trace, nothing written', () => {
    expect(refused.status).toBe(1)
    expect(refused.said).toMatch(/^farguard\.yml:4:\d+ +targets\.t0\.tags +"semver:\^1\.x\.y"/m)
    expect(refused.said).toMatch(/1 problem\. Nothing was changed\.\s*$/)
    expect(refused.said).not.toMatch(/^\s+at /m)
    expect(existsSync(join(directories.invalid, '.serverless'))).toBe(false)
    expect(readdirSync(directories.invalid)).not.toContain('.esbuild')
  })

  test('a function that does not bundle: said, and the framework ends', () => {
    expect(broken.status).toBe(1)
    expect(broken.said).toContain('functions/sweep.ts:1:7: ERROR: Could not resolve "./gone.ts"')
  })

  test('pleases cfn-lint', { timeout: 60_000 }, ({ skip }) => {
    const file = join(directories.twoHundred, '.serverless/cloudformation-template-update-stack.json')
    try {
      execFileSync('cfn-lint', ['--version'], { stdio: 'ignore' })
    } catch {
      skip("cfn-lint is not installed: Amazon's Python package checks the template against CloudFormation's schemas")
    }
    // W3005: the framework writes a DependsOn that the role's ARN implies.
    expect(execFileSync('cfn-lint', ['--ignore-checks', 'W3005', '--', file], { encoding: 'utf8' })).toBe('')
  })
})

function withBrokenSweep(directory: string): string {
  const functions = join(directory, 'functions')
  const sources = realpathSync(functions)
  rmSync(functions)
  cpSync(sources, functions, { recursive: true })
  writeFileSync(join(functions, 'sweep.ts'), `import './gone.ts'`)
  return directory
}

/** The names in a zip's central directory, whose entries begin with PK\x01\x02. */
function zipEntries(zip: string): string[] {
  const bytes = readFileSync(zip)
  const names: string[] = []
  for (let at = bytes.indexOf('PK\x01\x02'); at !== -1; at = bytes.indexOf('PK\x01\x02', at + 46)) {
    names.push(bytes.toString('utf8', at + 46, at + 46 + bytes.readUInt16LE(at + 28)))
  }
  return names
}
