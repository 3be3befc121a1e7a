import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { stackResources } from '../../stack/resources.ts'
import { config, service } from '../deploy/targets.ts'

const page = readFileSync('docs/functions.md', 'utf8')
const { functions, provider } = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'error' })
const rows = page.split('\n').filter(line => line.startsWith('| `'))
const timeoutSeconds = Object.fromEntries(
  Object.entries<{ timeout: number }>(functions).map(([name, { timeout }]) => [name, timeout]),
) as Parameters<typeof stackResources>[1]['timeoutSeconds']
const { Resources } = stackResources(config(service()), { stage: 'dev', timeoutSeconds })

describe('docs/functions.md', () => {
  test.each(Object.keys(functions))('says what wakes %s and what it does', name => {
    expect(rows.filter(row => row.startsWith(`| \`${name}\` | `))).toHaveLength(1)
  })

  test('has every variable of the environment', () => {
    const variables = Object.keys(provider.environment)
    expect(variables).toHaveLength(3)
    expect(rows.flatMap(row => /^\| `(FARGUARD_\w+)`/.exec(row)?.[1] ?? []).toSorted()).toEqual(variables.toSorted())
  })

  test.each([
    { queue: Resources.ImagesQueue, reader: 'deploy-image' },
    { queue: Resources.TasksQueue, reader: 'record-task' },
    { queue: Resources.ServicesQueue, reader: 'record-service' },
    { queue: Resources.ControlQueue, reader: 'carry-out' },
  ])('has the figures of the queue of $reader', ({ queue: { Properties: queue }, reader }) => {
    const row = rows.find(each => each.startsWith(`| \`${queue.QueueName.replace('farguard-dev-', '')}\` | `))
    const [, , , readBy, batches, atOnce, comesBack] = row?.split('|').map(cell => cell.trim()) ?? []
    const { sqs } = functions[reader].events[0]
    const gathered = sqs.maximumBatchingWindow ? `, gathered for ${sqs.maximumBatchingWindow} s` : ''
    expect({ readBy, batches, atOnce, comesBack }).toEqual({
      readBy: `\`${reader}\``,
      batches: `${sqs.batchSize}${gathered}`,
      atOnce: String(sqs.maximumConcurrency),
      comesBack: `${(queue as { VisibilityTimeout?: number }).VisibilityTimeout} s`,
    })
  })
})
