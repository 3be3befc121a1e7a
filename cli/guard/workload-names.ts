/** How workloads are named on the command line, and by which names they are known. */

/** `service:demo/web`, `target:worker`, `task:demo/3f9a1c2e…`: as records and plans have them. */
export const workloadId = /^(service|target|task):(?:([\w-]+)\/)?([\w-]+)$/

/** Short enough for a table, and taken by every command: `demo/web`, `worker`, the first digits of a task's id. */
export function shortName(workload: string): string {
  const [, kind, cluster, id = workload] = workloadId.exec(workload) ?? []
  if (kind === 'service') return `${cluster}/${id}`
  return kind === 'task' ? id.slice(0, 8) : id
}

const partOfId = /^[0-9a-f][0-9a-f-]{5,}$/

/** Whether somebody may mean it by this: its id or a short form, its target, its service, the first six digits of a task. */
export function isMeant(name: string, { workload, target }: { workload: string; target?: string }): boolean {
  const [, kind, cluster, id = ''] = workloadId.exec(workload) ?? []
  const own = [workload, target, id, ...(cluster === undefined ? [] : [`${cluster}/${id}`])]
  if (own.includes(name)) return true
  const digits = name.slice(name.lastIndexOf('/') + 1)
  const isInCluster = digits === name || name.startsWith(`${cluster}/`) || /^arn:.*:task\//.test(name)
  return kind === 'task' && isInCluster && partOfId.test(digits) && id.startsWith(digits)
}
