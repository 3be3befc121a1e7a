import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../shared/outcome.ts'
import { RetryableError } from '../../shared/ports.ts'
import { recordService } from '../../shared/status/record-service.ts'
import { config, service, task } from '../deploy/targets.ts'
import { simulatedWorld } from '../simulated-world.ts'

const samples = new URL('../../events/samples/', import.meta.url)
const sample = (name: string) => JSON.parse(readFileSync(new URL(name, samples), 'utf8'))

const shop = service({ name: 'shop', cluster: 'other' }, { service: 'web' })
const targets = config(service(), shop, task({ name: 'web-task' }))

async function telling(
  resources: string[],
  outcome: () => Promise<Outcome> = async () => ({ kind: 'done', what: '' }),
) {
  const advanced: string[] = []
  const { world, logged } = simulatedWorld()
  const event = { ...sample('deployment-failed.json'), resources }
  const answer = await recordService(event, {
    config: targets,
    world,
    hasTime: () => true,
    advance: ({ name }) => {
      advanced.push(name)
      return outcome()
    },
  })
  return { answer, advanced, logged }
}

const arn = (path: string) => `arn:aws:ecs:eu-central-1:123456789012:service/${path}`

describe('the targets of the service that an event names are advanced', () => {
  test.each([
    ['a service of a target', [arn('demo/web')], ['web']],
    ['one of that name in another cluster', [arn('other/web')], ['shop']],
    ['one of that name nowhere', [arn('third/web')], []],
    ['an older ARN, without the cluster', [arn('web')], ['web', 'shop']],
    ['another service', [arn('demo/api')], []],
    ['a service whose name ends alike', [arn('demo/my-web')], []],
    ['no service', ['arn:aws:ecs:eu-central-1:123456789012:cluster/demo'], []],
    ['nothing', [], []],
  ])('%s', async (_, resources, expected) => {
    const { answer, advanced } = await telling(resources)
    expect(advanced).toEqual(expected)
    expect(answer.kind).toBe(expected.length > 0 ? 'done' : 'skipped')
  })

  test.each(readdirSync(samples).filter(name => /^(deployment|service-action)-/.test(name)))('%s', async name => {
    const { eventName, reason } = sample(name).detail
    const advanced: string[] = []
    const { world, logged } = simulatedWorld()
    const advance = async (target: { name: string }): Promise<Outcome> => {
      advanced.push(target.name)
      return { kind: 'done', what: '' }
    }
    await recordService(sample(name), { config: targets, world, advance, hasTime: () => true })
    expect(advanced).toEqual(['web'])
    expect(logged).toContainEqual(
      expect.objectContaining({ facts: { ecsService: 'web', cluster: 'demo', eventName, said: reason } }),
    )
  })
})

describe('what comes of it', () => {
  test.each([
    [
      'comes back when it may succeed later',
      async () => ({ kind: 'retryable', reason: 'aws-unavailable', detail: '' }),
      'retryable',
    ],
    ['comes back when AWS did not answer', () => Promise.reject(new RetryableError('throttled')), 'retryable'],
    [
      'is no dead letter when the rollout failed for good',
      async () => ({ kind: 'permanent', reason: 'aws-refused', detail: 'no' }),
      'skipped',
    ],
    ['is skipped when nothing was to do', async () => ({ kind: 'skipped', reason: 'nothing-under-way' }), 'skipped'],
  ] as [string, () => Promise<Outcome>, string][])('%s', async (_, outcome, kind) => {
    const { answer } = await telling([arn('demo/web')], outcome)
    expect(answer.kind).toBe(kind)
  })
})
