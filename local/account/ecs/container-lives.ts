/** What containers do by themselves while their task runs: health checks, lines in the log, and their end. */
import type { Container } from '@aws-sdk/client-ecs'
import { type Behaviour, type ContainerWorld, type LogDestination, outOfMemory } from './behaviour.ts'
import type { TaskLifecycle } from './task-lifecycle.ts'
import { definitionOf, type TaskRecord } from './task-record.ts'

const second = 1000

/** Until the application is up, and between the lines that say that it works. */
const readyAfter = second
const linePause = 60 * second

export class ContainerLives {
  readonly #region: string
  readonly #world: ContainerWorld
  readonly #lifecycle: TaskLifecycle

  constructor(region: string, world: ContainerWorld, lifecycle: TaskLifecycle) {
    this.#region = region
    this.#world = world
    this.#lifecycle = lifecycle
  }

  /** What each container of the task is going to do, by name. */
  behaviours({ state }: TaskRecord): Map<string, Behaviour> {
    const overridden = (name: string) =>
      (state.overrides?.containerOverrides?.find(one => one.name === name)?.command?.length ?? 0) > 0
    return new Map(
      state.containers.map(({ name = '', image = '' }) => [
        name,
        this.#world.behaviour?.(image, name, { commandIsOverridden: overridden(name) }) ?? { kind: 'runs' },
      ]),
    )
  }

  /** Throws AwsError when a container's log stream can't be made. */
  openLogs(record: TaskRecord): void {
    for (const container of record.state.containers) {
      const destination = this.#destination(record, container)
      if (destination) this.#world.logs?.open(destination)
    }
  }

  /** Plans what the container does now that it runs. */
  begin(record: TaskRecord, container: Container): void {
    const behaviour = record.behaviours.get(container.name ?? '') ?? { kind: 'runs' }
    this.#write(record, container, 'INFO starting')
    this.#planHealth(record, container, behaviour)
    this.#planEnd(record, container, behaviour)
    if (this.#destination(record, container)) {
      this.#lifecycle.after(record, readyAfter, () => this.#writeIfRunning(record, container, 'INFO ready'))
      this.#work(record, container)
    }
  }

  heedSigterm(record: TaskRecord, container: Container): void {
    this.#write(record, container, 'INFO SIGTERM received, shutting down')
  }

  #work(record: TaskRecord, container: Container): void {
    this.#lifecycle.after(record, linePause, () => {
      if (container.lastStatus !== 'RUNNING') return
      this.#write(record, container, 'INFO still working')
      this.#work(record, container)
    })
  }

  #planHealth(record: TaskRecord, container: Container, behaviour: Behaviour): void {
    const { healthCheck } = definitionOf(record, container)
    if (!healthCheck) return
    const { interval = 30, retries = 3, startPeriod = 0 } = healthCheck
    const becomes = behaviour.kind === 'unhealthy' ? 'UNHEALTHY' : 'HEALTHY'
    // Docker counts failures only once the start period is over; a first success counts at once.
    const seconds = becomes === 'HEALTHY' ? interval : startPeriod + interval * retries
    this.#lifecycle.after(record, seconds * second, () => {
      // What was set on purpose meanwhile stays.
      if (container.lastStatus !== 'RUNNING' || container.healthStatus !== 'UNKNOWN') return
      if (becomes === 'UNHEALTHY') this.#write(record, container, `WARN health check failed ${retries} times in a row`)
      this.#lifecycle.setHealth(record, container, becomes)
    })
  }

  #planEnd(record: TaskRecord, container: Container, behaviour: Behaviour): void {
    if (!('afterMs' in behaviour)) return
    this.#lifecycle.after(record, behaviour.afterMs, () => {
      if (container.lastStatus === 'RUNNING') this.#end(record, container, behaviour)
    })
  }

  #end(record: TaskRecord, container: Container, behaviour: Behaviour & { afterMs: number }): void {
    switch (behaviour.kind) {
      case 'exits': {
        const { code } = behaviour
        const line =
          code === 0 ? 'INFO done, exiting with 0' : `ERROR the simulated application fails, exiting with ${code}`
        this.#write(record, container, line)
        this.#lifecycle.exit(record, container, { code })
        break
      }
      case 'out-of-memory':
        // The kernel gives no warning: the last line is what the application said while memory ran short.
        this.#write(record, container, 'WARN memory almost used up')
        this.#lifecycle.exit(record, container, outOfMemory)
        break
      case 'spot-interrupted':
        if (record.state.capacityProviderName === 'FARGATE_SPOT') this.#lifecycle.interrupt(record, 'SpotInterruption')
    }
  }

  #writeIfRunning(record: TaskRecord, container: Container, line: string): void {
    if (container.lastStatus === 'RUNNING') this.#write(record, container, line)
  }

  #write(record: TaskRecord, container: Container, line: string): void {
    const destination = this.#destination(record, container)
    if (destination) this.#world.logs?.write(destination, `${named(container)} ${line}`)
  }

  /** Undefined for another driver, another Region, or without what awslogs needs on Fargate. */
  #destination(record: TaskRecord, container: Container): LogDestination | undefined {
    const { logConfiguration } = definitionOf(record, container)
    if (!this.#world.logs || logConfiguration?.logDriver !== 'awslogs') return undefined
    const { options = {} } = logConfiguration
    const [group, prefix] = [options['awslogs-group'], options['awslogs-stream-prefix']]
    if (!group || !prefix || (options['awslogs-region'] ?? this.#region) !== this.#region) return undefined
    const stream = `${prefix}/${container.name}/${record.id}`
    return { group, stream, makesGroup: options['awslogs-create-group'] === 'true' }
  }
}

/** `acme/web:1.0.1@sha256:0f3a…`, short, so that the lines of two versions differ. */
function named({ image = '', imageDigest }: Container): string {
  const [name = ''] = image.replace(/^[^/]*[.:][^/]*\//, '').split('@')
  return imageDigest ? `${name}@${imageDigest.slice(0, 'sha256:'.length + 12)}` : name
}
