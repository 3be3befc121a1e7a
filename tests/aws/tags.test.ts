/** Tags of services and tasks, which ECS tells only who asks for them, and not everybody. */
import {
  ClusterNotFoundException,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ECSServiceException,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, expect, test } from 'vitest'
import { ecsFleet } from '../../shared/aws/ecs-fleet.ts'
import { RetryableError } from '../../shared/ports.ts'

const ecs = mockClient(ECSClient)
const fleet = ecsFleet({ region: 'eu-central-1' })
beforeEach(() => {
  ecs.reset()
})

const task = 'arn:aws:ecs:eu-central-1:123456789012:task/demo/a'
const tags = [{ key: 'team', value: 'data' }, { key: 'empty' }]

const refusal = (name: string, httpStatusCode = 400, message = 'no') =>
  new ECSServiceException({ name, $fault: 'client', $metadata: { httpStatusCode }, message })

const describes = [
  {
    of: 'services',
    answers: (said: object | undefined) =>
      ecs.on(DescribeServicesCommand).resolves({ services: [{ serviceName: 'web', ...said }] }),
    refuses: (error: Error) =>
      ecs.on(DescribeServicesCommand).callsFake(({ include }) => {
        if (include) throw error
        return { services: [{ serviceName: 'web', runningCount: 2, tags: [] }] }
      }),
    rest: { runningCount: 2 },
    ask: async () => (await fleet.describeServices('demo', ['web']))[0],
    asked: () => ecs.commandCalls(DescribeServicesCommand).map(call => call.args[0].input.include),
  },
  {
    of: 'tasks',
    answers: (said: object | undefined) =>
      ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: task, ...said }] }),
    refuses: (error: Error) =>
      ecs.on(DescribeTasksCommand).callsFake(({ include }) => {
        if (include) throw error
        return { tasks: [{ taskArn: task, lastStatus: 'RUNNING', tags: [] }] }
      }),
    rest: { lastStatus: 'RUNNING' },
    ask: async () => (await fleet.describeTasks('demo', [task]))[0],
    asked: () => ecs.commandCalls(DescribeTasksCommand).map(call => call.args[0].input.include),
  },
]

test.each(describes)('$of: asked for, and none is something else than not told', async ({ answers, ask, asked }) => {
  answers({ tags })
  expect(await ask()).toMatchObject({ tags: { team: 'data', empty: '' } })
  answers({ tags: [] })
  expect(await ask()).toHaveProperty('tags', {})
  answers({})
  expect(await ask()).not.toHaveProperty('tags')
  expect(asked()).toEqual([['TAGS'], ['TAGS'], ['TAGS']])
})

test.each(
  describes.flatMap(each => [
    { ...each, error: refusal('AccessDeniedException', 400, 'not authorized to perform: ecs:ListTagsForResource') },
    {
      ...each,
      error: refusal('InvalidParameterException', 400, 'Long arn format must be used for tagging operations'),
    },
  ]),
)(
  '$of: where $error.name meets who asks for tags, all but the tags is told',
  async ({ refuses, rest, ask, asked, error }) => {
    refuses(error)
    const found = await ask()
    expect(found).toMatchObject(rest)
    // ECS answers an empty list who did not ask.
    expect(found).not.toHaveProperty('tags')
    expect(asked()).toEqual([['TAGS'], undefined])
  },
)

test.each(describes)('$of: what fails for now is not asked again without', async ({ refuses, ask, asked }) => {
  refuses(refusal('ThrottlingException'))
  await expect(ask()).rejects.toThrow(RetryableError)
  expect(asked()).toEqual([['TAGS']])
})

test.each(describes)('$of: nor is what is not there', async ({ refuses, ask, asked }) => {
  refuses(new ClusterNotFoundException({ message: 'no', $metadata: { httpStatusCode: 400 } }))
  await ask().catch(() => {})
  expect(asked()).toEqual([['TAGS']])
})

test('what a change of a service is answered says nothing of its tags', async () => {
  ecs.on(UpdateServiceCommand).resolves({ service: { serviceName: 'web', tags: [] } })
  const changed = await fleet.updateService({ cluster: 'demo', service: 'web', revision: 'web:2' })
  expect(changed).not.toHaveProperty('tags')
})

test('target groups: those of load balancers that have one; none is something else than not told', async () => {
  const [{ answers, ask }] = describes as [(typeof describes)[0]]
  answers({
    loadBalancers: [{ targetGroupArn: 'group/a' }, { loadBalancerName: 'classic' }, { targetGroupArn: 'group/b' }],
  })
  expect(await ask()).toHaveProperty('targetGroups', ['group/a', 'group/b'])
  answers({ loadBalancers: [] })
  expect(await ask()).toHaveProperty('targetGroups', [])
  answers({})
  expect(await ask()).not.toHaveProperty('targetGroups')
})
