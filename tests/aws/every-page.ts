/** The pages of a list, in order. */
export async function everyPage<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[][]> {
  const all: Item[][] = []
  for await (const page of pages) all.push([...page])
  return all
}
