import { describe, expect, test } from 'vitest'
import { type BusEvent, createBus, type Loss, type Misbehaviour } from '../../../local/account/bus.ts'
import { createSqs } from '../../../local/account/sqs.ts'
import { accountContext } from '../account-context.ts'

const region = 'arn:aws:sqs:eu-central-1:123456789012'
const push = (tag: string) => ({
  source: 'aws.ecr',
  'detail-type': 'ECR Image Action',
  resources: [],
  detail: { 'action-type': 'PUSH', 'image-tag': tag },
})

function account({ seed = 1, allowed = ['pushed', 'other'] } = {}) {
  const context = accountContext({ seed })
  const sqs = createSqs(context)
  const bus = createBus(context, sqs.deliver)
  const policy = {
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Condition: { ArnEquals: { 'aws:SourceArn': allowed.map(bus.ruleArn) } },
      },
    ],
  }
  const settings = { visibilityTimeoutSeconds: 30, retentionSeconds: 3600 }
  const images = sqs.createQueue({ name: 'images', policy, ...settings })
  const deadPolicy = { Statement: policy.Statement.map(({ Condition, ...others }) => others) }
  const dead = sqs.createQueue({ name: 'dead', policy: deadPolicy, ...settings })
  const target = { id: 'images', arn: `${region}:images`, deadLetterArn: `${region}:dead` }
  bus.putRule({
    name: 'pushed',
    pattern: { source: ['aws.ecr'], detail: { 'action-type': ['PUSH'] } },
    targets: [target],
  })
  const bodies = (queue: typeof images): BusEvent[] => queue.receive(1000).map(({ body }) => JSON.parse(body))
  return {
    context,
    sqs,
    bus,
    images,
    dead,
    target,
    tags: () => bodies(images).map(event => event.detail['image-tag']),
    bodies,
  }
}

