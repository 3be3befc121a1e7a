/** Whatever guard runs, people, pushes, hours and crashes come in whatever order: at the end all is as people last wanted it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { guard } from '../../shared/guard/guard.ts'
import { findParked } from '../../shared/guard/records.ts'
import { wakeAll } from '../../shared/guard/undo.ts'
import { ada, config, means, Story, serviceIdOf, services, step } from './any-story.ts'

test('ends as people last wanted it, once all is woken, and what is protected was never touched', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async steps => {
      const story = await Story.begin()
      const { world, clock } = story.simulated
      for (const each of steps) {
        await story.take(each)
        expect((await story.found()).get('safe')).toEqual(story.wanted.get('safe'))
      }
      // A run that died holds the lease for as long.
      await clock.advance(2 * means.leaseMs)
      await guard('schedule', config, world, means)
      await wakeAll(ada, config, world)
      await story.settle()
      expect(await story.found()).toEqual(story.wanted)
      expect(story.copies()).toEqual({ running: 2, ofLast: 2 })
      expect(story.isWebOnLast()).toBe(true)
      for (const service of services)
        expect(['over', 'left', undefined]).toContain((await findParked(world.table, serviceIdOf(service)))?.state)
    }),
    { numRuns: 40 },
  )
})
