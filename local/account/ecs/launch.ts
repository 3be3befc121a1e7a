/** Turns a request for copies into tasks, as far as there is capacity. Both RunTask and the service scheduler start here. */
import type {
  Attachment,
  CapacityProviderStrategyItem,
  Container,
  NetworkConfiguration,
  Tag,
  TaskOverride,
} from '@aws-sdk/client-ecs'
import type { AccountContext } from '../context.ts'
import { type Arns, arnsOf } from './arns.ts'
import { type Capacity, type FargateCapacity, spread } from './capacity.ts'
import type { ClusterRecord } from './clusters.ts'
import type { RevisionRecord } from './task-definitions.ts'
import type { TaskLifecycle } from './task-lifecycle.ts'
import type { TaskRecord } from './task-record.ts'
import type { TaskStore } from './task-store.ts'

/** What each copy is started with. */
export interface Launch {
  cluster: ClusterRecord
  revision: RevisionRecord
  /** Absent: launch type FARGATE. */
  strategy?: readonly CapacityProviderStrategyItem[]
  /** How many copies each provider of the strategy has already, where the share is to hold over several launches. */
  placed?: ReadonlyMap<string, number>
  platformVersion?: string
  network: NetworkConfiguration
  group: string
  startedBy?: string
  enableExecuteCommand: boolean
  overrides?: TaskOverride
  tags: readonly Tag[]
  service?: { name: string; deploymentId: string }
}

export class Launcher {
  readonly #context: AccountContext
  readonly #arns: Arns
  readonly #capacity: Capacity
  readonly #store: TaskStore
  readonly #lifecycle: TaskLifecycle

  constructor(context: AccountContext, capacity: Capacity, store: TaskStore, lifecycle: TaskLifecycle) {
    this.#context = context
    this.#arns = arnsOf(context)
    this.#capacity = capacity
    this.#store = store
    this.#lifecycle = lifecycle
  }

