/** The whole control plane, from a push to the record of it: bus, queue, function, ECS, table, on a simulated clock. */
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import type { Context } from 'aws-lambda'
import { describe, expect, test } from 'vitest'
import { ecrImageAction } from '../../events/ecr-image-action.ts'
import { queueHandler } from '../../functions/queue-handler.ts'
import { AwsError } from '../../local/account/aws-error.ts'
import { SimulatedClock } from '../../local/account/clock.ts'
import { behaviourIn, furnish } from '../../local/furnish.ts'
import { createLocalAccount, localAccountId } from '../../local/local-account.ts'
import { deployStack } from '../../local/stack/deploy-stack.ts'
import { readTemplate } from '../../local/stack/template.ts'
import { inProcessHandler } from '../../local/wire/in-process.ts'
import { dynamoDbTable } from '../../shared/aws/dynamodb-table.ts'
import { ecrRegistry } from '../../shared/aws/ecr-registry.ts'
import { ecsFleet } from '../../shared/aws/ecs-fleet.ts'
import { deadLetters } from '../../shared/aws/sqs-dead-letters.ts'
import { readConfig } from '../../shared/config/load.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { why } from '../../shared/deploy/why.ts'
import { stackResources } from '../../stack/resources.ts'
import { listDeployments, manifest } from '../simulated-world.ts'

const minute = 60_000

/** The example of farguard.yml, deployed. `serverless package` adds the function and its mapping to these resources; tests/stack checks that. */
async function deployed({ seed = 1 } = {}) {
  const read = readConfig('farguard.yml')
  if ('problems' in read) throw new Error('farguard.yml is broken')
  const { config } = read
  const clock = new SimulatedClock('2026-03-01T22:00:00Z')
  const region = 'eu-central-1'
  const local = createLocalAccount({ clock, region, seed, host: () => 'sqs.local', behaviour: behaviourIn(config) })
  await furnish(local, config)
  const options = {
    requestHandler: inProcessHandler(local.wire),
    endpoint: 'http://127.0.0.1',
    region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  }
  const functionName = 'farguard-dev-deploy-image'
  const { Resources } = stackResources(config, { stage: 'dev', functionName, functionTimeoutSeconds: 30 })
  const mapping = {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      FunctionName: functionName,
      EventSourceArn: { 'Fn::GetAtt': ['ImagesQueue', 'Arn'] },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    },
  }
  const place = { accountId: localAccountId, region, queueUrl: local.sqs.queueUrl }
  const stack = readTemplate({ Resources: { ...Resources, Mapping: mapping } }, place)
  const table = dynamoDbTable(options, 'farguard-dev')
  const silent = { info() {}, warn() {}, error() {} }
  const world = { clock, registry: ecrRegistry(options), fleet: ecsFleet(options), table, log: silent }
  const aside = deadLetters(local.sqs.queueUrl('farguard-dev-dead-letters'), options)
  const handler = queueHandler(ecrImageAction, deployImage, () => ({ config, world, deadLetters: aside }))
  const context = { getRemainingTimeInMillis: () => 30_000, functionName } as Context
  await deployStack(stack, {
    context: local.context,
    sqs: local.sqs,
    bus: local.bus,
    async createTable(input) {
      const client = new DynamoDBClient(options)
      await client.send(new CreateTableCommand(input))
      await waitUntilTableExists(
        { client, maxWaitTime: 5, minDelay: 0.01, maxDelay: 0.01 },
        { TableName: input.TableName },
      )
    },
    invoke: async (_name, event) => handler(event, context),
  })
  const push = (repository: string, tag: string, content = tag) =>
    local.ecr.putManifest({ repository, tag, text: manifest(content), layers: 'may-be-missing' }).image.digest
  const imagesThatRun = (repository: string) =>
    local.ecs
      .tasks()
      .filter(task => task.lastStatus === 'RUNNING')
      .flatMap(task => task.containers?.map(container => container.image ?? '') ?? [])
      .filter(image => image.includes(`/${repository}@`))
      .map(image => image.replace(/^.*@/, ''))
  const queueDepth = (name: string) => local.sqs.queue(name)?.counts
  return { ...local, clock, world, table, push, imagesThatRun, queueDepth }
}

