/** Which target, deployment and service a task belongs to. */
import type { Config, Target } from '../config/config.ts'
import type { Task } from '../ports.ts'

export interface Belonging {
  /** A target of farguard.yml. */
  target?: string
  /** The deployment that started it, and its attempt. */
  deployment?: { id: string; attempt: number }
  service?: string
  /** ECS's id of the service deployment that started it. */
  serviceDeployment?: string
}

/** As shared/deploy/attempts.ts writes it: the deployment's id and two digits of base 36. */
const ourStartedBy = /^fg\/([a-z0-9-]{1,24})\/([A-Za-z0-9]{6})([a-z0-9]{2})$/

/** What `startedBy` says of a task that Farguard started; undefined for any other. */
export function startOf(startedBy = ''): { target: string; deployment: { id: string; attempt: number } } | undefined {
  const [, target, id, attempt] = ourStartedBy.exec(startedBy) ?? []
  return target && id && attempt ? { target, deployment: { id, attempt: Number.parseInt(attempt, 36) } } : undefined
}

/** Finds targets of farguard.yml. */
export interface TargetFinder {
  named(name: string | undefined, cluster: string): Target | undefined
  /** The first of those that keep this service. */
  ofService(service: string, cluster: string): Target | undefined
}

/** For who asks of each of 100,000 tasks: the targets are looked through once. */
export function targetFinder({ targets }: Config): TargetFinder {
  const byName = new Map(targets.map(each => [each.name, each]))
  const byService = new Map<string, Target>()
  for (const each of targets) {
    const key = each.run.kind === 'service' ? `${each.cluster}/${each.run.service}` : undefined
    if (key !== undefined && !byService.has(key)) byService.set(key, each)
  }
  return {
    named: (name, cluster) => {
      const found = name === undefined ? undefined : byName.get(name)
      return found?.cluster === cluster ? found : undefined
    },
    ofService: (service, cluster) => byService.get(`${cluster}/${service}`),
  }
}

/** What ECS and farguard.yml say together; what neither says is absent. */
export function belongingOf(task: Task, config: Config): Belonging {
  return belongingBy(task, {
    named: (name, cluster) => config.targets.find(each => each.name === name && each.cluster === cluster),
    ofService: (service, cluster) => targetsOfService(config, service, cluster)[0],
  })
}

/** The same, of one task among many. */
export function belongingBy(task: Task, targets: TargetFinder): Belonging {
  const { startedBy = '', group = '', cluster } = task
  const start = startOf(startedBy)
  const service = group.startsWith('service:') ? group.slice('service:'.length) : undefined
  const target =
    targets.named(start?.target ?? task.tags?.['farguard:target'], cluster) ??
    (service === undefined ? undefined : targets.ofService(service, cluster))
  return {
    ...(target && { target: target.name }),
    ...(start && { deployment: start.deployment }),
    ...(service !== undefined && { service }),
    ...(startedBy.startsWith('ecs-svc/') && { serviceDeployment: startedBy }),
  }
}

/** `web` of `arn:…:task-definition/web:3`. */
export function familyOf(revision: string | undefined): string | undefined {
  if (revision === undefined) return undefined
  const end = revision.lastIndexOf(':')
  const family = revision.slice(Math.max(revision.lastIndexOf('/', end), revision.lastIndexOf(':', end - 1)) + 1, end)
  return end > 0 && family !== '' && /^\d+$/.test(revision.slice(end + 1)) ? family : undefined
}

/** The targets that keep this service; `cluster`: undefined where it is not known. */
export function targetsOfService(config: Config, service: string, cluster: string | undefined): Target[] {
  return config.targets.filter(
    ({ run, cluster: own }) => run.kind === 'service' && run.service === service && (cluster ?? own) === own,
  )
}
