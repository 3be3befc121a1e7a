import {
  DescribeServiceDeploymentsCommand,
  type DescribeServiceDeploymentsResponse,
  DescribeServiceRevisionsCommand,
  type DescribeServiceRevisionsResponse,
  DescribeServicesCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  ServiceDeploymentNotFoundException,
  StopServiceDeploymentCommand,
} from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import { localAccount } from '../wire/local-account.ts'
import { container, type EcsAccount, ecsAccount, refusal } from './ecs-account.ts'
import { create, deployImage, history, listed, live, named, update, withService } from './shop-service.ts'

const arnPrefix = 'arn:aws:ecs:eu-central-1:123456789012:'
const missing = (kind: string) => `${arnPrefix}${kind}/default/shop/nope`
const day = 24 * 3600
const statuses = (account: EcsAccount) => history(account).map(one => one.status)
const describeDeployments = (account: EcsAccount, serviceDeploymentArns: string[]) =>
  account.call<DescribeServiceDeploymentsResponse>('DescribeServiceDeployments', { serviceDeploymentArns })
const describeRevisions = (account: EcsAccount, serviceRevisionArns: string[]) =>
  account.call<DescribeServiceRevisionsResponse>('DescribeServiceRevisions', { serviceRevisionArns })

describe('a service deployment', () => {
  test('goes from PENDING over IN_PROGRESS to SUCCESSFUL', async () => {
    const account = withService()
    const createdAt = account.clock.now()
    expect(history(account)).toMatchObject([{ status: 'PENDING', createdAt, sourceServiceRevisions: [] }])
    expect(history(account)[0]).not.toHaveProperty('startedAt')
    await account.advance(5)
    const arn = expect.stringMatching(`^${arnPrefix}service-revision/default/shop/\\d{19}$`)
    expect(history(account)).toMatchObject([
      {
        serviceDeploymentArn: expect.stringMatching(`^${arnPrefix}service-deployment/default/shop/[0-9A-Za-z]{21}$`),
        serviceArn: `${arnPrefix}service/default/shop`,
        clusterArn: `${arnPrefix}cluster/default`,
        status: 'IN_PROGRESS',
        startedAt: new Date(createdAt.getTime() + 1000),
        targetServiceRevision: { arn, requestedTaskCount: 2, runningTaskCount: 0, pendingTaskCount: 2 },
        deploymentCircuitBreaker: { status: 'DISABLED', failureCount: 0, threshold: 3 },
        alarms: { status: 'DISABLED' },
      },
    ])
    await account.advance(60)
    const [done] = history(account)
    expect(done).toMatchObject({
      status: 'SUCCESSFUL',
      updatedAt: done?.finishedAt,
      targetServiceRevision: { requestedTaskCount: 2, runningTaskCount: 2, pendingTaskCount: 0 },
    })
    expect(done?.finishedAt?.getTime()).toBeGreaterThan(done?.startedAt?.getTime() ?? Number.POSITIVE_INFINITY)
  })

  test('has what ran before as its source, and does not change once it has ended', async () => {
    const account = withService()
    await account.advance(60)
    deployImage(account, 'acme/web:2')
    await account.advance(150)
    const [second, first] = history(account)
    expect(second).toMatchObject({
      status: 'SUCCESSFUL',
      sourceServiceRevisions: [{ arn: first?.targetServiceRevision?.arn, requestedTaskCount: 0, runningTaskCount: 0 }],
      targetServiceRevision: { runningTaskCount: 2 },
    })
    expect(first).toMatchObject({ targetServiceRevision: { runningTaskCount: 2 } })
    update(account, { desiredCount: 0 })
    await account.advance(120)
    expect(live(account)).toEqual([])
    expect(history(account)).toEqual([second, first])
  })

  test('of a service at 0 succeeds at once', async () => {
    const account = withService({}, { desiredCount: 0 })
    await account.advance(2)
    expect(history(account)).toMatchObject([{ status: 'SUCCESSFUL', targetServiceRevision: { requestedTaskCount: 0 } }])
  })

  test('that a newer one overtakes is STOPPED: of three within a second the last one goes through', async () => {
    const account = withService()
    await account.advance(60)
    const revisions = ['acme/web:2', 'acme/web:3', 'acme/web:4'].map(image => deployImage(account, image))
    await account.advance(300)
    expect(statuses(account)).toEqual(['SUCCESSFUL', 'STOPPED', 'STOPPED', 'SUCCESSFUL'])
    expect(history(account)[1]).toMatchObject({ stoppedAt: history(account)[1]?.finishedAt })
    expect(account.service('shop')).toMatchObject({ taskDefinition: revisions[2], runningCount: 2 })
    const started = account.ecs.tasks().map(task => task.taskDefinitionArn)
    expect(started).not.toContain(revisions[0])
    expect(started).not.toContain(revisions[1])
  })

  test('is made by forceNewDeployment, with a revision of its own, and not by a new count', async () => {
    const account = withService()
    await account.advance(60)
    update(account, { desiredCount: 3 })
    await account.advance(60)
    expect(statuses(account)).toEqual(['SUCCESSFUL'])
    update(account, { forceNewDeployment: true })
    await account.advance(150)
    expect(statuses(account)).toEqual(['SUCCESSFUL', 'SUCCESSFUL'])
    const arns = history(account).map(one => one.targetServiceRevision?.arn ?? '')
    expect(new Set(arns).size).toBe(2)
    expect(describeRevisions(account, arns).serviceRevisions?.map(one => one.taskDefinition)).toEqual(
      Array(2).fill(account.service('shop').taskDefinition),
    )
  })

  test('ends with its service, and stays on record', async () => {
    const account = withService()
    await account.advance(5)
    account.call('DeleteService', { service: 'shop', force: true })
    await account.advance(120)
    expect(account.service('shop')).toMatchObject({ status: 'INACTIVE' })
    expect(statuses(account)).toEqual(['STOPPED'])
    create(account)
    expect(statuses(account)).toEqual(['PENDING', 'STOPPED'])
  })

  test('is what DescribeServices says is current', async () => {
    const account = withService()
    await account.advance(60)
    deployImage(account, 'acme/web:2')
    await account.advance(5)
    const [second, first] = history(account)
    expect(account.service('shop')).toMatchObject({
      currentServiceDeployment: second?.serviceDeploymentArn,
      currentServiceRevisions: [
        { arn: second?.targetServiceRevision?.arn, requestedTaskCount: 2, pendingTaskCount: 2 },
        { arn: first?.targetServiceRevision?.arn, runningTaskCount: 2 },
      ],
    })
  })

  test('is forgotten after 90 days; the revision that runs is not', async () => {
    const account = withService()
    const [first] = history(account)
    const arn = first?.serviceDeploymentArn ?? ''
    await account.advance(90 * day - 1)
    expect(statuses(account)).toEqual(['SUCCESSFUL'])
    await account.advance(1)
    expect(account.service('shop')).not.toHaveProperty('currentServiceDeployment')
    expect(listed(account).serviceDeployments).toEqual([])
    expect(describeDeployments(account, [arn]).failures).toEqual([{ arn, reason: 'MISSING' }])
    const revision = first?.targetServiceRevision?.arn ?? ''
    expect(describeRevisions(account, [revision]).serviceRevisions).toHaveLength(1)
    update(account, { forceNewDeployment: true })
    await account.advance(150)
    expect(history(account)[0]?.sourceServiceRevisions).toMatchObject([{ arn: revision }])
    expect(describeRevisions(account, [revision]).serviceRevisions).toHaveLength(1)
  })

  test('is not forgotten while it is under way', async () => {
    const account = withService({}, { launchType: 'EC2' })
    await account.advance(100 * day)
    expect(statuses(account)).toEqual(['IN_PROGRESS'])
  })

  test('is none where CODE_DEPLOY deploys', async () => {
    const account = withService({}, { deploymentController: { type: 'CODE_DEPLOY' } })
    await account.advance(60)
    expect(account.service('shop')).toMatchObject({ runningCount: 2 })
    expect(account.service('shop')).not.toHaveProperty('currentServiceDeployment')
    expect(listed(account).serviceDeployments).toEqual([])
  })
})

