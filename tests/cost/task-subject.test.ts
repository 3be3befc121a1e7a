import { describe, expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { subjectsOfTasks, tagKeysOf } from '../../shared/cost/task-subject.ts'
import type { Service, Task } from '../../shared/ports.ts'
import { task } from '../status/tasks.ts'
import { targets } from './books.ts'
import { without } from './priced.ts'

const web = { name: 'web', tags: { env: 'live' } } as unknown as Service
const untold = { name: 'untold' } as unknown as Service
const subjectOf = subjectsOfTasks(
  {
    services: new Map([
      ['demo', [web, untold]],
      ['other', [{ ...web, tags: { env: 'other' } }]],
    ]),
    targets: new Map([['worker', { cluster: 'demo', target: 'worker', isStandalone: false, tags: { env: 'batch' } }]]),
  },
  targets,
)

describe('selectors see', () => {
  test.each<[string, Partial<Task> & { target?: string }, object]>([
    [
      "a service's task by the service's tags, of its own cluster",
      { group: 'service:web', tags: { env: 'its own' } },
      { target: 'web', service: 'web', isStandalone: false, tags: { env: 'live' } },
    ],
    [
      'one of a service whose tags could not be read by its own',
      { group: 'service:untold', tags: { env: 'its own' } },
      { service: 'untold', isStandalone: false, tags: { env: 'its own' } },
    ],
    [
      'one of a service that is gone, as far as it goes',
      { group: 'service:gone' },
      { service: 'gone', isStandalone: false },
    ],
    [
      'a copy by its own tags',
      { startedBy: 'fg/worker/k3v9qa01', tags: {} },
      { target: 'worker', isStandalone: false, tags: {} },
    ],
    [
      'a copy at which nobody looked by what others of its target have',
      { startedBy: 'fg/worker/k3v9qa01' },
      { target: 'worker', isStandalone: false, tags: { env: 'batch' } },
    ],
    ['a job as standing alone', { startedBy: 'fg/nightly/k3v9qa01' }, { target: 'nightly', isStandalone: true }],
    [
      'what a target that is no more has left, by its record',
      { startedBy: 'fg/gone/k3v9qa01', target: 'gone' },
      { target: 'gone', isStandalone: true },
    ],
    [
      "somebody's task, without the tags of anything of ours",
      { revision: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/reports:7', tags: { a: 'b' } },
      { family: 'reports', isStandalone: true, tags: { a: 'b' } },
    ],
    ["somebody's task whose tags nobody read", {}, { isStandalone: true }],
  ])('%s', (_, of, subject) => {
    const told = { ...without(task(), 'tags'), ...of }
    expect(subjectOf(told)).toEqual({ cluster: 'demo', ...subject })
  })
})

test('keys of tags that selectors ask for, of budgets and rules, each once', () => {
  const config: Config = {
    ...targets,
    budgets: [
      {
        name: 'dev',
        limit: { from: 'own', usd: 1, per: 'day' },
        covers: [{ by: 'tag', key: 'env', value: 'dev' }, { by: 'tag', key: 'env' }, { by: 'all' }],
        steps: [],
      },
    ],
    guard: { rules: [{ for: { by: 'tag', key: 'cost-center' }, label: 'tag:cost-center' }] } as unknown as NonNullable<
      Config['guard']
    >,
  }
  expect(tagKeysOf(config)).toEqual(['cost-center', 'env'])
  expect(tagKeysOf(targets)).toEqual([])
})
