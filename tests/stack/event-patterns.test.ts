import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import ecrPush from '../../events/samples/push-tagged.json' with { type: 'json' }
import { checkPattern, matchesPattern } from '../../local/account/event-pattern.ts'
import type { Config } from '../../shared/config/config.ts'
import { imagePatterns, servicePatterns, taskPatterns } from '../../stack/event-patterns.ts'
import { config, guard, job, service, task } from '../deploy/targets.ts'

type Event = Record<string, unknown>

const region = 'arn:aws:ecs:eu-central-1:123456789012'

function isTaken(patterns: readonly unknown[], event: Event): boolean {
  return patterns.some(pattern => {
    checkPattern(pattern)
    return matchesPattern(pattern, event)
  })
}

describe('of image events', () => {
  const patterns = imagePatterns(config(service({ repository: 'acme/web' }), job({ repository: 'acme/nightly' })))

  test.each<{ case: string; detail: Event; taken: boolean }>([
    { case: 'a push', detail: {}, taken: true },
    { case: 'a push to another repository named', detail: { 'repository-name': 'acme/nightly' }, taken: true },
    { case: 'a deletion', detail: { 'action-type': 'DELETE' }, taken: true },
    { case: 'an image archived or restored', detail: { 'action-type': 'UPDATE_STORAGE_CLASS' }, taken: true },
    { case: 'a replication', detail: { 'action-type': 'REPLICATE' }, taken: false },
    { case: 'a push that failed', detail: { result: 'FAILURE' }, taken: false },
    { case: 'a push to a repository within one', detail: { 'repository-name': 'acme/web/cache' }, taken: false },
    { case: 'a push to one that ends alike', detail: { 'repository-name': 'other/acme/web' }, taken: false },
  ])('$case: $taken', ({ detail, taken }) => {
    const push = { ...ecrPush, detail: { ...ecrPush.detail, 'repository-name': 'acme/web', ...detail } }
    expect(isTaken(patterns, push)).toBe(taken)
  })

  test('no other kind of event', () => {
    const scan = { ...ecrPush, 'detail-type': 'ECR Image Scan', detail: { ...ecrPush.detail } }
    expect(isTaken(imagePatterns(config(service({ repository: ecrPush.detail['repository-name'] }))), scan)).toBe(false)
  })
})

describe('of task events', () => {
  const patterns = taskPatterns({
    ...config(service({ cluster: 'demo' }), task({ cluster: 'batch-2' })),
    guard: guard({ clusters: ['demo', 'guarded'] }),
  })

  test.each<{ case: string; detail: Event; taken: boolean }>([
    { case: 'in a cluster named', detail: { clusterArn: `${region}:cluster/demo` }, taken: true },
    { case: 'in another one named', detail: { clusterArn: `${region}:cluster/batch-2` }, taken: true },
    {
      case: 'in one without targets that the guard judges',
      detail: { clusterArn: `${region}:cluster/guarded` },
      taken: true,
    },
    {
      case: 'in China, where ARNs begin otherwise',
      detail: { clusterArn: 'arn:aws-cn:ecs:cn-north-1:1:cluster/demo' },
      taken: true,
    },
    { case: 'in a cluster that ends alike', detail: { clusterArn: `${region}:cluster/not-demo` }, taken: false },
    { case: 'in a cluster that begins alike', detail: { clusterArn: `${region}:cluster/demo-2` }, taken: false },
    { case: 'of EC2', detail: { clusterArn: `${region}:cluster/demo`, launchType: 'EC2' }, taken: false },
    {
      case: 'that does not say its launch type',
      detail: { clusterArn: `${region}:cluster/demo`, launchType: undefined },
      taken: true,
    },
  ])('$case: $taken', ({ detail, taken }) => {
    const all: Event = { lastStatus: 'RUNNING', launchType: 'FARGATE', ...detail }
    const said = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
    const event = { source: 'aws.ecs', 'detail-type': 'ECS Task State Change', detail: said }
    expect(isTaken(patterns, event)).toBe(taken)
  })
})

