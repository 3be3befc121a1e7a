import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ecrRegistry } from '../../shared/aws/ecr-registry.ts'
import { ecsFleet } from '../../shared/aws/ecs-fleet.ts'
import { type Budget, bareConfig, type Config } from '../../shared/config/config.ts'
import type { Fleet, Registry } from '../../shared/ports.ts'
import { type Bundle, buildFunctions } from '../../stack/build.ts'
import { stackFunctions } from '../../stack/functions.ts'
import { type FunctionName, stackResources } from '../../stack/resources.ts'
import { config, noGates, service, task } from '../deploy/targets.ts'

const directory = mkdtempSync(join(tmpdir(), 'farguard-roles-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const plain = config(service(), task())
const scanning = config(
  service({ gates: { ...noGates, scan: { severity: 'HIGH', withinMs: 900_000, otherwise: 'hold' } } }),
  task(),
)
const reported: Budget = { name: 'all', limit: { from: 'aws', budget: 'fargate-dev' }, covers: [], steps: [] }
/** Asks for whatever farguard.yml may ask for. */
const asking: Config = { ...scanning, budgets: [reported] }

interface Statement {
  Action: string[]
  Resource: unknown
}

const roles = {
  'deploy-image': 'DeployImageRole',
  'record-task': 'RecordTaskRole',
  'record-service': 'RecordServiceRole',
  'carry-out': 'CarryOutRole',
  sweep: 'SweepRole',
  'guard-costs': 'GuardCostsRole',
} as const satisfies Record<FunctionName, string>

const seconds = {
  'deploy-image': 30,
  'record-task': 30,
  'record-service': 30,
  'carry-out': 30,
  sweep: 300,
  'guard-costs': 300,
}

function statements(of: Config, name: FunctionName): Statement[] {
  const { Resources } = stackResources(of, { stage: 'dev', timeoutSeconds: seconds })
  return Resources[roles[name]].Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
}

const actions = (of: Config, name: FunctionName) => statements(of, name).flatMap(({ Action }) => Action)

/** What calls are to IAM that it does not name as they are. */
const otherNames: Record<string, string> = {
  'application-auto-scaling:DescribeScalableTargets': 'application-autoscaling:DescribeScalableTargets',
  'application-auto-scaling:RegisterScalableTarget': 'application-autoscaling:RegisterScalableTarget',
  'budgets:DescribeBudgets': 'budgets:ViewBudget',
  'lib-dynamodb:BatchGet': 'dynamodb:BatchGetItem',
  'lib-dynamodb:Get': 'dynamodb:GetItem',
  'lib-dynamodb:Put': 'dynamodb:PutItem',
  'lib-dynamodb:Query': 'dynamodb:Query',
}

/** The IAM actions of the SDK's commands that a bundle makes, without those that nothing in it asks for. */
function called({ file, inputs }: Bundle): string[] {
  const adapters = inputs.filter(input => input.startsWith('shared/aws/')).map(input => readFileSync(input, 'utf8'))
  const made = new Set(adapters.flatMap(text => text.match(/(?<=\bnew )\w+Command\b/g) ?? []))
  const found = inputs.flatMap(input => {
    const [, client = '', name = ''] = /@aws-sdk\/((?:client|lib)-[\w-]+)\/.*?\/(\w+Command)\.js$/.exec(input) ?? []
    // What is made of the document client goes by its own commands, which wrap those of the plain one.
    if (!made.has(name) || client === 'client-dynamodb') return []
    const action = `${client.replace(/^client-/, '')}:${name.replace(/Command$/, '')}`
    return [otherNames[action] ?? action]
  })
  const text = readFileSync(file, 'utf8')
  const isAsked = (action: string) => askedBy[action]?.some(method => text.includes(`.${method}(`)) ?? true
  return [...new Set(found)].filter(isAsked).sort()
}

/** A function is given whole ports, and with them calls that it does not make: by the methods that make them. */
const askedBy: Record<string, (keyof Fleet | keyof Registry)[]> = {
  'ecr:BatchGetImage': ['scanOf'],
  'ecr:DescribeImageScanFindings': ['scanOf'],
  'ecr:DescribeImages': ['describeImages', 'listImages'],
  'ecs:DescribeClusters': ['describeCluster'],
  'ecs:DescribeServiceDeployments': ['serviceRollout'],
  'ecs:DescribeServiceRevisions': ['serviceRollout'],
  'ecs:DescribeServices': ['describeService', 'describeServices'],
  'ecs:DescribeTaskDefinition': ['describeTaskDefinition'],
  'ecs:DescribeTasks': ['describeTasks', 'tasksStartedBy'],
  'ecs:GetTaskProtection': ['taskProtection'],
  'ecs:ListServiceDeployments': ['serviceRollout'],
  'ecs:ListServices': ['listServices'],
  'ecs:ListTasks': ['listTasks', 'tasksStartedBy'],
  'ecs:RegisterTaskDefinition': ['registerTaskDefinition'],
  'ecs:RunTask': ['runTask'],
  'ecs:StopTask': ['stopTask'],
  'ecs:UpdateService': ['updateService', 'setDesiredCount'],
}

/** ECR's own, in the caller's name. */
const inspector = ['inspector2:ListCoverage', 'inspector2:ListFindings']

/** Actions that no call is named after. */
const besideCalls = [
  // Asked for beside RunTask and RegisterTaskDefinition.
  'ecs:TagResource',
  'iam:PassRole',
  // Lambda's own, in the function's name.
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ReceiveMessage',
  ...inspector,
]

let bundles: Bundle[]
beforeAll(async () => {
  bundles = await buildFunctions(asking, { outdir: directory })
}, 30_000)

test('every method of the ports that make these calls is in the list of them', () => {
  const methods = [ecsFleet({ region: 'eu-central-1' }), ecrRegistry({ region: 'eu-central-1' })].flatMap(Object.keys)
  expect([...new Set(Object.values(askedBy).flat())].sort()).toEqual(methods.sort())
})

/** The others bring on what is decided. */
const decidesOnImages = (name: FunctionName) => ['deploy-image', 'carry-out', 'sweep'].includes(name)

const names = stackFunctions().map(({ name }) => name as FunctionName)

describe.each(names)('the role of %s', name => {
  test('allows every call that is in its bundle, and no other', () => {
    const bundle = bundles.find(each => each.name === name)
    if (!bundle) throw new Error(`No bundle ${name}`)
    const allowed = actions(asking, name).filter(action => !besideCalls.includes(action))
    expect(called(bundle).length).toBeGreaterThan(10)
    expect(allowed.toSorted()).toEqual(called(bundle))
  })

  test('reads what scans found only where a gate asks for it, and budgets where farguard.yml names one', () => {
    const more = actions(asking, name).filter(action => !actions(plain, name).includes(action))
    const ofScans = ['ecr:BatchGetImage', 'ecr:DescribeImageScanFindings', ...inspector]
    const expected = decidesOnImages(name) ? ofScans : name === 'guard-costs' ? ['budgets:ViewBudget'] : []
    expect(more.toSorted()).toEqual(expected)
  })

  test('takes from its own queue only, and sends to no other than the control queue and the dead letters', () => {
    const of = (action: string) =>
      statements(plain, name)
        .filter(({ Action }) => Action.includes(action))
        .map(({ Resource }) => Resource)
    const queues: Partial<Record<FunctionName, string>> = {
      'deploy-image': 'ImagesQueue',
      'record-task': 'TasksQueue',
      'record-service': 'ServicesQueue',
      'carry-out': 'ControlQueue',
    }
    const queue = queues[name]
    const arn = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })
    expect(of('sqs:ReceiveMessage')).toEqual(queue ? [arn(queue)] : [])
    expect(of('sqs:SendMessage')).toEqual([
      queue ? [arn('ControlQueue'), arn('DeadLettersQueue')] : arn('ControlQueue'),
    ])
  })

  test('has a star for a resource only where IAM knows no other', () => {
    const everywhere = statements(asking, name).filter(({ Resource }) => Resource === '*')
    const tasks = ['ecs:DescribeTaskDefinition', 'ecs:ListTasks', ...(decidesOnImages(name) ? inspector : [])]
    const scaling = 'application-autoscaling:DescribeScalableTargets'
    const others: Partial<Record<FunctionName, string[]>> = {
      'carry-out': [scaling, ...tasks],
      'guard-costs': [
        scaling,
        'cloudwatch:GetMetricData',
        'cloudwatch:ListMetrics',
        'ecs:DescribeTaskDefinition',
        'ecs:ListServices',
        'ecs:ListTasks',
        'pricing:GetProducts',
      ],
    }
    expect(everywhere.flatMap(({ Action }) => Action).toSorted()).toEqual(others[name] ?? tasks)
  })
})

test('the guard asks for prices only where that is allowed', () => {
  const may = actions(asking, 'guard-costs')
  const quiet = { ...asking, cost: { ...bareConfig.cost, refresh: false } }
  expect(may.filter(action => !actions(quiet, 'guard-costs').includes(action))).toEqual(['pricing:GetProducts'])
})

test('what scales is touched only where it is a service of ECS', () => {
  for (const name of ['carry-out', 'guard-costs'] as const) {
    const [register] = statements(plain, name).filter(({ Action }) =>
      Action.includes('application-autoscaling:RegisterScalableTarget'),
    )
    expect(register).toMatchObject({
      Condition: { StringEquals: { 'application-autoscaling:service-namespace': 'ecs' } },
    })
  }
})
