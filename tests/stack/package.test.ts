import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
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

const directories = {
  one: serviceDirectory(configOf(1)),
  fifty: serviceDirectory(configOf(50, longName)),
  twoHundred: serviceDirectory(configOf(200, longName)),
  invalid: serviceDirectory(configOf(1).replace('semver:^1', 'semver:^1.x.y')),
}
let stacks: Record<'one' | 'fifty' | 'twoHundred', Packaged>
let refused: { status: number | null; said: string }

beforeAll(async () => {
  const [one, fifty, twoHundred, invalid] = await Promise.all([
    packaged(directories.one),
    packaged(directories.fifty, '--stage', 'live'),
    packaged(directories.twoHundred),
    serverlessPackage(directories.invalid),
  ])
  stacks = { one, fifty, twoHundred }
  refused = invalid
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

describe.each([
  ['one', 1],
  ['fifty', 50],
  ['twoHundred', 200],
] as const)('the stack of %s targets', (which, targets) => {
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
    expect(JSON.stringify(only(stack, 'AWS::SQS::QueuePolicy').Properties.PolicyDocument).length).toBeLessThan(4_000)
    expect(ofType(stack, 'AWS::Events::Rule').length * 120).toBeLessThan(6_000)
  })

  test('its rules name each repository once and no other', () => {
    const patterns = ofType(stacks[which], 'AWS::Events::Rule').map(([, rule]) => rule.Properties.EventPattern)
    const named = patterns.flatMap(pattern => pattern.detail['repository-name'])
    const repository = which === 'one' ? (nth: number) => `acme/service-${nth}` : longName
    expect(named.toSorted()).toEqual(Array.from({ length: targets }, (_, nth) => repository(nth)).toSorted())
    for (const pattern of patterns) expect(JSON.stringify(pattern).length).toBeLessThanOrEqual(2048)
  })

  test('the queues let exactly its rules in', () => {
    const policy = only(stacks[which], 'AWS::SQS::QueuePolicy').Properties
    expect(policy.Queues).toEqual([{ Ref: 'ImagesQueue' }, { Ref: 'DeadLettersQueue' }])
    expect(policy.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: '*',
        Condition: {
          ArnEquals: {
            'aws:SourceArn': ofType(stacks[which], 'AWS::Events::Rule').map(([logicalId]) => arnOf(logicalId)),
          },
        },
      },
    ])
  })
})

describe('the stack', () => {
  test('is named by its stage', () => {
    expect(stacks.one.template.Resources.Table?.Properties.TableName).toBe('farguard-dev')
    const { Table, ImagesQueue, DeadLettersQueue } = stacks.fifty.template.Resources
    expect(Table?.Properties.TableName).toBe('farguard-live')
    expect(ImagesQueue?.Properties.QueueName).toBe('farguard-live-images')
    expect(DeadLettersQueue?.Properties.QueueName).toBe('farguard-live-dead-letters')
  })

  test('keeps a message six times as long as its function may take, and sets it aside after five tries', () => {
    const { ImagesQueue, DeadLettersQueue } = stacks.one.template.Resources
    const { Timeout } = only(stacks.one, 'AWS::Lambda::Function').Properties
    expect(ImagesQueue?.Properties).toMatchObject({
      VisibilityTimeout: 6 * Timeout,
      RedrivePolicy: { deadLetterTargetArn: arnOf('DeadLettersQueue'), maxReceiveCount: 5 },
    })
    for (const queue of [ImagesQueue, DeadLettersQueue]) {
      expect(queue?.Properties).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 })
    }
  })

  test('gives its function the queue in batches whose messages fail one by one', () => {
    expect(only(stacks.one, 'AWS::Lambda::EventSourceMapping').Properties).toMatchObject({
      EventSourceArn: arnOf('ImagesQueue'),
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    })
  })

  test('keeps the table when it is removed', () => {
    expect(only(stacks.one, 'AWS::DynamoDB::Table')).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    })
  })

  test('runs its function on Node 24 on ARM, under a role of its own, with its log kept for a time', () => {
    const { Properties } = only(stacks.one, 'AWS::Lambda::Function')
    expect(Properties).toMatchObject({
      FunctionName: 'farguard-dev-deploy-image',
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Role: arnOf('DeployImageRole'),
      Environment: {
        Variables: { FARGUARD_TABLE: { Ref: 'Table' }, FARGUARD_DEAD_LETTERS: { Ref: 'DeadLettersQueue' } },
      },
    })
    expect(ofType(stacks.one, 'AWS::IAM::Role').map(([logicalId]) => logicalId)).toEqual(['DeployImageRole'])
    expect(only(stacks.one, 'AWS::Logs::LogGroup').Properties.RetentionInDays).toBeGreaterThan(0)
  })

  test('has the bundle in its zip where the handler says', () => {
    const { Handler } = only(stacks.one, 'AWS::Lambda::Function').Properties
    const zip = join(directories.one, '.serverless/deploy-image.zip')
    const files = zipEntries(zip)
    expect(files).toEqual([`${Handler.replace(/\.handler$/, '')}.cjs`])
  })

  test('an invalid farguard.yml: its problems, no stack trace, nothing written', () => {
    expect(refused.status).toBe(1)
    expect(refused.said).toMatch(/^farguard\.yml:4:\d+ +targets\.t0\.tags +"semver:\^1\.x\.y"/m)
    expect(refused.said).toMatch(/1 problem\. Nothing was changed\.\s*$/)
    expect(refused.said).not.toMatch(/^\s+at /m)
    expect(existsSync(join(directories.invalid, '.serverless'))).toBe(false)
    expect(readdirSync(directories.invalid)).not.toContain('.esbuild')
  })

  test('pleases cfn-lint', ({ skip }) => {
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

/** The names in a zip's central directory, whose entries begin with PK\x01\x02. */
function zipEntries(zip: string): string[] {
  const bytes = readFileSync(zip)
  const names: string[] = []
  for (let at = bytes.indexOf('PK\x01\x02'); at !== -1; at = bytes.indexOf('PK\x01\x02', at + 46)) {
    names.push(bytes.toString('utf8', at + 46, at + 46 + bytes.readUInt16LE(at + 28)))
  }
  return names
}