describe('of service events', () => {
  const patterns = servicePatterns(
    config(service({ cluster: 'demo' }, { service: 'web' }), service({ cluster: 'prod' }, { service: 'api' }), job()),
  )

  test.each<{ case: string; arn: string; kind?: string; taken: boolean }>([
    { case: 'a service named', arn: 'service/demo/web', taken: true },
    { case: 'its actions', arn: 'service/demo/web', kind: 'ECS Service Action', taken: true },
    { case: 'its tasks', arn: 'service/demo/web', kind: 'ECS Task State Change', taken: false },
    { case: 'another one named', arn: 'service/prod/api', taken: true },
    { case: 'an ARN without the cluster', arn: 'service/web', taken: true },
    { case: 'the name in another cluster', arn: 'service/prod/web', taken: false },
    { case: 'a service that ends alike', arn: 'service/demo/my-web', taken: false },
    { case: 'one that ends alike, without the cluster', arn: 'service/my-web', taken: false },
    { case: 'a cluster that ends alike', arn: 'service/my-demo/web', taken: false },
    { case: 'a cluster called as the service', arn: 'service/web/other', taken: false },
  ])('$case: $taken', ({ arn, kind = 'ECS Deployment State Change', taken }) => {
    expect(isTaken(patterns, { source: 'aws.ecs', 'detail-type': kind, resources: [`${region}:${arn}`] })).toBe(taken)
  })

  test('none where no target is a service', () => {
    expect(servicePatterns(config(task(), job()))).toEqual([])
  })
})

describe.each<{ about: string; patterns(config: Config): readonly unknown[]; namesIn(pattern: unknown): string[] }>([
  { about: 'images', patterns: imagePatterns, namesIn: named(/"repository-name":\[(.*?)\]/) },
  { about: 'tasks', patterns: taskPatterns, namesIn: named(/"clusterArn":\[(.*?)\]/) },
  { about: 'services', patterns: servicePatterns, namesIn: named(/"resources":\[(.*?)\]/) },
])('the patterns of $about', ({ patterns, namesIn }) => {
  const name = fc.stringMatching(/^[a-z0-9]{2,60}$/)
  const targets = fc.array(
    fc
      .record({ repository: fc.array(name, { minLength: 1, maxLength: 4 }), cluster: name, of: name })
      .map(({ repository, cluster, of }) => service({ repository: repository.join('/'), cluster }, { service: of })),
    { minLength: 1, maxLength: 120 },
  )

  test('have at most 2,048 characters and could not hold the next name; none is in two', () => {
    fc.assert(
      fc.property(targets, some => {
        const made = patterns(config(...some))
        for (const [nth, pattern] of made.entries()) {
          const length = JSON.stringify(pattern).length
          expect(length).toBeLessThanOrEqual(2048)
          const [following] = namesIn(made[nth + 1])
          if (following !== undefined) expect(length + following.length + 1).toBeGreaterThan(2048)
        }
        const names = made.flatMap(namesIn)
        expect(new Set(names).size).toBe(names.length)
      }),
      { numRuns: 30 },
    )
  })

  test('take what each of any number of targets is about, whatever their order and how often they name it', () => {
    const many = Array.from({ length: 200 }, (_, nth) =>
      service(
        { repository: `acme/${'r'.repeat(60)}${nth}`, cluster: `c${nth}-${'c'.repeat(60)}` },
        { service: `s${nth}` },
      ),
    )
    const made = patterns(config(...many))
    expect(made.length).toBeGreaterThan(3)
    expect(patterns(config(...many.toReversed(), ...many))).toEqual(made)
    for (const { repository, cluster, run } of many) {
      const name = run.kind === 'service' ? run.service : ''
      const events = [
        { ...ecrPush, detail: { ...ecrPush.detail, 'repository-name': repository } },
        {
          source: 'aws.ecs',
          'detail-type': 'ECS Task State Change',
          detail: { clusterArn: `${region}:cluster/${cluster}`, launchType: 'FARGATE' },
        },
        {
          source: 'aws.ecs',
          'detail-type': 'ECS Service Action',
          resources: [`${region}:service/${cluster}/${name}`],
        },
      ]
      expect(events.filter(event => isTaken(made, event))).toHaveLength(1)
    }
  })
})

/** What stands in a list of a pattern, each as it is written there. */
function named(list: RegExp): (pattern: unknown) => string[] {
  return pattern => (list.exec(JSON.stringify(pattern) ?? '')?.[1] ?? '').split(',').filter(Boolean)
}
