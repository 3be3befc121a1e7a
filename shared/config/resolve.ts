/** From farguard.yml as it is written to what it means: defaults filled in, quantities read. */
import type { Config, Standalone, Target, TaskDefinitionSource, Verify } from './config.ts'
import { milliseconds } from './quantities.ts'
import { resolveBudgets } from './resolve-budgets.ts'
import { resolveCost } from './resolve-cost.ts'
import { resolveGates } from './resolve-gates.ts'
import { resolveGuard } from './resolve-guard.ts'
import type { FileInput, TargetInput } from './schema.ts'
import { parseTagPolicy } from './tag-policy.ts'
import { taskDefinitionFrom } from './task-definition.ts'

/** The meaning of a file that passed the schema and the checks. */
export function resolveConfig(file: FileInput): Config {
  return {
    targets: Object.entries(file.targets).map(([name, target]) => resolveTarget(name, target, file.gates)),
    cost: resolveCost(file.cost),
    budgets: resolveBudgets(file.budgets),
    ...(file.guard && { guard: resolveGuard(file.guard) }),
  }
}

function resolveTarget(name: string, input: TargetInput, gatesOfAll: FileInput['gates']): Target {
  const tags = parseTagPolicy(input.tags)
  if ('problem' in tags) throw new TypeError(`targets.${name}.tags ${tags.problem}`)
  return {
    name,
    repository: input.repository,
    tags,
    cluster: input.cluster ?? 'default',
    ...(input.container !== undefined && { container: input.container }),
    run: resolveRun(name, input),
    ...(input.before && {
      before: { command: input.before.command, timeoutMs: milliseconds(input.before.timeout ?? '30m') },
    }),
    gates: resolveGates(input.gates, gatesOfAll),
  }
}

function resolveRun(name: string, input: TargetInput): Target['run'] {
  switch (input.run) {
    case 'service':
      return {
        kind: 'service',
        service: input.service ?? name,
        verify: verifyOf(input),
        taskDefinition: input.taskDefinition === undefined ? { from: 'running' } : source(name, input.taskDefinition),
      }
    case 'task':
      return { kind: 'task', count: input.count ?? 1, verify: verifyOf(input), ...standalone(name, input) }
    case 'job':
      return { kind: 'job', timeoutMs: milliseconds(input.timeout ?? '24h'), ...standalone(name, input) }
  }
}

function verifyOf({ verify }: TargetInput): Verify {
  return { withinMs: milliseconds(verify?.within ?? '15m'), settleMs: milliseconds(verify?.settle ?? '30s') }
}

function standalone(name: string, input: TargetInput): Standalone {
  const { network, taskDefinition } = input
  if (!network || taskDefinition === undefined) throw new TypeError(`targets.${name} has no network or task definition`)
  return {
    taskDefinition: source(name, taskDefinition),
    capacity: input.capacity ?? 'on-demand',
    network: {
      subnets: network.subnets,
      securityGroups: network.securityGroups ?? [],
      publicIp: network.publicIp ?? false,
    },
  }
}

function source(name: string, input: NonNullable<TargetInput['taskDefinition']>): TaskDefinitionSource {
  if (typeof input === 'string') return { from: 'family', family: input }
  return { from: 'inline', definition: taskDefinitionFrom(input, name) }
}
