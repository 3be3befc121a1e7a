/** How large an account is that is measured, and what farguard.yml says of it. */
import type { Target } from '../shared/config/config.ts'

export const cluster = 'demo'
export const network = { subnets: ['subnet-0a1b2c3d'], securityGroups: [], publicIp: false }

interface Kept {
  count: number
  tasksEach: number
}

export interface AccountShape {
  /** Targets of the kind `service`. */
  services: Kept
  /** Targets of the kind `task`. */
  copies: Kept
  /** Of nobody: made and started by other hands, in the same cluster. */
  foreign: { services: Kept; tasks: number }
}

/** Few large services, most of them Farguard's. */
export const deployed: AccountShape = {
  services: { count: 16, tasksEach: 500 },
  copies: { count: 10, tasksEach: 100 },
  foreign: { services: { count: 0, tasksEach: 0 }, tasks: 1_000 },
}

/** Many workloads, most of them somebody else's: what a guard has the most to do with. */
export const guarded: AccountShape = {
  services: { count: 16, tasksEach: 250 },
  copies: { count: 10, tasksEach: 100 },
  foreign: { services: { count: 400, tasksEach: 5 }, tasks: 3_000 },
}

export function tasksIn({ services, copies, foreign }: AccountShape): number {
  const kept = [services, copies, foreign.services].reduce((sum, { count, tasksEach }) => sum + count * tasksEach, 0)
  return kept + foreign.tasks
}

/** So many times as large, with as many tasks of each thing. */
export function times({ services, copies, foreign }: AccountShape, factor: number): AccountShape {
  const more = ({ count, tasksEach }: Kept) => ({ count: count * factor, tasksEach })
  return {
    services: more(services),
    copies: more(copies),
    foreign: { services: more(foreign.services), tasks: foreign.tasks * factor },
  }
}

export function targetsOf({ services, copies }: AccountShape): Target[] {
  return [
    ...targets('service', services.count, name => ({
      kind: 'service',
      service: name,
      verify: { withinMs: 900_000, settleMs: 30_000 },
      taskDefinition: { from: 'running' },
    })),
    ...targets('worker', copies.count, () => ({
      kind: 'task',
      count: copies.tasksEach,
      capacity: 'on-demand',
      network,
      verify: { withinMs: 900_000, settleMs: 30_000 },
      taskDefinition: { from: 'family', family: 'worker' },
    })),
  ]
}

function targets(prefix: string, count: number, run: (name: string) => Target['run']): Target[] {
  return Array.from({ length: count }, (_, nth) => {
    const name = `${prefix}-${nth + 1}`
    const gates = { freeze: [], minimumAgeMs: 0, needsApproval: false }
    return { name, repository: `acme/${name}`, tags: { kind: 'newest' }, cluster, gates, run: run(name) }
  })
}