describe('StopServiceDeployment', () => {
  const stop = (account: EcsAccount, input: object = {}) =>
    account.call('StopServiceDeployment', {
      serviceDeploymentArn: listed(account).serviceDeployments?.[0]?.serviceDeploymentArn,
      ...input,
    })

  test('rolls back, and tells of no failure', async () => {
    const account = withService()
    await account.advance(60)
    const good = account.service('shop').taskDefinition
    deployImage(account, 'acme/web:2')
    await account.advance(5)
    stop(account, { stopType: 'ROLLBACK' })
    expect(statuses(account)[0]).toBe('ROLLBACK_REQUESTED')
    await account.advance(2)
    expect(statuses(account)[0]).toBe('ROLLBACK_IN_PROGRESS')
    await account.advance(120)
    expect(statuses(account)).toEqual(['ROLLBACK_SUCCESSFUL', 'SUCCESSFUL'])
    expect(account.service('shop')).toMatchObject({ taskDefinition: good, runningCount: 2 })
    expect(account.service('shop').deployments).toHaveLength(1)
    expect(named(account, 'SERVICE_DEPLOYMENT_FAILED')).toEqual([])
  })

  test('of the first deployment ever leaves the service where it is', async () => {
    const account = withService({ imageExists: () => false })
    await account.advance(5)
    stop(account)
    await account.advance(3600)
    expect(statuses(account)).toEqual(['ROLLBACK_FAILED'])
    expect(account.service('shop').deployments).toMatchObject([{ rolloutState: 'FAILED' }])
    expect(named(account, 'SERVICE_DEPLOYMENT_FAILED')).toEqual([])
    expect(live(account)).toEqual([])
  })

  test.each([
    {
      case: 'what has ended',
      input: {},
      refused: /^ConflictException: The service deployment can't be stopped: it is SUCCESSFUL/,
    },
    {
      case: 'what is not there',
      input: { serviceDeploymentArn: missing('service-deployment') },
      refused: /^ServiceDeploymentNotFoundException/,
    },
    { case: 'ABORT', input: { stopType: 'ABORT' }, refused: /^UnsupportedFeatureException: .*\(ABORT\)/ },
    { case: 'another kind of ARN', input: { serviceDeploymentArn: 'shop' }, refused: /^InvalidParameterException/ },
  ])('refuses $case', async ({ input, refused }) => {
    const account = withService()
    await account.advance(60)
    expect(refusal(() => stop(account, input))).toMatch(refused)
    expect(statuses(account)).toEqual(['SUCCESSFUL'])
  })
})

