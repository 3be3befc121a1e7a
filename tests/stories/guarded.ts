/** The control plane with a guard, and what people do beside it: for stories of what is stopped, and what comes back. */
import { guard as guardRun } from '../../shared/guard/guard.ts'
import { planOnly } from '../../shared/guard/plan-only.ts'
import {
  findParked,
  type GuardRun,
  readActions,
  readLastRun,
  readRuns,
  readSavings,
} from '../../shared/guard/records.ts'
import type { GuardWorld } from '../../shared/ports.ts'
import { writtenConfig } from '../guard/written-config.ts'
import { registryHost, taskDefinition } from '../simulated-world.ts'
import { deployed } from './control-plane.ts'

export const minute = 60_000
export const hour = 60 * minute

interface Options {
  at?: string
  world?: (world: GuardWorld) => GuardWorld
  sweepMinutes?: number
}

interface Serving {
  /** As the image's label `local.activity` says it. */
  activity?: string
  count?: number
  cpu?: string
  memory?: string
  tags?: Record<string, string>
  scaling?: { min: number; max: number }
  [more: string]: unknown
}

/** The example's targets; `written`: the rest of farguard.yml. */
export async function guarded(written: string, { at = '2026-03-02T08:00:00Z', ...options }: Options = {}) {
  const plane = await deployed({ ...options, at, config: () => writtenConfig(written) })
  const { account, ecr, ecs, clock, world, table, config } = plane
  ecr.createRepository('acme/shop')
  const call = (service: string, operation: string, input: unknown) =>
    account.call(service, operation, input, { accessKeyId: 'ada' })
  const means = { hasTime: () => true, pause: async () => {}, leaseMs: 5 * minute }
  const service = (name: string) => ecs.services().find(each => each.serviceName === name)
  const scalable = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' }
  const placed = {
    cluster: 'demo',
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'], assignPublicIp: 'DISABLED' } },
  }

  async function define(family: string, { activity, cpu, memory }: Serving): Promise<void> {
    const tag = activity?.replaceAll(/\W+/g, '-') ?? 'busy'
    plane.push('acme/shop', tag, activity === undefined ? {} : { 'local.activity': activity })
    const definition = taskDefinition(family, `${registryHost}/acme/shop:${tag}`)
    await call('ecs', 'RegisterTaskDefinition', { ...definition, ...(cpu && { cpu }), ...(memory && { memory }) })
  }

  return {
    ...plane,
    call,
    service,
    /** A service that somebody has beside Farguard. */
    async serve(name: string, { activity, count = 1, cpu, memory, tags = {}, scaling, ...more }: Serving = {}) {
      await define(name, { ...(activity && { activity }), ...(cpu && { cpu }), ...(memory && { memory }) })
      const { launchType: _launchType, ...free } = placed
      await call('ecs', 'CreateService', {
        ...('capacityProviderStrategy' in more ? free : placed),
        serviceName: name,
        taskDefinition: name,
        desiredCount: count,
        tags: tagList(tags),
        ...more,
      })
      if (scaling)
        await call('application-autoscaling', 'RegisterScalableTarget', {
          ...scalable,
          ResourceId: `service/demo/${name}`,
          MinCapacity: scaling.min,
          MaxCapacity: scaling.max,
        })
    },
    /** A task that somebody starts by hand, or a schedule of theirs; gives its ARN. */
    async runTask(family: string, { activity, cpu, memory, tags = {}, ...more }: Serving = {}): Promise<string> {
      await define(family, { ...(activity && { activity }), ...(cpu && { cpu }), ...(memory && { memory }) })
      await call('ecs', 'RunTask', { ...placed, taskDefinition: family, tags: tagList(tags), ...more })
      const arn = ecs.tasks().findLast(({ taskDefinitionArn }) => taskDefinitionArn?.includes(`/${family}:`))?.taskArn
      if (arn === undefined) throw new Error(`Nothing of ${family} was started`)
      return arn
    },
    task: (arn: string) => ecs.tasks().find(({ taskArn }) => taskArn === arn),
    /** How many copies the service is to have, and has. */
    copies: (name: string) => `${service(name)?.desiredCount} wanted, ${service(name)?.runningCount} running`,
    scale: (name: string, desiredCount: number) =>
      call('ecs', 'UpdateService', { cluster: 'demo', service: name, desiredCount }),
    scaling: async (name: string) => (await world.scaling.targetsOf('demo', [name])).get(name),
    /** One run now, beside those of the schedule. */
    async look(trigger: GuardRun['trigger'] = 'schedule', more: Partial<typeof means> = {}): Promise<GuardRun> {
      const run = await guardRun(trigger, config, world, { ...means, ...more })
      if ('skipped' in run) throw new Error(run.skipped)
      return run
    },
    /** What `farguard guard --plan` would show. */
    plan: () => planOnly(config, world),
    verdict: async (workload: string) =>
      (await planOnly(config, world)).lines.find(line => line.workload === workload)?.verdict,
    /** Until the account's clock shows this, UTC. */
    to: (time: string) => clock.advanceTo(Date.parse(time)),
    parked: (workload: string) => findParked(table, workload),
    lastRun: () => readLastRun(table),
    runs: async () => (await readRuns(table, 1000)).reverse(),
    actions: (run: string) => readActions(table, run),
    savings: () => readSavings(table),
  }
}

export type Guarded = Awaited<ReturnType<typeof guarded>>

const tagList = (tags: Record<string, string>) => Object.entries(tags).map(([key, value]) => ({ key, value }))
