import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
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
} as const satisfies Record<FunctionName, string>

const seconds = { 'deploy-image': 30, 'record-task': 30, 'record-service': 30, 'carry-out': 30, sweep: 300 }

function statements(of: Config, name: FunctionName): Statement[] {
  const { Resources } = stackResources(of, { stage: 'dev', timeoutSeconds: seconds })
  return Resources[roles[name]].Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
}

const actions = (of: Config, name: FunctionName) => statements(of, name).flatMap(({ Action }) => Action)

/** What a call of the document client is to IAM. */
const documentActions: Record<string, string> = {
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
    const [, client = '', name = ''] = /@aws-sdk\/((?:client|lib)-\w+)\/.*?\/(\w+Command)\.js$/.exec(input) ?? []
    // What is made of the document client goes by its own commands, which wrap those of the plain one.
    if (!made.has(name) || client === 'client-dynamodb') return []
    const action = `${client.replace(/^client-/, '')}:${name.replace(/Command$/, '')}`
    return [documentActions[action] ?? action]
  })
  const text = readFileSync(file, 'utf8')
  const unused = Object.entries(askedByTheCommand).filter(([, method]) => !text.includes(`.${method}(`))
  return [...new Set(found)].filter(action => !unused.some(([one]) => one === action)).sort()
}

/** Of the ports that a function is given whole: calls that only the command makes so far, by the port's method. */
const askedByTheCommand = { 'ecs:GetTaskProtection': 'taskProtection' }

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
  // ECR's own, in the caller's name.
  'inspector2:ListCoverage',
  'inspector2:ListFindings',
]

let bundles: Bundle[]
beforeAll(async () => {
  bundles = await buildFunctions(scanning, { outdir: directory })
}, 30_000)

const names = stackFunctions().map(({ name }) => name as FunctionName)

describe.each(names)('the role of %s', name => {
  test('allows every call that is in its bundle, and no other', () => {
    const bundle = bundles.find(each => each.name === name)
    if (!bundle) throw new Error(`No bundle ${name}`)
    const allowed = actions(scanning, name).filter(action => !besideCalls.includes(action))
    expect(called(bundle).length).toBeGreaterThan(10)
    expect(allowed.toSorted()).toEqual(called(bundle))
  })

  test('reads what scans found only where a gate asks for it', () => {
    const more = actions(scanning, name).filter(action => !actions(plain, name).includes(action))
    expect(more.toSorted()).toEqual([
      'ecr:BatchGetImage',
      'ecr:DescribeImageScanFindings',
      'inspector2:ListCoverage',
      'inspector2:ListFindings',
    ])
  })

  test('takes from its own queue only, and sends to no other than the control queue and the dead letters', () => {
    const of = (action: string) =>
      statements(plain, name)
        .filter(({ Action }) => Action.includes(action))
        .map(({ Resource }) => Resource)
    const queues = { 'deploy-image': 'ImagesQueue', 'record-task': 'TasksQueue', 'record-service': 'ServicesQueue' }
    const queue = name === 'sweep' ? undefined : name === 'carry-out' ? 'ControlQueue' : queues[name]
    const arn = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })
    expect(of('sqs:ReceiveMessage')).toEqual(queue ? [arn(queue)] : [])
    expect(of('sqs:SendMessage')).toEqual([
      queue ? [arn('ControlQueue'), arn('DeadLettersQueue')] : arn('ControlQueue'),
    ])
  })

  test('has a star for a resource only where IAM knows no other', () => {
    const everywhere = statements(scanning, name).filter(({ Resource }) => Resource === '*')
    expect(everywhere.flatMap(({ Action }) => Action).toSorted()).toEqual([
      'ecs:DescribeTaskDefinition',
      'ecs:ListTasks',
      'inspector2:ListCoverage',
      'inspector2:ListFindings',
    ])
  })
})
