import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../shared/config/load.ts'
import { problemLines, sized, task } from './rendered.ts'

/** Path and message of each problem, without what all these paths begin with. */
function within(text: string): string[] {
  return problemLines(text).map(line =>
    line.replace(/^\S+ +targets\.worker\.taskDefinition\.?/, '').replace(/^containers\./, ''),
  )
}

function containers(...lines: string[]): string {
  return sized + lines.map(line => `        ${line}\n`).join('')
}

describe('the size', () => {
  test.each([
    ['300', '512', 'cpu  300 CPU units are no size of Fargate. Try 256 or 512'],
    ['20000', '512', 'cpu  20000 CPU units are no size of Fargate. Try 16384'],
    ['0.3 vCPU', '512', 'cpu  "0.3 vCPU" is not a CPU size. Try 256 or 0.25 vCPU'],
    ['big', '512', 'cpu  "big" is not a CPU size. Try 256 or 0.25 vCPU'],
    ['256', '700', 'memory  700 MiB does not go with 256 CPU units. Try 512, 1024 or 2048'],
    ['256', '4 GB', 'memory  4096 MiB does not go with 256 CPU units. Try 512, 1024 or 2048'],
    ['4 vCPU', '31 GB', 'memory  31744 MiB does not go with 4096 CPU units. Try 30720'],
    ['8192', '18 GB', 'memory  18432 MiB does not go with 8192 CPU units. Try 16384 or 20480'],
    ['256', '512 bananas', 'memory  "512 bananas" is not a memory size. Try 512 or 1 GB'],
    ['256', '-5', 'memory  -5 is not a memory size. Try 512 or 1 GB'],
    ['256', '[512]', 'memory  is a list, which does not fit here. Try 512 or 1 GB'],
  ])('cpu %s with memory %s', (cpu, memory, line) => {
    expect(within(`${task}      cpu: ${cpu}\n      memory: ${memory}\n      containers: { app: {} }\n`)).toEqual([line])
  })

  test.each([
    ['256', '512'],
    ['"256"', '"512"'],
    ['0.25 vCPU', '0.5 GB'],
    ['.25vcpu', '512MiB'],
    ['16 vCPU', '120GB'],
  ])('cpu %s with memory %s is taken', (cpu, memory) => {
    expect(within(`${task}      cpu: ${cpu}\n      memory: ${memory}\n      containers: { app: {} }\n`)).toEqual([])
  })

  test.each(['20', '20 GB', '201', '21.5', 'lots'])('ephemeralStorage: %s', size => {
    const shown = /^\d[\d.]*$/.test(size) ? size : `"${size}"`
    expect(within(containers('app: {}').replace('cpu: 256', `cpu: 256\n      ephemeralStorage: ${size}`))).toEqual([
      `ephemeralStorage  ${shown} is not a size from 21 to 200 GB (20 GB is what each task has anyway). Try 30 GB`,
    ])
  })
})

test('Windows: its sizes, its processor, no Spot, no storage of its own', () => {
  const text = containers('app: { user: me }')
    .replace(
      'cpu: 256',
      'cpu: 256\n      operatingSystem: windows-server-2022-core\n      architecture: arm64\n      ephemeralStorage: 30',
    )
    .replace('run: task', 'run: task\n    capacity: spot')
  expect(problemLines(text).map(line => line.replace(/^\S+ +targets\.worker\./, ''))).toEqual([
    'capacity  Fargate Spot does not run Windows. Try on-demand',
    'taskDefinition.cpu  256 CPU units are no size of Fargate for Windows. Try 1024',
    'taskDefinition.architecture  Fargate runs Windows on x86_64 only. Try x86_64',
    'taskDefinition.ephemeralStorage  can not be chosen for Windows. Remove this key',
    'taskDefinition.containers.app.user  is for Linux only. Remove this key',
  ])
})

test('without an execution role nothing can be pulled', () => {
  expect(within(containers('app: {}').replace(/.*executionRole.*\n/, ''))).toEqual([
    'executionRole  is missing: Fargate pulls the pushed image from ECR with it, reads secrets and writes logs. Try arn:aws:iam::123456789012:role/my-task',
  ])
})

describe('the container of the pushed image', () => {
  test('there is one', () => {
    expect(within(containers('app: { image: nginx }'))).toEqual([
      'containers  each container has an image of its own, so that none would run the pushed one. Remove image from one',
    ])
  })
  test('there is only one', () => {
    expect(within(containers('app: {}', 'b: {}'))).toEqual([
      'b  has no image, as app has none: only one runs the pushed image. Give this one an image',
    ])
  })
  test('a broken image is no missing one', () => {
    expect(within(containers('app: {}', 'b: { image: "a b" }'))).toEqual([
      'b.image  "a b" is not an image\'s name. Try public.ecr.aws/nginx/nginx:stable',
    ])
  })
  test.each([
    ['x', '"x" is none of this definition\'s containers. Try app'],
    ['side', '"side" has an image of its own; the pushed one runs in app. Try app'],
  ])('container: %s', (name, message) => {
    const text = containers('side: { image: nginx }', 'app: {}').replace(
      'run: task',
      `run: task\n    container: ${name}`,
    )
    expect(problemLines(text)).toEqual([`farguard.yml:6:16  targets.worker.container  ${message}`])
  })
})

