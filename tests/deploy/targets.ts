/** Targets for tests: each says only what its test is about. */
import {
  bareConfig,
  type Config,
  type Gates,
  type Guard,
  type JobRun,
  type ServiceRun,
  type Target,
  type TaskRun,
  type Verify,
} from '../../shared/config/config.ts'

const network = { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'], publicIp: true }

const executionRoleArn = 'arn:aws:iam::123456789012:role/pull'

const verify: Verify = { withinMs: 15 * 60_000, settleMs: 30_000 }

/** Nothing holds a deployment back. */
export const noGates: Gates = { freeze: [], minimumAgeMs: 0, needsApproval: false }

function inline(family: string): TaskRun['taskDefinition'] {
  const fargate = {
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    executionRoleArn,
  }
  return {
    from: 'inline',
    definition: { family, ...fargate, containerDefinitions: [{ name: 'app', essential: true, memory: 512 }] },
  }
}

export function service(of: Partial<Target> = {}, run: Partial<ServiceRun> = {}): Target {
  return {
    name: 'web',
    repository: 'acme/web',
    tags: { kind: 'semver', range: '^1' },
    cluster: 'demo',
    run: { kind: 'service', service: 'web', verify, taskDefinition: { from: 'running' }, ...run },
    gates: noGates,
    ...of,
  }
}

export function task(of: Partial<Target> = {}, run: Partial<TaskRun> = {}): Target {
  return {
    name: 'worker',
    repository: 'acme/worker',
    tags: { kind: 'newest' },
    cluster: 'demo',
    run: { kind: 'task', count: 1, capacity: 'on-demand', network, verify, taskDefinition: inline('worker'), ...run },
    gates: noGates,
    ...of,
  }
}

export function job(of: Partial<Target> = {}, run: Partial<JobRun> = {}): Target {
  return {
    name: 'nightly',
    repository: 'acme/nightly',
    tags: { kind: 'newest' },
    cluster: 'demo',
    run: {
      kind: 'job',
      timeoutMs: 24 * 3_600_000,
      capacity: 'on-demand',
      network,
      taskDefinition: inline('nightly'),
      ...run,
    },
    gates: noGates,
    ...of,
  }
}

export function config(...targets: Target[]): Config {
  return { ...bareConfig, targets }
}

/** Judges nothing: there is no rule. */
export function guard(of: Partial<Guard> = {}): Guard {
  return {
    mode: 'observe',
    clusters: ['demo'],
    everyMinutes: 15,
    report: { hour: 2, minute: 0, timeZone: 'UTC' },
    minimumAgeMs: 3_600_000,
    graceMs: 24 * 3_600_000,
    allowUnrestorable: false,
    rules: [],
    ...of,
  }
}
