/** A cluster with something of each kind, the guard's runs in it, and the stack that carries out what commands send. */
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { guard } from '../../shared/guard/guard.ts'
import type { GuardRun } from '../../shared/guard/records.ts'
import { carryOut } from '../../shared/intents/carry-out.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { stackConfig } from '../../stack/config.ts'
import { finish } from '../deploy/rollouts.ts'
import { registryHost, simulatedWorld, taskDefinition } from '../simulated-world.ts'
import { type Said, type Shell, type as typeIn } from './shell.ts'

export const hour = 3_600_000
export const guardFile = 'tests/cli/guard.yml'

/** Two copies of service web, one of service steady, which is protected, two copies of target worker, and a task of nobody. */
export async function guarded(at = '2026-03-10T08:00:00Z', file = guardFile) {
  const simulated = simulatedWorld({ at, behaviour: () => ({ kind: 'runs' }) })
  const { world, clock, call, push } = simulated
  const config = stackConfig(file)
  for (const [name, desiredCount] of [
    ['web', 2],
    ['steady', 1],
  ] as const) {
    push('acme/web', name)
    await simulated.createService('demo', name, `${registryHost}/acme/web:${name}`, { desiredCount })
  }
  const deployed = push('acme/worker', '1')
  await call('ecs', 'RegisterTaskDefinition', taskDefinition('worker', `${registryHost}/acme/worker:1`))
  await deployImage(deployed, config, world)
  const worker = config.targets.find(({ name }) => name === 'worker')
  if (!worker) throw new Error('no worker')
  await finish(worker, simulated)
  await call('ecs', 'RegisterTaskDefinition', taskDefinition('debug', `${registryHost}/acme/web:web`))
  await call('ecs', 'RunTask', {
    cluster: 'demo',
    taskDefinition: 'debug',
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'] } },
  })
  const foreign = simulated.ecs.tasks().at(-1)?.taskArn ?? ''
  await clock.advance(60_000)
  simulated.sent.length = 0
  return {
    ...simulated,
    config,
    /** The id of the task of nobody. */
    foreign: foreign.slice(foreign.lastIndexOf('/') + 1),
    async run(): Promise<GuardRun> {
      const run = await guard('schedule', config, world, {
        hasTime: () => true,
        pause: async () => {},
        leaseMs: 60_000,
      })
      if ('skipped' in run) throw new Error(run.skipped)
      return run
    },
    sweep: () => sweep(config, world, () => true),
    type: (line: string | string[], shell: Shell = {}): Promise<Said> =>
      typeIn(line, simulated, { ...shell, environment: { FARGUARD_CONFIG: file, ...shell.environment } }),
    /** What the stack does with all that was sent. */
    async answer(): Promise<void> {
      for (const { message } of simulated.sent.splice(0)) await carryOut(message, config, world)
    },
  }
}

export type Guarded = Awaited<ReturnType<typeof guarded>>
