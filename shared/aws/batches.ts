/** Calls that take so many things at most: the things in portions, and a few calls at once. */

/** Portions of at most `size`, in order, each thing once. */
export function batchesOf<T>(things: Iterable<T>, size: number): T[][] {
  const distinct = [...new Set(things)]
  return Array.from({ length: Math.ceil(distinct.length / size) }, (_, nth) =>
    distinct.slice(nth * size, (nth + 1) * size),
  )
}

/** AWS throttles by calls a second: this many at once are faster than one, and far from the limit. */
const atOnce = 4

/** The answers to all portions, in their order. When a call fails no further one is begun, and its error is thrown. */
export async function callEach<Batch, Answer>(
  batches: readonly Batch[],
  call: (batch: Batch) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  const waiting = batches.entries()
  let hasFailed = false
  const worker = async () => {
    for (const [nth, batch] of waiting) {
      if (hasFailed) return
      try {
        answers[nth] = await call(batch)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, batches.length) }, worker))
  return answers
}
