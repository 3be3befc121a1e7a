/** What ECS, and endpoints that are like it, may answer of rollouts, and the local account does not. */
import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  type DescribeServiceRevisionsCommandInput,
  DescribeServicesCommand,
  ECSClient,
  ECSServiceException,
  ListServiceDeploymentsCommand,
  type ServiceDeploymentBrief,
} from '@aws-sdk/client-ecs'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, expect, test } from 'vitest'
import { ecsFleet } from '../../shared/aws/ecs-fleet.ts'
import { RefusedError, RetryableError } from '../../shared/ports.ts'

const ecs = mockClient(ECSClient)
const fleet = ecsFleet({ region: 'eu-central-1' })
beforeEach(() => {
  ecs.reset()
})

const since = new Date('2026-03-01T22:00:00Z')
const ask = () => fleet.serviceRollout('demo', 'web', 'web:7', since)

/** The nth minute's deployment, to the service revision of that number. */
const brief = (nth: number): ServiceDeploymentBrief => ({
  serviceDeploymentArn: `deployment/${nth}`,
  targetServiceRevisionArn: `revision/${nth}`,
  status: 'IN_PROGRESS',
  createdAt: new Date(since.getTime() + nth * 60_000),
})

/** Service revision `revision/<nth>` is of task definition `web:<nth>`, but for those that are said. */
function revisions(of: Record<string, string> = {}): void {
  ecs
    .on(DescribeServiceRevisionsCommand)
    .callsFake(({ serviceRevisionArns = [] }: DescribeServiceRevisionsCommandInput) => ({
      serviceRevisions: serviceRevisionArns.map(arn => ({
        serviceRevisionArn: arn,
        taskDefinition: of[arn] ?? arn.replace('revision/', 'web:'),
      })),
    }))
}

const refusal = (name: string, httpStatusCode: number) =>
  new ECSServiceException({
    name,
    $fault: httpStatusCode < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode },
    message: 'no',
  })

test('all pages are read, and the newest is told, in whatever order they come', async () => {
  ecs
    .on(ListServiceDeploymentsCommand)
    .resolvesOnce({ serviceDeployments: [brief(1), brief(3)], nextToken: 'more' })
    .resolvesOnce({ serviceDeployments: [brief(4), brief(2)] })
  revisions({ 'revision/2': 'web:7', 'revision/3': 'web:7' })
  ecs.on(DescribeServiceDeploymentsCommand).resolves({ serviceDeployments: [{ serviceDeploymentArn: 'deployment/3' }] })
  expect(await ask()).toEqual({ arn: 'deployment/3', status: 'UNKNOWN' })
  const asked = ecs.commandCalls(ListServiceDeploymentsCommand).map(call => call.args[0].input)
  const createdAt = { after: new Date('2026-03-01T21:59:00Z') }
  expect(asked).toMatchObject([{ createdAt }, { createdAt, nextToken: 'more' }])
  expect(ecs.commandCalls(DescribeServiceDeploymentsCommand)[0]?.args[0].input.serviceDeploymentArns).toEqual([
    'deployment/3',
  ])
})

test('service revisions are asked for by twenty, newest first, and no more than it takes', async () => {
  ecs
    .on(ListServiceDeploymentsCommand)
    .resolves({ serviceDeployments: Array.from({ length: 55 }, (_, nth) => brief(nth)) })
  revisions({ 'revision/30': 'web:7', 'revision/7': 'web:other' })
  ecs.on(DescribeServiceDeploymentsCommand).resolves({})
  expect(await ask()).toEqual({ arn: 'deployment/30', status: 'IN_PROGRESS' })
  const sizes = ecs
    .commandCalls(DescribeServiceRevisionsCommand)
    .map(call => call.args[0].input.serviceRevisionArns?.length)
  expect(sizes).toEqual([20, 20])
})

test('what undid it is said before what ECS says in general', async () => {
  ecs.on(ListServiceDeploymentsCommand).resolves({ serviceDeployments: [brief(7)] })
  revisions()
  const rollback = { reason: 'Service deployment rolled back because of alarms', serviceRevisionArn: 'revision/6' }
  const said = { status: 'ROLLBACK_IN_PROGRESS' as const, statusReason: 'in general', startedAt: since, rollback }
  ecs.on(DescribeServiceDeploymentsCommand).resolves({ serviceDeployments: [said] })
  expect(await ask()).toEqual({
    arn: 'deployment/7',
    status: 'ROLLBACK_IN_PROGRESS',
    reason: rollback.reason,
    startedAt: since,
    rolledBackTo: 'web:6',
  })
})