  /** Starts up to `count` copies; `refused` says how many found no capacity. */
  launch(launch: Launch, count: number): { started: TaskRecord[]; refused: number } {
    const wanted = launch.strategy ? spread(launch.strategy, count, launch.placed) : Array(count).fill('FARGATE')
    const takes = wanted.filter(capacity => this.#capacity.takes(capacity))
    const started = takes.map(capacity => this.#task(launch, capacity))
    for (const record of started) this.#lifecycle.begin(record)
    return { started, refused: count - started.length }
  }

  #task(launch: Launch, capacity: FargateCapacity): TaskRecord {
    const { cluster, revision, overrides } = launch
    const { definition } = revision
    const { random, clock, region } = this.#context
    const id = random.hex(32)
    const taskArn = this.#arns.task(cluster.name, id)
    const attachment = this.#networkInterface(launch.network)
    const disk = overrides?.ephemeralStorage ?? definition.ephemeralStorage ?? { sizeInGiB: 20 }
    const windows = definition.runtimePlatform?.operatingSystemFamily?.startsWith('WINDOWS')
    return {
      id,
      cluster: cluster.name,
      family: revision.family,
      sequence: this.#store.nextSequence(),
      definition,
      ...(launch.service && { service: launch.service }),
      hasPublicIp: launch.network.awsvpcConfiguration?.assignPublicIp === 'ENABLED',
      tags: structuredClone([...launch.tags]),
      behaviours: new Map(),
      plan: {},
      state: {
        attachments: [attachment],
        attributes: [
          { name: 'ecs.cpu-architecture', value: architectureOf(definition.runtimePlatform?.cpuArchitecture) },
        ],
        availabilityZone: `${region}${'abc'[Math.floor(random.next() * 3)]}`,
        ...(launch.strategy && { capacityProviderName: capacity }),
        clusterArn: cluster.arn,
        containers: (definition.containerDefinitions ?? []).map(container =>
          this.#container(container, launch, taskArn, attachment),
        ),
        cpu: overrides?.cpu ?? definition.cpu,
        createdAt: clock.now(),
        desiredStatus: 'RUNNING',
        enableExecuteCommand: launch.enableExecuteCommand,
        ephemeralStorage: { ...disk },
        fargateEphemeralStorage: { ...disk },
        group: launch.group,
        healthStatus: 'UNKNOWN',
        inferenceAccelerators: [],
        lastStatus: 'PROVISIONING',
        launchType: 'FARGATE',
        memory: overrides?.memory ?? definition.memory,
        overrides: overridesAnswered(launch),
        platformVersion: platformOf(launch.platformVersion, windows),
        platformFamily: windows ? 'Windows Server' : 'Linux',
        ...(launch.startedBy !== undefined && { startedBy: launch.startedBy }),
        taskArn,
        taskDefinitionArn: revision.arn,
        version: 1,
      },
    }
  }

  #container(
    definition: NonNullable<RevisionRecord['definition']['containerDefinitions']>[number],
    launch: Launch,
    taskArn: string,
    attachment: Attachment,
  ): Container {
    const { name, image, cpu, memory, memoryReservation } = definition
    const override = launch.overrides?.containerOverrides?.find(one => one.name === name)
    const text = (value: number | undefined) => (value === undefined ? undefined : String(value))
    const sizes = {
      cpu: text(override?.cpu ?? cpu ?? 0),
      memory: text(override?.memory ?? memory),
      memoryReservation: text(override?.memoryReservation ?? memoryReservation),
    }
    const address = attachment.details?.find(detail => detail.name === 'privateIPv4Address')?.value
    return {
      containerArn: this.#arns.container(launch.cluster.name, taskArn.split('/')[2] ?? '', this.#context.random.uuid()),
      taskArn,
      name,
      image,
      lastStatus: 'PENDING',
      networkInterfaces: [{ attachmentId: attachment.id, privateIpv4Address: address }],
      healthStatus: 'UNKNOWN',
      ...Object.fromEntries(Object.entries(sizes).filter(([, value]) => value !== undefined)),
    }
  }

  #networkInterface(network: NetworkConfiguration): Attachment {
    const { random } = this.#context
    const subnets = network.awsvpcConfiguration?.subnets ?? []
    const octet = (from: number) => from + Math.floor(random.next() * (254 - from))
    const address = `10.0.${octet(0)}.${octet(4)}`
    const mac = Array.from({ length: 5 }, () => random.hex(2)).join(':')
    return {
      id: random.uuid(),
      type: 'ElasticNetworkInterface',
      status: 'PRECREATED',
      details: [
        { name: 'subnetId', value: subnets[Math.floor(random.next() * subnets.length)] ?? '' },
        { name: 'networkInterfaceId', value: `eni-${random.hex(17)}` },
        { name: 'macAddress', value: `02:${mac}` },
        {
          name: 'privateDnsName',
          value: `ip-${address.replaceAll('.', '-')}.${this.#context.region}.compute.internal`,
        },
        { name: 'privateIPv4Address', value: address },
      ],
    }
  }
}

const architectureOf = (asked: string | undefined) => (asked === 'ARM64' ? 'arm64' : 'x86_64')

/** What LATEST means, and what a task says it runs on. */
function platformOf(asked: string | undefined, windows: boolean | undefined): string {
  return asked && asked !== 'LATEST' ? asked : windows ? '1.0.0' : '1.4.0'
}

/** ECS answers with every container by name, overridden or not. */
function overridesAnswered({ overrides, revision }: Launch): TaskOverride {
  const given = overrides?.containerOverrides ?? []
  const names = (revision.definition.containerDefinitions ?? []).map(container => container.name)
  return structuredClone({
    ...overrides,
    containerOverrides: names.map(name => given.find(one => one.name === name) ?? { name }),
    inferenceAcceleratorOverrides: overrides?.inferenceAcceleratorOverrides ?? [],
  })
}
