import type { RegisterTaskDefinitionRequest } from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import { container, definitionOf, ecsAccount, refusal } from './ecs-account.ts'

const ecr = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme/web:1'

const waiting = (name: string, ...others: string[]) =>
  container({ name, dependsOn: others.map(containerName => ({ containerName, condition: 'START' })) })

describe('RegisterTaskDefinition', () => {
  test('always makes a new revision, of identical content too', () => {
    const account = ecsAccount()
    const arns = [account.register(), account.register(), account.register({ family: 'job' })]
    expect(arns.map(arn => arn.split('/')[1])).toEqual(['web:1', 'web:2', 'job:1'])
  })

  test('fills in what ECS fills in, keeps what it does not know, and shows tags only when asked', () => {
    const account = ecsAccount()
    const arn = account.register({
      cpu: '.25 vCPU',
      memory: '0.5 GB',
      tags: [{ key: 'team', value: 'red' }],
      ephemeralStorage: { sizeInGiB: 21 },
      containerDefinitions: [
        container({ portMappings: [{ containerPort: 80 }], ulimits: [{ name: 'nofile', softLimit: 1, hardLimit: 2 }] }),
      ],
    })
    const { taskDefinition, tags } = definitionOf(account, 'web')
    expect(tags).toEqual([{ key: 'team', value: 'red' }])
    expect(account.call('DescribeTaskDefinition', { taskDefinition: arn })).not.toHaveProperty('tags')
    expect(taskDefinition).toMatchObject({
      taskDefinitionArn: arn,
      family: 'web',
      revision: 1,
      status: 'ACTIVE',
      cpu: '256',
      memory: '512',
      ephemeralStorage: { sizeInGiB: 21 },
      compatibilities: ['EC2', 'FARGATE'],
      requiresCompatibilities: ['FARGATE'],
      volumes: [],
      placementConstraints: [],
      registeredAt: new Date('2026-03-01T22:00:00Z'),
      containerDefinitions: [
        {
          cpu: 0,
          essential: true,
          environment: [],
          mountPoints: [],
          volumesFrom: [],
          portMappings: [{ containerPort: 80, hostPort: 80, protocol: 'tcp' }],
          ulimits: [{ name: 'nofile', softLimit: 1, hardLimit: 2 }],
        },
      ],
    })
    expect(taskDefinition?.requiresAttributes).toContainEqual({ name: 'ecs.capability.task-eni' })
    expect(taskDefinition).not.toHaveProperty('tags')
  })

  test.each<{ case: string; input: Partial<RegisterTaskDefinitionRequest>; refused: RegExp }>([
    {
      case: 'a size that Fargate has not',
      input: { cpu: '256', memory: '4096' },
      refused: /No Fargate configuration exists for given values: 256 CPU, 4096 memory/,
    },
    {
      case: 'a small Windows task',
      input: { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } },
      refused: /No Fargate configuration exists/,
    },
    { case: 'a cpu that is no size', input: { cpu: 'much' }, refused: /Invalid 'cpu' setting for task: "much"/ },
    { case: 'no size', input: { cpu: undefined }, refused: /Fargate requires that 'cpu' be defined/ },
    { case: 'another network mode', input: { networkMode: 'bridge' }, refused: /only supports network mode 'awsvpc'/ },
    {
      case: '20 GB, which is the default and cannot be asked for',
      input: { ephemeralStorage: { sizeInGiB: 20 } },
      refused: /between 21 and 200, but was 20/,
    },
    { case: '201 GB', input: { ephemeralStorage: { sizeInGiB: 201 } }, refused: /between 21 and 200/ },
    { case: 'no containers', input: { containerDefinitions: [] }, refused: /Container list cannot be empty/ },
    {
      case: 'a container twice',
      input: { containerDefinitions: [container(), container()] },
      refused: /web is there twice/,
    },
    {
      case: 'nothing essential',
      input: { containerDefinitions: [container({ essential: false })] },
      refused: /at least one essential/,
    },
    {
      case: 'no image',
      input: { containerDefinitions: [container({ image: '' })] },
      refused: /Container.image should not be null or empty/,
    },
    {
      case: 'a volume that is not there',
      input: { containerDefinitions: [container({ mountPoints: [{ sourceVolume: 'data' }] })] },
      refused: /Unknown volume 'data'/,
    },
    {
      case: 'a dependency that is not there',
      input: { containerDefinitions: [container({ dependsOn: [{ containerName: 'db', condition: 'START' }] })] },
      refused: /depends on 'db'/,
    },
    {
      case: 'a container that waits for itself',
      input: { containerDefinitions: [waiting('web', 'web')] },
      refused: /depends on 'web'/,
    },
    {
      case: 'containers that wait for each other',
      input: { containerDefinitions: [waiting('first', 'a'), waiting('a', 'b'), waiting('b', 'c'), waiting('c', 'a')] },
      refused: /in a cycle: a -> b -> c -> a/,
    },
    {
      case: 'an architecture that is none',
      input: { runtimePlatform: { cpuArchitecture: 'arm' as 'ARM64' } },
      refused: /cpuArchitecture should be one of \[X86_64, ARM64\], but was arm/,
    },
    {
      case: 'an operating system that is none',
      input: { runtimePlatform: { operatingSystemFamily: 'BEOS' as 'LINUX' } },
      refused: /operatingSystemFamily should be one of .*, but was BEOS/,
    },
    {
      case: 'Windows on ARM',
      input: {
        cpu: '1024',
        memory: '2048',
        runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE', cpuArchitecture: 'ARM64' },
      },
      refused: /WINDOWS_SERVER_2022_CORE runs on X86_64 only/,
    },
    {
      case: 'a stop timeout above 120 s',
      input: { containerDefinitions: [container({ stopTimeout: 121 })] },
      refused: /stopTimeout/,
    },
    { case: 'host paths', input: { volumes: [{ name: 'v', host: { sourcePath: '/v' } }] }, refused: /sourcePath/ },
    {
      case: 'containers larger than the task',
      input: { containerDefinitions: [container({ memory: 1024 })] },
      refused: /Invalid 'memory' setting/,
    },
    {
      case: 'a log driver that Fargate has not',
      input: { containerDefinitions: [container({ logConfiguration: { logDriver: 'syslog' } })] },
      refused: /Log driver.*syslog/,
    },
    {
      case: 'an ECR image without an execution role',
      input: { containerDefinitions: [container({ image: ecr })] },
      refused: /execution role ARN to support ECR images/,
    },
    { case: 'a family with a blank', input: { family: 'my web' }, refused: /Family contains invalid characters/ },
    {
      case: 'another host port',
      input: { containerDefinitions: [container({ portMappings: [{ containerPort: 80, hostPort: 8080 }] })] },
      refused: /must match/,
    },
  ])('refuses $case', ({ input, refused }) => {
    const account = ecsAccount()
    const said = refusal(() => account.register(input))
    expect(said).toMatch(/^ClientException: /)
    expect(said).toMatch(refused)
    expect(account.call('ListTaskDefinitions')).toEqual({ taskDefinitionArns: [] })
  })

  test('takes containers of which two wait for one', () => {
    const account = ecsAccount()
    const containerDefinitions = [waiting('web', 'proxy', 'db'), waiting('proxy', 'db'), container({ name: 'db' })]
    expect(account.register({ containerDefinitions })).toMatch(/web:1$/)
  })

  test.each([
    { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
    { cpuArchitecture: 'X86_64', operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' },
    { operatingSystemFamily: 'WINDOWS_SERVER_2019_FULL' },
  ] as const)('takes the platform $operatingSystemFamily on $cpuArchitecture', runtimePlatform => {
    const account = ecsAccount()
    expect(account.register({ cpu: '1024', memory: '2048', runtimePlatform })).toMatch(/web:1$/)
  })

  test('takes an ECR image with an execution role', () => {
    const account = ecsAccount()
    expect(
      account.register({
        executionRoleArn: 'arn:aws:iam::123456789012:role/pull',
        containerDefinitions: [container({ image: ecr })],
      }),
    ).toMatch(/web:1$/)
  })

  test('takes a definition for instances, which then does not run on Fargate', () => {
    const account = ecsAccount()
    account.register({ requiresCompatibilities: ['EC2'], networkMode: 'bridge' })
    expect(definitionOf(account, 'web').taskDefinition?.compatibilities).toEqual(['EC2'])
    expect(refusal(() => account.run())).toBe(
      'InvalidParameterException: Task definition does not support launch_type FARGATE.',
    )
  })
})

describe('task definitions', () => {
  test('are found by family, family:revision and ARN; a missing one is refused', () => {
    const account = ecsAccount()
    const [first, second] = [account.register(), account.register()]
    const found = (id: string) => definitionOf(account, id).taskDefinition?.taskDefinitionArn
    expect([found('web'), found('web:1'), found(first)]).toEqual([second, first, first])
    for (const missing of ['nope', 'web:3', first.replace('eu-central-1', 'us-east-1')])
      expect(refusal(() => found(missing))).toBe('ClientException: Unable to describe task definition.')
  })

  test('that are deregistered stay describable, and leave the lists of ACTIVE ones', () => {
    const account = ecsAccount()
    const [first, second] = [account.register(), account.register()]
    account.call('DeregisterTaskDefinition', { taskDefinition: 'web:2' })
    expect(definitionOf(account, second).taskDefinition).toMatchObject({
      status: 'INACTIVE',
      deregisteredAt: expect.any(Date),
    })
    expect(account.call('ListTaskDefinitions')).toEqual({ taskDefinitionArns: [first] })
    expect(account.call('ListTaskDefinitions', { status: 'INACTIVE' })).toEqual({ taskDefinitionArns: [second] })
    expect(refusal(() => account.call('DeregisterTaskDefinition', { taskDefinition: 'web' }))).toMatch(
      /Revision is missing/,
    )
    account.call('DeregisterTaskDefinition', { taskDefinition: 'web:1' })
    expect(account.call('ListTaskDefinitionFamilies', { status: 'ACTIVE' })).toEqual({ families: [] })
    expect(account.call('ListTaskDefinitionFamilies', { status: 'INACTIVE', familyPrefix: 'w' })).toEqual({
      families: ['web'],
    })
  })

  test('list in order of their revision numbers, both ways, in pages', () => {
    const account = ecsAccount()
    const arns = Array.from({ length: 12 }, () => account.register())
    account.register({ family: 'website' })
    type Page = { taskDefinitionArns: string[]; nextToken?: string }
    const list = (input: object) => account.call<Page>('ListTaskDefinitions', { familyPrefix: 'web', ...input })
    expect(list({}).taskDefinitionArns).toEqual(arns)
    const newest = list({ sort: 'DESC', maxResults: 5 })
    account.register()
    const next = list({ sort: 'DESC', maxResults: 5, nextToken: newest.nextToken })
    expect([...newest.taskDefinitionArns, ...next.taskDefinitionArns]).toEqual(arns.toReversed().slice(0, 10))
  })
})