test('a rollback to a revision that ECS does not tell of (from before October 2024) is a rollback all the same', async () => {
  ecs.on(ListServiceDeploymentsCommand).resolves({ serviceDeployments: [brief(7)] })
  ecs
    .on(DescribeServiceRevisionsCommand)
    .resolvesOnce({ serviceRevisions: [{ serviceRevisionArn: 'revision/7', taskDefinition: 'web:7' }] })
    .resolvesOnce({ failures: [{ arn: 'revision/6', reason: 'MISSING' }] })
  const said = {
    status: 'ROLLBACK_SUCCESSFUL' as const,
    statusReason: 'undone',
    rollback: { serviceRevisionArn: 'revision/6' },
  }
  ecs.on(DescribeServiceDeploymentsCommand).resolves({ serviceDeployments: [said] })
  expect(await ask()).toEqual({ arn: 'deployment/7', status: 'ROLLBACK_SUCCESSFUL', reason: 'undone' })
})

test('deployments that name no revision are not ours', async () => {
  const { targetServiceRevisionArn: _, ...nameless } = brief(7)
  ecs.on(ListServiceDeploymentsCommand).resolves({ serviceDeployments: [nameless] })
  expect(await ask()).toBeUndefined()
  expect(ecs.commandCalls(DescribeServiceRevisionsCommand)).toHaveLength(0)
})

test.each([
  { code: 'UnknownOperationException', status: 400 },
  { code: 'NotImplementedException', status: 400 },
  { code: 'NotImplemented', status: 501 },
  { code: 'InvalidAction', status: 400 },
  { code: 'UnknownError', status: 404 },
])('an endpoint without these calls ($status $code) lists none', async ({ code, status }) => {
  ecs.on(ListServiceDeploymentsCommand).rejects(refusal(code, status))
  expect(await ask()).toBeUndefined()
  ecs.on(ListServiceDeploymentsCommand).resolves({ serviceDeployments: [brief(7)] })
  ecs.on(DescribeServiceRevisionsCommand).rejects(refusal(code, status))
  expect(await ask()).toBeUndefined()
})

test('so does one that answers with a page of HTML', async () => {
  const unreadable = new SyntaxError(`Unexpected token '<', "<!doctype "... is not valid JSON`)
  ecs.on(ListServiceDeploymentsCommand).rejects(Object.assign(unreadable, { $metadata: { httpStatusCode: 500 } }))
  expect(await ask()).toBeUndefined()
  ecs.on(ListServiceDeploymentsCommand).rejects(Object.assign(unreadable, { $metadata: { httpStatusCode: 503 } }))
  await expect(ask()).rejects.toThrow(RetryableError)
})

test.each([
  { code: 'AccessDeniedException', status: 400, kind: RefusedError },
  { code: 'ServiceNotFoundException', status: 400, kind: RefusedError },
  { code: 'UnsupportedFeatureException', status: 400, kind: RefusedError },
  { code: 'ThrottlingException', status: 400, kind: RetryableError },
  { code: 'ServerException', status: 500, kind: RetryableError },
])('$status $code is not "none"', async ({ code, status, kind }) => {
  ecs.on(ListServiceDeploymentsCommand).rejects(refusal(code, status))
  await expect(ask()).rejects.toThrow(kind)
  await expect(ask()).rejects.toThrow(`ecs:ListServiceDeployments of web in demo: ${code}: no`)
})

test('a service that ECS can not tell of now is not gone', async () => {
  ecs.on(DescribeServicesCommand).resolves({ failures: [{ arn: 'a', reason: 'MISSING' }] })
  expect(await fleet.describeService('demo', 'web')).toBeUndefined()
  ecs.on(DescribeServicesCommand).resolves({ failures: [{ arn: 'a' }] })
  await expect(fleet.describeService('demo', 'web')).rejects.toThrow('ECS did not tell of 1: a no reason given')
  await expect(fleet.describeService('demo', 'web')).rejects.toThrow(RetryableError)
})

test('a service of which little is said: no network, no state of a rollout, nothing made up', async () => {
  ecs
    .on(DescribeServicesCommand)
    .resolves({ services: [{ serviceName: 'web', deployments: [{ id: 'ecs-svc/1' }] }, {}] })
  const service = await fleet.describeService('demo', 'web')
  expect(service).toMatchObject({
    controller: 'ECS',
    runningCount: 0,
    deployments: [{ id: 'ecs-svc/1', failedTasks: 0 }],
  })
  expect(service).not.toHaveProperty('network')
  expect(service?.deployments[0]).not.toHaveProperty('rolloutState')
})
