/** A task's life: each state, what changes with it, and how long it takes. Every change raises `version` and is told. */
import type { Container, ContainerDefinition, TaskStopCode } from '@aws-sdk/client-ecs'
import type { AccountContext } from '../context.ts'
import { defaultStopTimeoutSeconds, durations, type Range, within } from './durations.ts'
import { taskStateChange } from './task-event.ts'
import type { TaskRecord, TaskState } from './task-record.ts'
import type { TaskStore } from './task-store.ts'

/** What a container does once it runs. */
export type Behaviour = { kind: 'runs' } | { kind: 'exits'; code: number; afterMs: number }

export interface ContainerWorld {
  /** Whether a pull of this image finds it. */
  imageExists(image: string): boolean
  /** The digest that a tag resolves to at the pull; absent: only what the image reference itself pins is known. */
  imageDigest?(image: string): string | undefined
  /** Absent: every container runs until it is stopped. */
  behaviour?(image: string, containerName: string): Behaviour
}

export interface StopCause {
  code: TaskStopCode
  reason: string
}

/** A container obeys SIGTERM (128 + 15) or is killed (128 + 9) when its stop timeout is over. */
const exitOnSigterm = 143
const exitOnSigkill = 137
const shareThatHeedsSigterm = 0.75

export class TaskLifecycle {
  readonly #context: AccountContext
  readonly #containers: ContainerWorld
  readonly #store: TaskStore
  readonly #watchers: ((record: TaskRecord) => void)[] = []

  constructor(context: AccountContext, containers: ContainerWorld, store: TaskStore) {
    this.#context = context
    this.#containers = containers
    this.#store = store
  }

  /** Hears of each change after it was told on the bus. */
  watch(watcher: (record: TaskRecord) => void): void {
    this.#watchers.push(watcher)
  }

  /** Begins the life of a task that is PROVISIONING, version 1. */
  begin(record: TaskRecord): void {
    this.#store.add(record)
    this.#tell(record)
    this.#after(record, durations.provisioning, () => this.#attach(record))
  }