describe('between containers', () => {
  test.each([
    [
      'none is essential',
      ['app: { essential: false }'],
      [
        'containers  no container is essential, so that the task would never end with one. Remove essential: false from one',
      ],
    ],
    [
      'one port twice',
      ['app: { ports: [80, 443/tcp] }', 'b: { image: x, ports: [443, 443/udp, { port: 80, name: p }] }'],
      [
        'b.ports[0]  443/tcp is taken by app: containers of a task share their ports. Choose another',
        'b.ports[2]  80/tcp is taken by app: containers of a task share their ports. Choose another',
      ],
    ],
    [
      'two ports of one name',
      ['app: { ports: [{ port: 80, name: p }, { port: 81, name: p }] }'],
      ['app.ports[1].name  "p" is the name of another port. Choose another'],
    ],
    [
      'waiting for none',
      ['app: { dependsOn: { db: start } }', 'b: { image: x }'],
      ['app.dependsOn.db  "db" is none of the containers. Try b'],
    ],
    [
      'waiting for itself',
      ['app: { dependsOn: { app: start } }'],
      ['app.dependsOn.app  a container can not wait for itself. Remove it'],
    ],
    [
      'a circle',
      [
        'app: { dependsOn: { b: start } }',
        'b: { image: x, dependsOn: { c: start } }',
        'c: { image: x, dependsOn: { b: start } }',
      ],
      ['b.dependsOn  the containers wait for each other: b > c > b. Remove one of these'],
    ],
    [
      'healthy without a check',
      ['app: { dependsOn: { b: healthy } }', 'b: { image: x }'],
      ['app.dependsOn.b  b has no health check to become healthy by. Add one, or try start'],
    ],
    [
      'the end of an essential one',
      ['app: { dependsOn: { b: success } }', 'b: { image: x }'],
      ['app.dependsOn.b  b is essential: the task would end when it does. Write essential: false there, or try start'],
    ],
    [
      'more CPU than there is',
      ['app: { cpu: 200 }', 'b: { image: x, cpu: 100 }'],
      ["containers  take 300 CPU units together, and the task has 256. Lower them, or raise the task's cpu"],
    ],
    [
      'more memory than there is',
      ['app: { memory: 1 GB }'],
      ["app.memory  1024 MiB is more than the task's 512. Lower it, or raise the task's memory"],
    ],
    [
      'more memory together',
      ['app: { memoryReservation: 300 }', 'b: { image: x, memory: 300 }'],
      ["containers  take 600 MiB together, and the task has 512. Lower them, or raise the task's memory"],
    ],
    [
      'keeps more than its limit',
      ['app: { memory: 100, memoryReservation: 200 }'],
      ['app.memoryReservation  200 MiB is more than its memory of 100. Lower it'],
    ],
    [
      'logs that nothing routes',
      ['app: { logging: { driver: awsfirelens } }'],
      [
        'app.logging.driver  awsfirelens wants a container that routes the logs. Add one with firelens: { type: fluentbit }',
      ],
    ],
  ])('%s', (_, lines, expected) => expect(within(containers(...lines))).toEqual(expected))
})