describe('ListServiceDeployments', () => {
  /** Deployments an hour apart, of which every second one is overtaken at once. */
  async function busy(count: number): Promise<EcsAccount> {
    const account = withService()
    for (let n = 1; n < count; n += 1) {
      await account.advance(n % 2 === 0 ? 1 : 3599)
      update(account, { forceNewDeployment: true })
    }
    await account.advance(600)
    return account
  }

  test('gives 20 a page, newest first, and none twice though new ones come in between', async () => {
    const account = await busy(45)
    const all = listed(account, { maxResults: 100 }).serviceDeployments ?? []
    expect(all).toHaveLength(45)
    const times = all.map(one => one.createdAt?.getTime() ?? 0)
    expect(times).toEqual(times.toSorted((one, other) => other - one))
    const first = listed(account)
    update(account, { forceNewDeployment: true })
    const second = listed(account, { nextToken: first.nextToken })
    const third = listed(account, { nextToken: second.nextToken })
    const pages = [first, second, third].map(page => page.serviceDeployments ?? [])
    expect(pages.map(page => page.length)).toEqual([20, 20, 5])
    expect(third).not.toHaveProperty('nextToken')
    const arnsOf = (list: { serviceDeploymentArn?: string | undefined }[]) => list.map(one => one.serviceDeploymentArn)
    expect(arnsOf(pages.flat())).toEqual(arnsOf(all))
  })

  test('filters by status and by time', async () => {
    const account = await busy(9)
    const all = listed(account).serviceDeployments ?? []
    const some = listed(account, { status: ['STOPPED'] }).serviceDeployments ?? []
    expect(some.length).toBeGreaterThan(2)
    expect(some).toEqual(all.filter(one => one.status === 'STOPPED'))
    const [newest, , third] = all
    const between = { createdAt: { before: newest?.createdAt, after: third?.createdAt } }
    expect(listed(account, between).serviceDeployments).toEqual([all[1]])
  })

  test.each([
    { case: 'a service that is missing', input: { service: 'nope' }, refused: /^ServiceNotFoundException/ },
    { case: 'a cluster that is missing', input: { cluster: 'nope' }, refused: /^ClusterNotFoundException/ },
    { case: 'a status that is none', input: { status: ['DONE'] }, refused: /^InvalidParameterException/ },
    { case: 'a page too large', input: { maxResults: 101 }, refused: /^InvalidParameterException/ },
    { case: 'a token of its own making', input: { nextToken: 'x' }, refused: /^InvalidParameterException/ },
  ])('refuses $case', ({ input, refused }) => {
    const account = withService()
    expect(refusal(() => listed(account, input))).toMatch(refused)
  })
})

