/** Logs of tasks through the SDK, on the local account. */
import { expect, test } from 'vitest'
import { registryHost, simulatedWorld, taskDefinition } from '../simulated-world.ts'

/** A job that wrote its lines into /ecs/nightly, and the stream that it wrote them to. */
async function written() {
  const { world, push, call, clock, logs } = simulatedWorld()
  const digest = push('acme/nightly', '1.0.0', '1.0.0', { 'local.behaviour': 'exits 3 after 5m' }).detail[
    'image-digest'
  ]
  const image = `${registryHost}/acme/nightly@${digest}`
  const options = { 'awslogs-group': '/ecs/nightly', 'awslogs-region': 'eu-central-1', 'awslogs-stream-prefix': 'job' }
  const definition = taskDefinition('nightly', image)
  const containerDefinitions = [{ name: 'app', image, logConfiguration: { logDriver: 'awslogs', options } }]
  await call('logs', 'CreateLogGroup', { logGroupName: '/ecs/nightly' })
  await call('ecs', 'RegisterTaskDefinition', { ...definition, containerDefinitions })
  const { tasks } = await world.fleet.runTask({
    cluster: 'demo',
    revision: 'nightly:1',
    count: 1,
    capacity: 'on-demand',
    network: { subnets: ['subnet-0a1b2c3d'], securityGroups: [], publicIp: false },
    startedBy: 'test',
    clientToken: 'token',
    tags: [],
  })
  const stream = `job/app/${tasks[0]?.arn.split('/').at(-1)}`
  return { logs, clock, stream }
}

test('the last lines, and what came after them, each once', async () => {
  const { logs, clock, stream } = await written()
  await clock.advance(2 * 60_000)
  const running = await logs.lastLines('/ecs/nightly', stream, 100)
  expect(running?.lines.length).toBeGreaterThan(0)
  expect(await logs.linesAfter('/ecs/nightly', stream, running?.next ?? '')).toEqual({ lines: [], next: running?.next })
  await clock.advance(10 * 60_000)
  const after = await logs.linesAfter('/ecs/nightly', stream, running?.next ?? '')
  expect(after?.lines.length).toBeGreaterThan(0)
  const all = await logs.lastLines('/ecs/nightly', stream, 100)
  expect(all?.lines).toEqual([...(running?.lines ?? []), ...(after?.lines ?? [])])
  expect(all?.lines.map(({ at }) => at)).toEqual(all?.lines.map(({ at }) => at).toSorted())
  expect((await logs.lastLines('/ecs/nightly', stream, 2))?.lines).toEqual(all?.lines.slice(-2))
})

test('no such group, and no such stream: undefined', async () => {
  const { logs, stream } = await written()
  expect(await logs.lastLines('/ecs/none', stream, 10)).toBeUndefined()
  expect(await logs.lastLines('/ecs/nightly', 'job/app/none', 10)).toBeUndefined()
})
