/** Records for the tests of commands: each says only what its test is about. */
import type { Deployment, TargetHead } from '../../shared/deploy/records.ts'
import { readTarget, writeDeployment, writeHead } from '../../shared/deploy/records.ts'
import type { Table, Task } from '../../shared/ports.ts'
import { writeTask } from '../../shared/status/task-record.ts'
import { stackConfig } from '../../stack/config.ts'

export const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`

export const clusterArn = 'arn:aws:ecs:eu-central-1:123456789012:cluster/demo'
export const revisionArn = (name: string) => `arn:aws:ecs:eu-central-1:123456789012:task-definition/${name}`
export const taskArn = (id: string) => `arn:aws:ecs:eu-central-1:123456789012:task/demo/${id.padEnd(32, '0')}`

export function deployment(of: Partial<Deployment> = {}): Deployment {
  const number = of.number ?? 1
  return {
    target: 'web',
    number,
    id: `dep00${number}`,
    generation: 0,
    image: { repository: 'acme/web', tag: `1.${number}.0`, digest: digestOf('a') },
    event: { id: `event-${number}`, at: '2026-03-01T21:00:00.000Z', account: '123456789012', region: 'eu-central-1' },
    claimedAt: `2026-03-01T21:0${number}:00.000Z`,
    because: 'nothing runs yet',
    where: { kind: 'service', cluster: 'demo', service: 'web' },
    version: 0,
    state: 'succeeded',
    attempts: [],
    ...of,
  }
}

/** Puts deployments on record, oldest first, and a head that names the last. */
export async function putDeployments(table: Table, deployments: Deployment[], of: Partial<TargetHead> = {}) {
  for (const each of deployments) await writeDeployment(table, each)
  const [current, ...earlier] = deployments.toReversed()
  if (!current) throw new Error('A head names a deployment')
  const head = { target: current.target, current, earlier, unsettled: [], quarantine: [], ...of }
  await writeHead(table, head, (await readTarget(table, current.target)).head)
}

export function task(of: Partial<Task> = {}): Task {
  return {
    arn: taskArn('a1'),
    cluster: 'demo',
    version: 1,
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    launchType: 'FARGATE',
    createdAt: '2026-03-01T21:30:00.000Z',
    containers: [],
    ...of,
  }
}

export async function putTasks(table: Table, ...tasks: Task[]) {
  const config = stackConfig('tests/cli/farguard.yml')
  for (const each of tasks) await writeTask(table, each, { config, from: 'look', at: '2026-03-01T21:30:00.000Z' })
}