describe('Describe', () => {
  test.each([
    { describe: describeDeployments, kind: 'service-deployment' },
    { describe: describeRevisions, kind: 'service-revision' },
  ])('of a $kind names what is missing, and refuses other ARNs, none, and more than 20', ({ describe, kind }) => {
    const account = withService()
    const arn = missing(kind)
    expect(describe(account, [arn]).failures).toEqual([{ arn, reason: 'MISSING' }])
    for (const asked of [[], Array(21).fill(arn), ['shop'], [`${arnPrefix}service/default/shop`]])
      expect(refusal(() => describe(account, asked))).toMatch(/^InvalidParameterException/)
  })

  test('of a service revision says what runs', () => {
    const image = `acme/web@sha256:${'a'.repeat(64)}`
    const account = ecsAccount()
    const taskDefinition = account.register({ containerDefinitions: [container({ image })] })
    create(account)
    const [deployment] = history(account)
    expect(describeRevisions(account, [deployment?.targetServiceRevision?.arn ?? '']).serviceRevisions).toMatchObject([
      {
        serviceRevisionArn: deployment?.targetServiceRevision?.arn,
        taskDefinition,
        launchType: 'FARGATE',
        platformVersion: 'LATEST',
        containerImages: [{ containerName: 'web', image, imageDigest: `sha256:${'a'.repeat(64)}` }],
        createdAt: account.clock.now(),
      },
    ])
  })
})

test('the SDK reads every answer, and raises the typed exceptions', async () => {
  const account = withService(
    { imageExists: image => !image.includes('broken') },
    { deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } } },
  )
  const { client, faults } = localAccount({ ecs: account.ecs.operations })
  const ecs = new ECSClient(client)
  await account.advance(60)
  deployImage(account, 'acme/broken:1')
  await account.advance(3600)
  const { serviceDeployments = [] } = await ecs.send(
    new ListServiceDeploymentsCommand({ service: 'shop', createdAt: { after: new Date('2026-03-01T22:00:30Z') } }),
  )
  expect(serviceDeployments).toMatchObject([{ status: 'ROLLBACK_SUCCESSFUL', createdAt: expect.any(Date) }])
  const arn = serviceDeployments[0]?.serviceDeploymentArn ?? ''
  const described = await ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn] }))
  expect(described.serviceDeployments).toEqual([history(account)[0]])
  const revision = described.serviceDeployments?.[0]?.rollback?.serviceRevisionArn ?? ''
  const revisions = await ecs.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns: [revision] }))
  const services = await ecs.send(new DescribeServicesCommand({ services: ['shop'] }))
  expect(revisions.serviceRevisions?.[0]?.taskDefinition).toBe(services.services?.[0]?.taskDefinition)
  expect(services.services?.[0]?.currentServiceRevisions?.[0]?.arn).toBe(revision)
  const stop = new StopServiceDeploymentCommand({ serviceDeploymentArn: missing('service-deployment') })
  await expect(ecs.send(stop)).rejects.toBeInstanceOf(ServiceDeploymentNotFoundException)
  expect(faults).toEqual([])
})
