import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchesOf, callEach } from '../../shared/aws/batches.ts'

test('every thing is in one batch, once, in order, and no batch is empty or too large', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.integer({ min: 1, max: 12 }), (things, size) => {
      const batches = batchesOf(things, size)
      expect(batches.flat()).toEqual([...new Set(things)])
      expect(batches.every(({ length }) => length >= 1 && length <= size)).toBe(true)
      expect(batches).toHaveLength(Math.ceil(new Set(things).size / size))
    }),
  )
})

/** Calls that end when they are told to. */
function held() {
  const ends = new Map<number, PromiseWithResolvers<string>>()
  return {
    ends,
    call: (batch: number) => {
      const end = Promise.withResolvers<string>()
      ends.set(batch, end)
      return end.promise
    },
  }
}

const settled = () => new Promise(done => setImmediate(done))

test('four calls at once, and the answers in the order of the batches whichever ends first', async () => {
  const { ends, call } = held()
  const answers = callEach([0, 1, 2, 3, 4, 5], call)
  await settled()
  expect([...ends.keys()]).toEqual([0, 1, 2, 3])
  for (const batch of [3, 1, 0, 2]) ends.get(batch)?.resolve(`answer ${batch}`)
  await settled()
  expect([...ends.keys()]).toEqual([0, 1, 2, 3, 4, 5])
  for (const batch of [5, 4]) ends.get(batch)?.resolve(`answer ${batch}`)
  expect(await answers).toEqual([0, 1, 2, 3, 4, 5].map(batch => `answer ${batch}`))
})

test('when one fails, its error is thrown and nothing further is begun', async () => {
  const { ends, call } = held()
  const answers = callEach([0, 1, 2, 3, 4, 5], call)
  await settled()
  ends.get(2)?.reject(new Error('throttled'))
  await expect(answers).rejects.toThrow('throttled')
  for (const batch of [0, 1, 3]) ends.get(batch)?.resolve('')
  await settled()
  expect([...ends.keys()]).toEqual([0, 1, 2, 3])
})

test('nothing asks nothing', async () => {
  expect(await callEach([], () => Promise.reject(new Error('called')))).toEqual([])
})
