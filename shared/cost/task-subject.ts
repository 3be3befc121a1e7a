/** What selectors see of a task: the same as of the workload that it is part of. */
import type { Config, Selector } from '../config/config.ts'
import type { Service, Task } from '../ports.ts'
import { belongingBy, familyOf, startOf, targetFinder } from '../status/belonging.ts'
import type { Subject } from './subject.ts'

/** What is known beside the tasks themselves. */
export interface Surroundings {
  /** By cluster. */
  services: ReadonlyMap<string, readonly Service[]>
  /** What selectors see of the targets, by name. */
  targets: ReadonlyMap<string, Subject>
}

/**
 * A service's tags count for its tasks, which have none of their own unless it passes them on; so do those that a target's other tasks
 * run with, where nobody looked before one ended.
 */
export function subjectsOfTasks(
  { services, targets }: Surroundings,
  config: Config,
): (task: Task & { target?: string }) => Subject {
  const tagsOfService = new Map(
    [...services].flatMap(([cluster, all]) => all.map(({ name, tags }) => [`${cluster}/${name}`, tags] as const)),
  )
  const finder = targetFinder(config)
  const ofCopies = new Set(config.targets.flatMap(({ name, run }) => (run.kind === 'task' ? [name] : [])))
  return task => {
    const { cluster, startedBy, revision, tags: own } = task
    const { service, target: current } = belongingBy(task, finder)
    // A target that farguard.yml has no more is still what the task's record says.
    const target = task.target ?? current
    const start = startOf(startedBy)
    const isCopy = start !== undefined && target !== undefined && ofCopies.has(target)
    const tags =
      service === undefined
        ? (own ?? (start && target !== undefined ? targets.get(target)?.tags : undefined))
        : (tagsOfService.get(`${cluster}/${service}`) ?? own)
    const family = familyOf(revision)
    return {
      cluster,
      ...(target !== undefined && { target }),
      ...(service !== undefined && { service }),
      ...(family !== undefined && { family }),
      isStandalone: service === undefined && !isCopy,
      ...(tags && { tags }),
    }
  }
}

/** Keys of all tags that a selector of farguard.yml names, in order. */
export function tagKeysOf({ budgets, guard }: Config): string[] {
  const selectors: Selector[] = [
    ...budgets.flatMap(({ covers }) => covers),
    ...(guard?.rules ?? []).map(rule => rule.for),
  ]
  return [...new Set(selectors.flatMap(each => (each.by === 'tag' ? [each.key] : [])))].sort()
}
