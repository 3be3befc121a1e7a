/** What the guard judges: a service, the copies of a `task` target, or one standalone task. */
import type { Amount } from '../cost/amount.ts'
import type { Subject } from '../cost/subject.ts'
import type { Service, Task } from '../ports.ts'

export interface Workload {
  /** `service:demo/web`, `target:worker`, `task:demo/3f9a1c2e…`: what records, keeps and undos go by. */
  id: string
  kind: 'service' | 'copies' | 'task'
  /** For people: `service web in demo`. */
  name: string
  subject: Subject
  /** On Fargate, and to run. */
  tasks: readonly Task[]
  /** Of a service, as ECS has it; of copies, what farguard.yml asks for. Absent: a standalone task. */
  desiredCount?: number
  service?: Service
  /** Since when there has been any of it to judge, ISO 8601; absent where nothing says. */
  since?: string
  /** What brings it back once it was stopped. */
  restores: Restores
  /** Why it is not to be touched now, whatever it does. */
  untouchable?: { reason: 'being-deployed' | 'not-settled'; detail: string }
  costPerHour: Amount
  /** Of the tasks that run, since each began. */
  costSoFar: Amount
}

/**
 * `count`: its desired count. `copies`: the sweep. `redeploy`: a job of ours, which runs anew from its start by `farguard deploy`.
 * `schedule`: what started it will again, by its own timetable. `nothing`: a task does not tell the network that it ran in.
 */
export type Restores = 'count' | 'copies' | 'redeploy' | 'schedule' | 'nothing'

export const serviceId = (cluster: string, service: string) => `service:${cluster}/${service}`
export const copiesId = (target: string) => `target:${target}`
/** `task`: its ARN or id. */
export const taskId = (cluster: string, task: string) => `task:${cluster}/${task.slice(task.lastIndexOf('/') + 1)}`