describe('within a container', () => {
  test.each([
    ['{ environment: { A: 1.10 } }', 'environment.A  1.10 is read as a number. Write it in quotes: "1.10"'],
    ['{ environment: { A: } }', 'environment.A  is empty. Try "" for no value'],
    [
      '{ environment: { "A B": x } }',
      'environment["A B"]  "A B" is not a variable\'s name: not empty, without = and spaces. Try A_B',
    ],
    [
      '{ environment: { A: x }, secrets: { A: /db } }',
      'secrets.A  is in environment too, and a variable has one value. Keep one',
    ],
    [
      '{ secrets: { A: "arn:aws:s3:::x" } }',
      'secrets.A  "arn:aws:s3:::x" is not the ARN of a secret or parameter, or the name of a parameter in the same Region. Try arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf',
    ],
    ['{ command: npm start }', 'command  "npm start" does not fit here. Try [npm, start]'],
    [
      '{ ports: [80800] }',
      'ports[0]  80800 is not a port: 1 to 65535, with /tcp or /udp where wanted. Try 8080 or 53/udp',
    ],
    ['{ ports: 8080 }', 'ports  8080 does not fit here. Try [8080]'],
    ['{ ports: [{ port: 80, nam: x }] }', 'ports[0].nam  unknown key "nam". Try name'],
    ['{ stopTimeout: 300s }', 'stopTimeout  "300s" is outside 2s to 120s. Try 30s'],
    ['{ stopTimeout: 30 }', 'stopTimeout  30 has no unit. Try 30s'],
    ['{ stopTimeout: soon }', 'stopTimeout  "soon" is not a duration. Try 30s'],
    ['{ essential: yes }', 'essential  "yes" is neither true nor false. Try true'],
    [
      '{ healthCheck: { command: [curl, x] } }',
      'healthCheck.command[0]  a list begins with CMD or CMD-SHELL. Try [CMD, curl, …]',
    ],
    [
      '{ healthCheck: { command: [CMD-SHELL] } }',
      'healthCheck.command  CMD-SHELL says nothing to run. Try [CMD-SHELL, curl -f http://localhost:8080/health]',
    ],
    [
      '{ healthCheck: { command: [CMD-SHELL, curl, x] } }',
      'healthCheck.command  CMD-SHELL takes one text. Put the command into one, or begin with CMD',
    ],
    [
      '{ healthCheck: { comand: x } }',
      'healthCheck.command  is missing. Try curl -f http://localhost:8080/health',
      'healthCheck.comand  unknown key "comand". Try command',
    ],
    [
      '{ logging: { driver: awslogs, options: { awslogs-group: x } } }',
      'logging.options  on Fargate awslogs wants awslogs-region, awslogs-stream-prefix too. Add them',
    ],
    [
      '{ logging: { driver: json-file } }',
      'logging.driver  "json-file" is none of its values. Try awslogs, awsfirelens or splunk',
    ],
    [
      '{ mounts: [{ volume: v, path: data }] }',
      'mounts[0].volume  "v" is none of the volumes. Add volumes: { v: {} }',
      'mounts[0].path  "data" is not an absolute path. Try /data',
    ],
    [
      '{ ulimits: { nproc: 5 } }',
      'ulimits.nofile  is missing. Try 65535 or { soft: 1024, hard: 65535 }',
      'ulimits.nproc  unknown key "nproc". Known here: nofile',
    ],
    ['{ ulimits: { nofile: { soft: 9, hard: 5 } } }', 'ulimits.nofile.soft  9 is above the hard limit of 5. Try 5'],
    [
      '{ linuxParameters: { capabilities: { add: [NET_ADMIN] } } }',
      'linuxParameters.capabilities.add[0]  "NET_ADMIN" is none of its values. Try SYS_PTRACE',
    ],
    [
      '{ repositoryCredentials: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x" }',
      'repositoryCredentials  the pushed image comes from ECR, which needs none. Remove this key',
    ],
    ['', 'app  is empty. Try {}'],
  ])('app: %s', (container, ...lines) => {
    expect(within(containers(`app: ${container}`))).toEqual(
      lines.map(line => (line.startsWith('app ') ? line : `app.${line}`)),
    )
  })
})

test('a text longer than ECS takes for a whole definition', () => {
  expect(within(containers(`app: { environment: { A: ${'x'.repeat(65_537)} } }`))).toEqual([
    'app.environment.A  is longer than 65536 characters',
  ])
})

test('many ways from one container to another take no time to look for circles', () => {
  const layers = Array.from({ length: 40 }, (_, n) => {
    const next = n < 39 ? `dependsOn: { a${n + 1}: start, b${n + 1}: start }, ` : ''
    return [`a${n}: { ${next}image: x }`, `b${n}: { ${next}image: x }`]
  })
  expect(within(containers(...layers.flat(), 'app: {}'))).toEqual(['containers  has 81 entries; 10 are the most'])
})

describe('volumes', () => {
  const mounting = (volumes: string) =>
    `${containers('app: { mounts: [{ volume: data, path: /data }] }')}      volumes: ${volumes}\n`
  test.each([
    [
      '{ dat: {} }',
      'containers.app.mounts[0].volume  "data" is none of the volumes. Try dat',
      'volumes.dat  no container mounts this volume. Add it to the mounts of one, or remove it',
    ],
    [
      '{ data: { efs: { fileSystem: fs-0a1b2c3d, accessPoint: fsap-0a1b2c3d, transitEncryption: false } } }',
      'volumes.data.efs.transitEncryption  an access point and IAM want encrypted traffic. Try true',
    ],
    [
      '{ data: { efs: { fileSystem: fs-0a1b2c3d, accessPoint: fsap-0a1b2c3d, rootDirectory: /x } } }',
      'volumes.data.efs.rootDirectory  the access point has its own. Remove this key',
    ],
    [
      '{ data: { efs: { fileSystem: efs-1 } } }',
      'volumes.data.efs.fileSystem  "efs-1" is not an EFS file system\'s id. Try fs-0a1b2c3d4e5f67890',
    ],
    ['{ data: }', 'volumes.data  is empty. Try {} for scratch space, or { efs: { fileSystem: fs-0a1b2c3d4e5f67890 } }'],
  ])('%s', (volumes, ...lines) => {
    expect(within(mounting(volumes)).map(line => line.replace(/^app\./, 'containers.app.'))).toEqual(lines)
  })
})

