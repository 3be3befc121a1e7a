import { describe, expect, test } from 'vitest'
import { runWhy } from '../../cli/commands/why.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget, recordDecision, recordsOfImage } from '../../shared/deploy/records.ts'
import { parseImageName, why } from '../../shared/deploy/why.ts'
import { RefusedError, RetryableError, type World } from '../../shared/ports.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'
import { gated } from './gated-world.ts'
import { dyingAt } from './held.ts'
import { config, job, service, task } from './targets.ts'

describe('each outcome is of the right kind, with its reason on record', () => {
  test('two Lambdas that register into one family at the same moment: the one that ECS turns away comes back', async () => {
    const { world, push } = simulatedWorld()
    let refusals = 1
    const fleet: World['fleet'] = {
      ...world.fleet,
      async registerTaskDefinition(definition) {
        // https://github.com/hashicorp/terraform-provider-aws/issues/9777
        const message = 'Too many concurrent attempts to create a new revision of the specified family.'
        if (refusals-- > 0) throw new RefusedError('ClientException', message)
        return world.fleet.registerTaskDefinition(definition)
      },
    }
    const event = push('acme/nightly', 'v1')
    expect(await deployImage(event, config(job()), { ...world, fleet })).toMatchObject({ kind: 'retryable' })
    expect(await deployImage(event, config(job()), { ...world, fleet })).toMatchObject({ kind: 'done' })
  })

  test.each([
    { case: 'a repository that is gone', error: new RefusedError('RepositoryNotFoundException', 'acme/nightly') },
    { case: 'ECR that throttles', error: new RetryableError('ThrottlingException') },
  ])('$case', async ({ error }) => {
    const { world, push } = simulatedWorld()
    const event = push('acme/nightly', 'v1')
    const describeImages = () => Promise.reject(error)
    const outcome = await deployImage(event, config(job()), {
      ...world,
      registry: { ...world.registry, describeImages },
    })
    expect(['retryable', 'permanent', 'skipped']).toContain(outcome.kind)
    const [decision] = await recordsOfImage(world.table, { repository: 'acme/nightly', tag: 'v1' }, 10)
    expect(decision).toMatchObject({ target: 'nightly', reason: 'reason' in outcome ? outcome.reason : '' })
  })

  test('an answer of ECS that makes no sense for one target does not keep another from its deployment', async () => {
    const { world, push, ecs } = simulatedWorld()
    const odd = job({ name: 'odd' }, { taskDefinition: { from: 'family', family: 'odd' } })
    const fleet: World['fleet'] = {
      ...world.fleet,
      async describeTaskDefinition(id) {
        // As the SDK gives it when the answer lacks the member.
        if (id === 'odd') return { arn: 'arn:odd:1', status: 'ACTIVE', definition: { family: 'odd' } } as never
        return world.fleet.describeTaskDefinition(id)
      },
    }
    const event = push('acme/nightly', 'v1')
    await deployImage(event, config(odd, job()), { ...world, fleet }).catch(() => undefined)
    expect(ecs.tasks()).toHaveLength(1)
  })

  test('an event that can never go on record is given up, not tried again', async () => {
    const { world, push } = simulatedWorld()
    const event = { ...push('acme/nightly', 'v1'), id: 'x'.repeat(1100) }
    const targets = config(job({ tags: { kind: 'exact', tag: 'live' } }))
    const outcome = await deployImage(event, targets, world).catch(error => ({ kind: 'thrown', reason: String(error) }))
    expect(['permanent', 'skipped']).toContain(outcome.kind)
  })

  test('a revision that was deregistered while a start was interrupted is registered again', async () => {
    const { world, push, call } = simulatedWorld()
    const event = push('acme/nightly', 'v1')
    const { gate, crashed } = dyingAt('runTask', 'before')
    await Promise.race([deployImage(event, config(job()), gated(world, gate)), crashed])
    const { newest } = await readTarget(world.table, 'nightly')
    await call('ecs', 'DeregisterTaskDefinition', { taskDefinition: newest?.revision?.arn })
    expect(await deployImage(event, config(job()), world)).toMatchObject({ kind: 'done' })
  })

  test('a service that was made anew since is not said to run what the one before it ran', async () => {
    const { world, push, createService, call, ecs, clock } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    await deployImage(push('acme/web', '1.1.0', 'same'), config(service()), world)
    await call('ecs', 'DeleteService', { cluster: 'demo', service: 'web', force: true })
    await clock.advance(600_000)
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const again = push('acme/web', '1.1.1', 'same')
    await deployImage(again, config(service()), world)
    const running = ecs.services().find(each => each.status === 'ACTIVE')?.taskDefinition ?? ''
    const revision = await world.fleet.describeTaskDefinition(running)
    expect(revision?.definition.containerDefinitions[0]?.image).toContain(again.detail['image-digest'])
  })

  test('what a deployment follows, and why, is known after an interruption, too', async () => {
    const { world, push, createService } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    await deployImage(push('acme/web', '1.1.0'), config(service()), world)
    const event = push('acme/web', '1.2.0')
    const { gate, crashed } = dyingAt('registerTaskDefinition', 'before')
    await Promise.race([deployImage(event, config(service()), gated(world, gate)), crashed])
    await deployImage(event, config(service()), world)
    const { newest } = await readTarget(world.table, 'web')
    expect(newest).toMatchObject({ number: 2, before: { tag: '1.1.0', number: 1 } })
    expect(newest?.because).toMatch(/newer than acme\/web:1\.1\.0/)
  })

  test('a target that was moved to another cluster is not said to run there what it ran elsewhere', async () => {
    const { world, push, call, ecs } = simulatedWorld()
    await call('ecs', 'CreateCluster', { clusterName: 'other' })
    await deployImage(push('acme/worker', 'v1', 'same'), config(task()), world)
    await deployImage(push('acme/worker', 'v2', 'same'), config(task({ cluster: 'other' })), world)
    expect(ecs.tasks().some(each => each.clusterArn?.endsWith('/other'))).toBe(true)
  })
})

