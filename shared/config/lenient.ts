/** The config with its broken values taken out, so that what depends on the others can be checked in the same run. */
import type { Finding, Path } from './problems.ts'

/** Any part may be missing. A key that was written with a broken value is still there, undefined: `isWritten` tells. */
export type Lenient<T> = T extends readonly (infer Entry)[]
  ? readonly (Lenient<Entry> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Lenient<T[Key]> | undefined }
    : T

/** A copy of `value` without what the findings are about. Its shape is then `T`'s, as far as it goes. */
export function prune<T>(value: unknown, findings: readonly Finding[]): Lenient<T> | undefined {
  const copy = { root: structuredClone(value) }
  for (const { path, at } of findings) if (at === 'value') clear(copy, ['root', ...path])
  return copy.root as Lenient<T> | undefined
}

/** Whether the map has this key, be its value sound or not. */
export function isWritten<Key extends string>(map: { readonly [K in Key]?: unknown } | undefined, key: Key): boolean {
  return map !== undefined && Object.hasOwn(map, key)
}

/** The sound entries of a map or list that may have broken ones. */
export function entriesOf<Value>(map: { readonly [key: string]: Value | undefined } | undefined): [string, Value][] {
  return Object.entries(map ?? {}).filter((entry): entry is [string, Value] => entry[1] !== undefined)
}

function clear(value: unknown, path: Path): void {
  const [step, ...rest] = path
  if (typeof value !== 'object' || value === null || step === undefined || !Object.hasOwn(value, step)) return
  const map = value as Record<string | number, unknown>
  if (rest.length > 0) clear(map[step], rest)
  else map[step] = undefined
}
