/** A task's life: each state, what changes with it, and how long it takes. Every change raises `version` and is told. */
import type { Container, HealthStatus, TaskStopCode } from '@aws-sdk/client-ecs'
import { AwsError } from '../aws-error.ts'
import type { AccountContext } from '../context.ts'
import { type ContainerWorld, pullFailure, setUpFailure } from './behaviour.ts'
import { ContainerLives } from './container-lives.ts'
import { defaultStopTimeoutSeconds, durations, type Range, within } from './durations.ts'
import { taskStateChange } from './task-event.ts'
import { definitionOf, healthOf, type TaskRecord, type TaskState } from './task-record.ts'
import type { TaskStore } from './task-store.ts'

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
  readonly #lives: ContainerLives
  readonly #watchers: ((record: TaskRecord) => void)[] = []

  constructor(context: AccountContext, containers: ContainerWorld, store: TaskStore) {
    this.#context = context
    this.#containers = containers
    this.#store = store
    this.#lives = new ContainerLives(context.region, containers, this)
  }

  /** Hears of each change after it was told on the bus, and of those that the bus is not told. */
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
  stop(record: TaskRecord, cause: StopCause): void {
    this.#bringDown(record, cause, durations.deactivating)
  }

  /** Takes a Spot task's capacity back: told ahead while the task runs, at once while it does not yet. */
  interrupt(record: TaskRecord, code: 'SpotInterruption' | 'TerminationNotice'): void {
    const notice = record.state.lastStatus === 'RUNNING' ? durations.spotNotice : durations.deactivating
    this.#bringDown(record, { code, reason: 'Your Spot Task was interrupted.' }, notice)
  }

  /** A running container ends by itself, and its task with it if it is essential. */
  exit(record: TaskRecord, container: Container, { code, reason }: { code: number; reason?: string }): void {
    if (container.lastStatus !== 'RUNNING') return
    const exited = () => {
      container.lastStatus = 'STOPPED'
      container.exitCode = code
      if (reason !== undefined) container.reason = reason
    }
    if (definitionOf(record, container).essential === false) {
      this.#change(record, exited)
    } else {
      exited()
      this.stop(record, { code: 'EssentialContainerExited', reason: 'Essential container in task exited' })
    }
  }

  /** Health has no event and no version on AWS: it changes silently. */
  setHealth(record: TaskRecord, container: Container, status: HealthStatus): void {
    container.healthStatus = status
    record.state.healthStatus = healthOf(record)
    this.notice(record)
  }

  /** Has the watchers look at what changed beside the task's own state. */
  notice(record: TaskRecord): void {
    for (const watcher of this.#watchers) watcher(record)
  }

  /** Runs the step unless the task went down meanwhile. Cancelling a timer would search the clock's queue. */
  after(record: TaskRecord, delayMs: number, step: () => void): void {
    const { plan } = record
    this.#context.clock.after(delayMs, () => {
      if (record.plan === plan) step()
    })
  }

  #bringDown(record: TaskRecord, { code, reason }: StopCause, notice: Range): void {
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
    if (ran) this.#after(record, notice, () => this.#deactivate(record))
    else this.#after(record, notice, () => this.#deprovision(record))
  }

  #attach(record: TaskRecord): void {
    const { state } = record
    this.#enter(record, 'PENDING', () => {
      for (const attachment of state.attachments) attachment.status = 'ATTACHED'
      state.connectivity = 'CONNECTED'
      state.connectivityAt = this.#context.clock.now()
    })
    this.#after(record, durations.untilPull, () => this.#setUp(record))
  }

  /** What Fargate's agent does before it pulls anything: the network, secrets, log streams. */
  #setUp(record: TaskRecord): void {
    record.behaviours = this.#lives.behaviours(record)
    const failure = setUpFailure(record.behaviours.values(), this.#context.region) ?? this.#logFailure(record)
    if (failure !== undefined) this.stop(record, { code: 'TaskFailedToStart', reason: failure })
    else this.#pull(record)
  }

  #logFailure(record: TaskRecord): string | undefined {
    try {
      this.#lives.openLogs(record)
      return undefined
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      return `ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ${error.code}: ${error.message} : exit status 1`
    }
  }

  #pull(record: TaskRecord): void {
    this.#change(record, () => {
      record.state.pullStartedAt = this.#context.clock.now()
    })
    this.#after(record, durations.pull, () => this.#pulled(record))
  }

  #pulled(record: TaskRecord): void {
    const { state } = record
    for (const container of state.containers) {
      const exists = this.#containers.imageExists(container.image ?? '')
      const reason = pullFailure(container, record.behaviours.get(container.name ?? ''), exists, platformOf(record))
      if (reason === undefined) continue
      container.reason = reason
      this.stop(record, { code: 'TaskFailedToStart', reason })
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

  #run(record: TaskRecord): void {
    const { state } = record
    this.#enter(record, 'RUNNING', () => {
      state.startedAt = this.#context.clock.now()
      for (const container of state.containers) {
        container.lastStatus = 'RUNNING'
        container.runtimeId = `${record.id}-${this.#context.random.hex(10)}`
      }
    })
    for (const container of state.containers) this.#lives.begin(record, container)
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
    const hears = record.behaviours.get(container.name ?? '')?.kind !== 'hangs'
    const heeds = this.#context.random.next() < shareThatHeedsSigterm && afterMs <= timeout && hears
    if (heeds) this.#lives.heedSigterm(record, container)
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
    this.notice(record)
  }

  #after(record: TaskRecord, range: Range, step: () => void): void {
    this.after(record, within(this.#context.random, range), step)
  }
}

function platformOf({ definition: { runtimePlatform } }: TaskRecord): string {
  const windows = runtimePlatform?.operatingSystemFamily?.startsWith('WINDOWS')
  return `${windows ? 'windows' : 'linux'}/${runtimePlatform?.cpuArchitecture === 'ARM64' ? 'arm64' : 'amd64'}`
}
