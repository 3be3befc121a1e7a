/** Since when there has been anything of a service to judge. */
import { expect, test } from 'vitest'
import { bareConfig } from '../../shared/config/config.ts'
import { workloadsOf } from '../../shared/guard/workloads.ts'
import type { Service } from '../../shared/ports.ts'
import { service } from './workloads.ts'

const [march, april, may] = [new Date('2026-03-01'), new Date('2026-04-01'), new Date('2026-05-01')]

function deployment(createdAt?: Date): Service['deployments'][number] {
  return { id: 'ecs-svc/1', status: 'PRIMARY', revision: 'web:3', failedTasks: 0, ...(createdAt && { createdAt }) }
}

test.each<{ case: string; of: Partial<Service>; since: Date | undefined }>([
  { case: 'since it was created', of: { createdAt: march, deployments: [deployment(april)] }, since: march },
  {
    case: 'since its oldest deployment, where ECS does not tell that',
    of: { deployments: [deployment(may), deployment(april)] },
    since: april,
  },
  { case: 'not known where nothing tells', of: { deployments: [deployment()] }, since: undefined },
])('a service is $case', ({ of, since }) => {
  const found = service('web', 1, of).service
  if (!found) throw new Error('no service')
  const [workload] = workloadsOf(
    {
      tasks: [],
      services: new Map([['demo', [found]]]),
      targets: new Map(),
      costOf: () => ({ perHour: { usd: 0 }, soFar: { usd: 0 } }),
    },
    bareConfig,
  )
  expect(workload?.since).toBe(since?.toISOString())
})