test('a whole definition as RegisterTaskDefinition takes it', () => {
  const text = `targets:
  nightly:
    repository: acme/nightly
    tags: glob:release-*
    run: job
    capacity: spot
    network: { subnets: [subnet-0a1b2c3d], securityGroups: [sg-0a1b2c3d], publicIp: true }
    taskDefinition:
      cpu: 0.5 vCPU
      memory: 1 GB
      architecture: arm64
      taskRole: arn:aws:iam::123456789012:role/app
      executionRole: arn:aws:iam::123456789012:role/service/execution
      ephemeralStorage: 30 GB
      volumes:
        data: { efs: { fileSystem: fs-0a1b2c3d, accessPoint: fsap-0a1b2c3d, iam: true } }
        scratch: {}
      containers:
        app:
          command: [report, "--all"]
          environment: { LOG_LEVEL: info }
          secrets: { DB: /prod/db }
          ports: [8080, 53/udp, { port: 9090, name: metrics, appProtocol: http }]
          healthCheck: { command: "curl -f localhost", interval: 1m, retries: 5, startPeriod: 1m30s }
          logging: { driver: awslogs, options: { awslogs-group: /n, awslogs-region: eu-west-1, awslogs-stream-prefix: n } }
          mounts: [{ volume: data, path: /data, readOnly: true }, { volume: scratch, path: /tmp }]
          dependsOn: { init: success }
          stopTimeout: 2m
          ulimits: { nofile: 4096 }
          linuxParameters: { initProcessEnabled: true, capabilities: { drop: [ALL] } }
          memoryReservation: 0.25 GB
        init: { image: "public.ecr.aws/x/y:1", essential: false }
      tags: { team: shop }
`
  const loaded = loadConfig(text)
  expect('config' in loaded ? loaded.config.targets[0] : loaded).toEqual({
    name: 'nightly',
    repository: 'acme/nightly',
    tags: { kind: 'glob', pattern: 'release-*' },
    cluster: 'default',
    run: {
      kind: 'job',
      timeoutMs: 86_400_000,
      capacity: 'spot',
      network: { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'], publicIp: true },
      taskDefinition: {
        from: 'inline',
        definition: {
          family: 'nightly',
          requiresCompatibilities: ['FARGATE'],
          networkMode: 'awsvpc',
          cpu: '512',
          memory: '1024',
          runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
          taskRoleArn: 'arn:aws:iam::123456789012:role/app',
          executionRoleArn: 'arn:aws:iam::123456789012:role/service/execution',
          ephemeralStorage: { sizeInGiB: 30 },
          volumes: [
            {
              name: 'data',
              efsVolumeConfiguration: {
                fileSystemId: 'fs-0a1b2c3d',
                rootDirectory: '/',
                transitEncryption: 'ENABLED',
                authorizationConfig: { accessPointId: 'fsap-0a1b2c3d', iam: 'ENABLED' },
              },
            },
            { name: 'scratch' },
          ],
          containerDefinitions: [
            {
              name: 'app',
              essential: true,
              command: ['report', '--all'],
              environment: [{ name: 'LOG_LEVEL', value: 'info' }],
              secrets: [{ name: 'DB', valueFrom: '/prod/db' }],
              portMappings: [
                { containerPort: 8080, hostPort: 8080, protocol: 'tcp' },
                { containerPort: 53, hostPort: 53, protocol: 'udp' },
                { containerPort: 9090, hostPort: 9090, protocol: 'tcp', name: 'metrics', appProtocol: 'http' },
              ],
              healthCheck: { command: ['CMD-SHELL', 'curl -f localhost'], interval: 60, retries: 5, startPeriod: 90 },
              logConfiguration: {
                logDriver: 'awslogs',
                options: { 'awslogs-group': '/n', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'n' },
              },
              mountPoints: [
                { sourceVolume: 'data', containerPath: '/data', readOnly: true },
                { sourceVolume: 'scratch', containerPath: '/tmp', readOnly: false },
              ],
              dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }],
              stopTimeout: 120,
              memoryReservation: 256,
              ulimits: [{ name: 'nofile', softLimit: 4096, hardLimit: 4096 }],
              linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
            },
            { name: 'init', image: 'public.ecr.aws/x/y:1', essential: false },
          ],
          tags: [{ key: 'team', value: 'shop' }],
        },
      },
    },
    gates: { freeze: [], minimumAgeMs: 0, needsApproval: false },
  })
})
