/** Work on many things, a few at a time. */

/** Does `work` for each item, at most `atOnce` at the same time. The first error ends it: let `work` keep its own. */
export async function concurrently<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  // All workers take from the one iterator, so each item is taken once.
  const worker = async () => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
}