  /** Brings the task down, from whatever state it is in. The first cause stands: a later call changes nothing. */
  stop(record: TaskRecord, { code, reason }: StopCause): void {
    const { state } = record
    if (state.desiredStatus === 'STOPPED') return
    record.plan = {}
    const ran = state.lastStatus === 'RUNNING'
    this.#change(record, () => {
      state.desiredStatus = 'STOPPED'
      state.stopCode = code
      state.stoppedReason = reason
      state.stoppingAt = this.#context.clock.now()
    })
    if (ran) this.#after(record, durations.deactivating, () => this.#deactivate(record))
    else this.#after(record, durations.deactivating, () => this.#deprovision(record))
  }

  #attach(record: TaskRecord): void {
    const { state } = record
    this.#enter(record, 'PENDING', () => {
      for (const attachment of state.attachments) attachment.status = 'ATTACHED'
      state.connectivity = 'CONNECTED'
      state.connectivityAt = this.#context.clock.now()
    })
    this.#after(record, durations.untilPull, () => this.#pull(record))
  }

  #pull(record: TaskRecord): void {
    this.#change(record, () => {
      record.state.pullStartedAt = this.#context.clock.now()
    })
    this.#after(record, durations.pull, () => this.#pulled(record))
  }

  #pulled(record: TaskRecord): void {
    const { state } = record
    const missing = state.containers.find(({ image = '' }) => !this.#containers.imageExists(image))
    if (missing) {
      this.#cannotPull(record, missing)
      return
    }
    this.#enter(record, 'ACTIVATING', () => {
      state.pullStoppedAt = this.#context.clock.now()
      for (const container of state.containers) {
        const digest = /@(sha256:[0-9a-f]{64})$/.exec(container.image ?? '')?.[1]
        const known = digest ?? this.#containers.imageDigest?.(container.image ?? '')
        if (known !== undefined) container.imageDigest = known
      }
    })
    this.#after(record, durations.activating, () => this.#run(record))
  }

  #cannotPull(record: TaskRecord, missing: Container): void {
    const { image } = missing
    const reason = `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${image}: ${image}: not found`
    missing.reason = reason
    this.stop(record, { code: 'TaskFailedToStart', reason })
  }

  #run(record: TaskRecord): void {
    const { state } = record
    this.#enter(record, 'RUNNING', () => {
      state.startedAt = this.#context.clock.now()
      for (const container of state.containers) {
        container.lastStatus = 'RUNNING'
        container.runtimeId = `${record.id}-${this.#context.random.hex(10)}`
      }
    })
    for (const container of state.containers) this.#live(record, container)
  }

  /** Plans what the container does on its own: its first good health check, and its exit. */
  #live(record: TaskRecord, container: Container): void {
    const healthCheck = definitionOf(record, container).healthCheck
    if (healthCheck) {
      const firstCheck = (healthCheck.interval ?? 30) * 1000
      // Health has no event and no version on AWS: it changes silently.
      this.#after(record, [firstCheck, firstCheck], () => {
        if (container.lastStatus !== 'RUNNING') return
        container.healthStatus = 'HEALTHY'
        record.state.healthStatus = healthOf(record)
        for (const watcher of this.#watchers) watcher(record)
      })
    }
    const behaviour = this.#containers.behaviour?.(container.image ?? '', container.name ?? '') ?? { kind: 'runs' }
    if (behaviour.kind === 'exits')
      this.#after(record, [behaviour.afterMs, behaviour.afterMs], () => this.#exit(record, container, behaviour.code))
  }

  #exit(record: TaskRecord, container: Container, code: number): void {
    const exited = () => {
      container.lastStatus = 'STOPPED'
      container.exitCode = code
    }
    if (definitionOf(record, container).essential === false) {
      this.#change(record, exited)
    } else {
      exited()
      this.stop(record, { code: 'EssentialContainerExited', reason: 'Essential container in task exited' })
    }
  }

  #deactivate(record: TaskRecord): void {
    this.#enter(record, 'DEACTIVATING')
    this.#after(record, durations.deactivating, () => this.#terminate(record))
  }

  /** SIGTERM to every container that still runs; the slowest one decides how long the task is STOPPING. */
  #terminate(record: TaskRecord): void {
    this.#enter(record, 'STOPPING')
    const ends = record.state.containers.filter(container => container.lastStatus === 'RUNNING')
    const outcomes = ends.map(container => ({ container, ...this.#onSigterm(record, container) }))
    const longest = Math.max(0, ...outcomes.map(outcome => outcome.afterMs))
    this.#after(record, [longest, longest], () => {
      for (const { container, code } of outcomes) container.exitCode = code
      this.#deprovision(record)
    })
  }

  #onSigterm(record: TaskRecord, container: Container): { code: number; afterMs: number } {
    const timeout = (definitionOf(record, container).stopTimeout ?? defaultStopTimeoutSeconds) * 1000
    const afterMs = within(this.#context.random, durations.heedSigterm)
    const heeds = this.#context.random.next() < shareThatHeedsSigterm && afterMs <= timeout
    return heeds ? { code: exitOnSigterm, afterMs } : { code: exitOnSigkill, afterMs: timeout }
  }

  #deprovision(record: TaskRecord): void {
    const { state } = record
    this.#enter(record, 'DEPROVISIONING', () => {
      if (state.startedAt) state.executionStoppedAt = this.#context.clock.now()
      for (const container of state.containers) container.lastStatus = 'STOPPED'
      for (const attachment of state.attachments) attachment.status = 'DELETING'
    })
    this.#after(record, durations.deprovisioning, () => this.#end(record))
  }

  #end(record: TaskRecord): void {
    const { state } = record
    record.plan = {}
    record.tags = []
    state.stoppedAt = this.#context.clock.now()
    this.#store.stopped(record)
    this.#enter(record, 'STOPPED', () => {
      for (const attachment of state.attachments) attachment.status = 'DELETED'
    })
  }

  #enter(record: TaskRecord, status: TaskState['lastStatus'], apply: () => void = () => undefined): void {
    this.#change(record, () => {
      record.state.lastStatus = status
      apply()
    })
  }

  #change(record: TaskRecord, apply: () => void): void {
    apply()
    record.state.version += 1
    this.#tell(record)
  }

  #tell(record: TaskRecord): void {
    this.#context.emit(taskStateChange(record.state, this.#context.clock.now()))
    for (const watcher of this.#watchers) watcher(record)
  }

  /** Runs the step unless the task's plan was replaced meanwhile. Cancelling a timer would search the clock's queue. */
  #after(record: TaskRecord, range: Range, step: () => void): void {
    const { plan } = record
    this.#context.clock.after(within(this.#context.random, range), () => {
      if (record.plan === plan) step()
    })
  }
}

function definitionOf(record: TaskRecord, container: Container): ContainerDefinition {
  return record.definition.containerDefinitions?.find(one => one.name === container.name) ?? {}
}

/** Only essential containers with a health check count; UNKNOWN while one of them has not answered. */
function healthOf(record: TaskRecord) {
  const judged = record.state.containers.filter(container => {
    const { essential, healthCheck } = definitionOf(record, container)
    return essential !== false && healthCheck
  })
  if (judged.length === 0) return 'UNKNOWN'
  if (judged.some(container => container.healthStatus === 'UNHEALTHY')) return 'UNHEALTHY'
  return judged.every(container => container.healthStatus === 'HEALTHY') ? 'HEALTHY' : 'UNKNOWN'
}
