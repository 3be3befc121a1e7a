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

/** What ECS and farguard.yml say together; what neither says is absent. */
export function belongingOf(task: Task, config: Config): Belonging {
  const { startedBy = '', group = '', cluster } = task
  const start = startOf(startedBy)
  const service = group.startsWith('service:') ? group.slice('service:'.length) : undefined
  const candidate = start?.target ?? task.tags?.['farguard:target']
  const target =
    config.targets.find(each => each.name === candidate && each.cluster === cluster) ??
    (service === undefined ? undefined : targetsOfService(config, service, cluster)[0])
  return {
    ...(target && { target: target.name }),
    ...(start && { deployment: start.deployment }),
    ...(service !== undefined && { service }),
    ...(startedBy.startsWith('ecs-svc/') && { serviceDeployment: startedBy }),
  }
}

/** `web` of `arn:…:task-definition/web:3`. */
export function familyOf(revision: string | undefined): string | undefined {
  return /([^/:]+):\d+$/.exec(revision ?? '')?.[1]
}

/** The targets that keep this service; `cluster`: undefined where it is not known. */
export function targetsOfService(config: Config, service: string, cluster: string | undefined): Target[] {
  return config.targets.filter(
    ({ run, cluster: own }) => run.kind === 'service' && run.service === service && (cluster ?? own) === own,
  )
}
