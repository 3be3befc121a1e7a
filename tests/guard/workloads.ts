/** Workloads for tests of the guard: each says only what its test is about. */

import { copiesId, serviceId, taskId, type Workload } from '../../shared/guard/workload.ts'
import type { Service, Task } from '../../shared/ports.ts'
import { arnOf, task } from '../status/tasks.ts'

/** Longer ago than any window of these tests. */
export const longAgo = '2026-01-01T00:00:00.000Z'

/** A running task of this family. `id`: the end of its ARN. */
export function running(id: string, family = 'reports', of: Partial<Task> = {}): Task {
  const { cluster = 'demo' } = of
  const revision = `arn:aws:ecs:eu-central-1:123456789012:task-definition/${family}:3`
  return task({ arn: arnOf(id, cluster), cluster, revision, cpu: 256, startedAt: longAgo, ...of })
}

const costs = { costPerHour: { usd: 0.01 }, costSoFar: { usd: 1 } }

/** One standalone task. */
export function standalone(id: string, of: Partial<Workload> & { task?: Task } = {}): Workload {
  const { task: one = running(id), ...more } = of
  const family = one.revision?.match(/([^/]+):\d+$/)?.[1]
  return {
    id: taskId(one.cluster, one.arn),
    kind: 'task',
    name: `task ${id} in ${one.cluster}`,
    subject: { cluster: one.cluster, isStandalone: true, tags: {}, ...(family !== undefined && { family }) },
    tasks: [one],
    since: longAgo,
    restores: 'nothing',
    ...costs,
    ...more,
  }
}

/** The copies of a target. */
export function copies(target: string, tasks: readonly Task[], of: Partial<Workload> = {}): Workload {
  return {
    id: copiesId(target),
    kind: 'copies',
    name: `the copies of ${target} in demo`,
    subject: { cluster: 'demo', target, isStandalone: false, tags: {} },
    tasks,
    desiredCount: tasks.length,
    since: longAgo,
    restores: 'copies',
    ...costs,
    ...of,
  }
}

/** A service of so many tasks. */
export function service(name: string, count = 1, of: Partial<Service> = {}): Workload {
  return {
    id: serviceId('demo', name),
    kind: 'service',
    name: `service ${name} in demo`,
    subject: { cluster: 'demo', service: name, isStandalone: false, tags: {} },
    tasks: Array.from({ length: count }, (_, nth) => running(`${name}${nth}`, name, { group: `service:${name}` })),
    desiredCount: count,
    service: {
      name,
      arn: `arn:aws:ecs:eu-central-1:123456789012:service/demo/${name}`,
      status: 'ACTIVE',
      capacityProviders: [],
      controller: 'ECS',
      revision: `arn:aws:ecs:eu-central-1:123456789012:task-definition/${name}:3`,
      desiredCount: count,
      runningCount: count,
      pendingCount: 0,
      deployments: [],
      ...of,
    },
    since: longAgo,
    restores: 'count',
    ...costs,
  }
}