describe('farguard why', () => {
  test('tells of a push whose tag had moved on, by its own digest', async () => {
    const { world, push } = simulatedWorld()
    const first = push('acme/nightly', 'latest', 'a')
    const second = push('acme/nightly', 'latest', 'b')
    await deployImage(first, config(job()), world)
    const digest = first.detail['image-digest']
    const [story] = await why({ repository: 'acme/nightly', digest }, 5, world.table)
    expect(story).toMatchObject({
      verdict: 'skip',
      reason: 'tag-moved',
      because: expect.stringContaining(second.detail['image-digest']),
    })
  })

  test('does not show a delay as the last word on what has started since', async () => {
    const { world, push, ecs, clock } = simulatedWorld()
    ecs.refuseCapacity({ capacityProvider: 'FARGATE', times: 1 })
    const event = push('acme/nightly', 'v1')
    // A call takes its time: the decision falls a moment after the claim that it follows.
    const fleet: World['fleet'] = {
      ...world.fleet,
      async runTask(request) {
        await clock.advance(250)
        return world.fleet.runTask(request)
      },
    }
    expect(await deployImage(event, config(job()), { ...world, fleet })).toMatchObject({ kind: 'retryable' })
    await clock.advance(180_000)
    expect(await deployImage(event, config(job()), { ...world, fleet })).toMatchObject({ kind: 'done' })
    const [newest] = await why({ repository: 'acme/nightly', tag: 'v1' }, 10, world.table)
    expect(newest).toMatchObject({ verdict: 'deploy', reason: 'started' })
  })

  test('names the deployment that followed, however many came since', async () => {
    const { world, push, createService } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    for (let minor = 1; minor <= 13; minor++)
      await deployImage(push('acme/web', `1.${minor}.0`), config(service()), world)
    const [story] = await why({ repository: 'acme/web', tag: '1.1.0' }, 10, world.table)
    const followed = story?.since.map(event => event.what).filter(what => what.startsWith('followed')) ?? []
    for (const what of followed) expect(what).toBe('followed by #2, 1.2.0')
  })

  test('survives labels that are no text', async () => {
    const { world, push } = simulatedWorld()
    await deployImage(push('acme/nightly', 'v1'), config(job()), world)
    const labels = {
      'org.opencontainers.image.revision': 5,
      'org.opencontainers.image.source': ['https://example.org'],
      'org.opencontainers.image.version': { of: 'everything' },
    } as unknown as Record<string, string>
    const stack = { name: 'a test', table: world.table, annotations: { annotationsOf: async () => labels } }
    const lines: string[] = []
    const terminal = { print: (line: string) => void lines.push(line) }
    const code = await runWhy('acme/nightly:v1', { json: false, limit: 20 }, { stack, terminal })
    expect(code).toBe(0)
    expect(lines.join('\n')).toContain('deployment #1, started')
  })

  test('shows as many decisions as it was asked for, also when a page of the table holds fewer', async () => {
    const { world } = simulatedWorld()
    const image = { repository: 'acme/web', tag: 'latest', digest: `sha256:${'a'.repeat(64)}` }
    for (let index = 10; index < 20; index++)
      await recordDecision(world.table, {
        target: 'web',
        at: `2026-03-01T22:00:${index}Z`,
        event: { id: `event-${index}`, at: '2026-03-01T22:00:00Z' },
        image,
        verdict: 'retry',
        reason: 'aws-unavailable',
        detail: 'x'.repeat(300_000),
      })
    expect(await why(parseImageName('acme/web:latest') ?? image, 10, world.table)).toHaveLength(10)
  })
})