describe('the bus', () => {
  test('brings an event with its envelope, once the clock moves on', async () => {
    const { context, bus, images, bodies } = account()
    bus.emit(push('1.0.0'))
    expect(images.counts.visible).toBe(0)
    await context.clock.advance(1_000)
    expect(bodies(images)).toEqual([
      {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/),
        'detail-type': 'ECR Image Action',
        source: 'aws.ecr',
        account: '123456789012',
        time: '2026-03-01T22:00:00Z',
        region: 'eu-central-1',
        resources: [],
        detail: { 'action-type': 'PUSH', 'image-tag': '1.0.0' },
      },
    ])
  })

  test('brings only what a rule matches, but tells every event with the rules it matched', async () => {
    const { context, bus, images } = account()
    const told: [string, string[]][] = []
    const stop = bus.onEvent((event, matched) => told.push([String(event.detail['action-type']), matched]))
    bus.emit(push('1'))
    bus.emit({ ...push('2'), detail: { 'action-type': 'DELETE' } })
    stop()
    bus.emit(push('3'))
    await context.clock.advance(1_000)
    expect(images.counts.visible).toBe(2)
    expect(told).toEqual([
      ['PUSH', ['pushed']],
      ['DELETE', []],
    ])
  })

  test('an event that is changed after it was emitted arrives as it was', async () => {
    const { context, bus, tags } = account()
    const told: BusEvent[] = []
    bus.onEvent(heard => told.push(heard))
    const event = push('1')
    bus.emit(event)
    event.detail['image-tag'] = '2'
    await context.clock.advance(1_000)
    expect(tags()).toEqual(['1'])
    expect(told.map(({ detail }) => detail['image-tag'])).toEqual(['1'])
  })

  test('two rules that match bring it twice; putting a rule again replaces it', async () => {
    const { context, bus, target, tags } = account()
    bus.putRule({ name: 'other', pattern: { source: ['aws.ecr'] }, targets: [target] })
    bus.putRule({ name: 'other', pattern: { source: [{ prefix: 'aws.' }] }, targets: [target] })
    bus.emit(push('1'))
    await context.clock.advance(1_000)
    expect(tags()).toEqual(['1', '1'])
  })

  test('a rule with an unknown operator is refused, and the one before stays', async () => {
    const { context, bus, target, tags } = account()
    const pattern = { source: [{ fuzzy: 'aws' }] }
    expect(() => bus.putRule({ name: 'pushed', pattern, targets: [target] })).toThrow(/"fuzzy"/)
    bus.emit(push('1'))
    await context.clock.advance(1_000)
    expect(tags()).toEqual(['1'])
  })

  test.each([
    { case: 'a queue whose policy does not name the rule', queue: 'images', code: 'NO_PERMISSIONS' },
    { case: 'a queue that is not there', queue: 'gone', code: 'RESOURCE_NOT_FOUND' },
  ])('$case: the event goes to the dead letters, with why', async ({ queue, code }) => {
    const { context, bus, images, dead, target } = account({ allowed: ['other'] })
    const arn = `${region}:${queue}`
    bus.putRule({ name: 'pushed', pattern: { source: ['aws.ecr'] }, targets: [{ ...target, arn }] })
    bus.emit(push('1'))
    await context.clock.advance(1_000)
    expect(images.counts.visible).toBe(0)
    const [letter, ...others] = dead.receive(10)
    expect(others).toEqual([])
    expect(JSON.parse(letter?.body ?? '')).toMatchObject({ detail: { 'image-tag': '1' } })
    expect(letter?.attributes).toMatchObject({
      RULE_ARN: { DataType: 'String', StringValue: 'arn:aws:events:eu-central-1:123456789012:rule/pushed' },
      TARGET_ARN: { DataType: 'String', StringValue: arn },
      ERROR_CODE: { DataType: 'String', StringValue: code },
    })
  })

  test('an event that the dead letters refuse as well is lost, and the bus goes on', async () => {
    const { context, bus, target, images, tags } = account({ allowed: ['other'] })
    const losses: Loss[] = []
    const stop = bus.onLoss(loss => losses.push(loss))
    const rule = { name: 'pushed', pattern: { source: ['aws.ecr'] } }
    for (const targets of [[{ id: 'images', arn: target.arn }], [{ ...target, deadLetterArn: `${region}:gone` }]]) {
      bus.putRule({ ...rule, targets })
      bus.emit(push('lost'))
      await context.clock.advance(1_000)
    }
    expect(losses.map(({ rule, target, error }) => [rule, target, error.code])).toEqual([
      ['pushed', 'images', 'NO_PERMISSIONS'],
      ['pushed', 'images', 'RESOURCE_NOT_FOUND'],
    ])
    expect(images.counts.visible).toBe(0)
    stop()
    bus.putRule({ ...rule, name: 'other', targets: [target] })
    bus.emit(push('1'))
    await context.clock.advance(1_000)
    expect(tags()).toEqual(['1'])
    expect(losses).toHaveLength(2)
  })

  describe('misbehaves on purpose', () => {
    async function run(seed: number, how: Misbehaviour): Promise<unknown[]> {
      const { context, bus, tags } = account({ seed })
      bus.misbehave(how)
      for (let nth = 0; nth < 200; nth++) bus.emit(push(String(nth)))
      await context.clock.advance(120_000)
      return tags()
    }
    const inOrder = Array.from({ length: 200 }, (_, nth) => String(nth))

    test('drops some', async () => {
      const arrived = await run(1, { drop: 0.3 })
      expect(arrived.length).toBeGreaterThan(100)
      expect(arrived.length).toBeLessThan(180)
      expect(arrived).toEqual(inOrder.filter(tag => arrived.includes(tag)))
    })

    test('doubles some', async () => {
      const arrived = await run(1, { double: 0.3 })
      expect(arrived.length).toBeGreaterThan(220)
      expect([...new Set(arrived)]).toEqual(inOrder)
    })

    test('delays some, so that others overtake them, and loses none', async () => {
      const arrived = await run(1, { delay: 0.3, upToMs: 60_000 })
      expect(arrived).not.toEqual(inOrder)
      expect(arrived.toSorted()).toEqual(inOrder.toSorted())
    })

    test('the same seed gives the same run, another seed another', async () => {
      const how = { drop: 0.2, double: 0.2, delay: 0.5, upToMs: 10_000 }
      expect(await run(7, how)).toEqual(await run(7, how))
      expect(await run(8, how)).not.toEqual(await run(7, how))
    })

    test('until told otherwise', async () => {
      const { context, bus, tags } = account()
      bus.misbehave({ drop: 1 })
      bus.emit(push('1'))
      bus.misbehave({})
      bus.emit(push('2'))
      await context.clock.advance(1_000)
      expect(tags()).toEqual(['2'])
    })
  })
})
