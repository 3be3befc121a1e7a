/** To which target a task belongs: the same for one task and for one of many. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { belongingBy, belongingOf, familyOf, targetFinder } from '../../shared/status/belonging.ts'
import { config, task as copies, service } from '../deploy/targets.ts'
import { task } from './tasks.ts'

const its = config(
  service(),
  service({ name: 'api', cluster: 'night' }, { service: 'api' }),
  // Two targets of one service: the first one has it.
  service({ name: 'late' }, { service: 'web' }),
  copies(),
)

describe('the target of a task', () => {
  test.each([
    { case: 'by its service', of: { group: 'service:web' }, target: 'web' },
    { case: 'by who started it', of: { startedBy: 'fg/worker/k3v9qa01' }, target: 'worker' },
    { case: 'by its tag', of: { tags: { 'farguard:target': 'worker' } }, target: 'worker' },
    { case: 'none of another cluster’s service', of: { group: 'service:api' }, target: undefined },
    { case: 'none of a target in another cluster', of: { startedBy: 'fg/api/k3v9qa01' }, target: undefined },
    { case: 'none that farguard.yml does not name', of: { startedBy: 'fg/gone/k3v9qa01' }, target: undefined },
    { case: 'none', of: {}, target: undefined },
  ])('$case', ({ of, target }) => {
    expect(belongingBy(task(of), targetFinder(its)).target).toBe(target)
  })

  test('is the same whether all targets are looked through for it or not', () => {
    const names = fc.constantFrom('web', 'api', 'late', 'worker', 'gone')
    const tasks = fc
      .record(
        {
          cluster: fc.constantFrom('demo', 'night'),
          group: names.map(name => `service:${name}`),
          startedBy: fc.oneof(
            names.map(name => `fg/${name}/k3v9qa01`),
            fc.constantFrom('ecs-svc/7', 'somebody'),
          ),
          tags: names.map(name => ({ 'farguard:target': name })),
        },
        { requiredKeys: ['cluster'] },
      )
      .map(task)
    const finder = targetFinder(its)
    fc.assert(
      fc.property(tasks, of => {
        expect(belongingBy(of, finder)).toEqual(belongingOf(of, its))
      }),
    )
  })
})

test.each([
  { revision: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/web:3', family: 'web' },
  { revision: 'web:12', family: 'web' },
  { revision: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/web', family: undefined },
  { revision: 'web', family: undefined },
  { revision: ':3', family: undefined },
  { revision: 'task-definition/:3', family: undefined },
  { revision: 'web:latest', family: undefined },
  { revision: '', family: undefined },
  { revision: undefined, family: undefined },
])('the family of $revision', ({ revision, family }) => {
  expect(familyOf(revision)).toBe(family)
})