describe('a push', () => {
  test('of each kind runs within a minute, and says why', async () => {
    const { clock, push, imagesThatRun, table, ecs } = await deployed()
    const web = push('acme/web', '1.4.0')
    const worker = push('acme/worker', 'live')
    push('acme/nightly', '2026-03-01')
    await clock.advance(minute)
    expect(imagesThatRun('acme/web')).toEqual([web])
    expect(imagesThatRun('acme/worker')).toEqual([worker, worker])
    await clock.advance(minute)
    const jobs = ecs.tasks().filter(task => task.group === 'family:nightly')
    expect(jobs).toMatchObject([
      { lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited', containers: [{ exitCode: 0 }] },
    ])
    const [story] = await why({ repository: 'acme/web', tag: '1.4.0' }, 5, table)
    expect(story).toMatchObject({ target: 'web', verdict: 'deploy', reason: 'started', deployment: { number: 1 } })
  })

  test('that comes while ECS throttles is tried again and runs', async () => {
    const { clock, push, account, imagesThatRun } = await deployed()
    const throttled = new AwsError('ThrottlingException', 'Rate exceeded')
    account.failNext('ecs:UpdateService', { when: 'before', error: throttled }, { when: 'after', error: throttled })
    const digest = push('acme/web', '1.4.0')
    await clock.advance(15 * minute)
    expect(imagesThatRun('acme/web')).toEqual([digest])
  })

  test('that AWS never takes ends in the dead letters after five tries', async () => {
    const { clock, push, account, queueDepth } = await deployed()
    const broken = {
      when: 'before' as const,
      error: new AwsError('ServerException', 'Service unavailable', { status: 500 }),
    }
    account.failNext('ecr:DescribeImages', ...Array(100).fill(broken))
    push('acme/web', '1.4.0')
    await clock.advance(60 * minute)
    expect(queueDepth('farguard-dev-dead-letters')?.visible).toBe(1)
    expect(queueDepth('farguard-dev-images')).toMatchObject({ visible: 0 })
  })

  test.each([1, 2, 3, 4, 5])(
    'among forty, doubled, late and out of order (seed %i), ends on the newest, each started once',
    async seed => {
      const { clock, push, bus, imagesThatRun, table, account, ecs } = await deployed({ seed })
      const started: unknown[] = []
      account.onCall(call => call.name === 'ecs:RunTask' && started.push(call.input))
      bus.misbehave({ double: 0.5, delay: 0.5, upToMs: 5 * minute })
      let newest = ''
      const jobs = new Set<string>()
      for (let minor = 0; minor < 20; minor++) {
        newest = push('acme/web', `1.${minor}.0`)
        jobs.add(push('acme/nightly', `n${minor}`))
        await clock.advance(7_000)
      }
      await clock.advance(30 * minute)
      expect(imagesThatRun('acme/web')).toEqual([newest])
      const { newest: last } = await readTarget(table, 'web')
      expect(last).toMatchObject({ state: 'started', image: { tag: '1.19.0', digest: newest } })
      const nightly = await listDeployments(table, 'nightly', 100)
      expect(new Set(nightly.map(each => each.image.digest)).size).toBe(nightly.length)
      expect(started).toHaveLength(nightly.filter(each => each.attempts.length > 0).length)
      expect(nightly[0]).toMatchObject({ image: { tag: 'n19' }, state: 'started' })
      expect(jobs.size).toBe(20)
      expect(ecs.tasks().some(task => task.lastStatus === 'RUNNING' && task.group === 'family:nightly')).toBe(false)
    },
  )
})
