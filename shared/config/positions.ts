/** Where in farguard.yml a place of the config is written. */
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'
import type { Finding } from './problems.ts'

/** The offset in the text that a finding is about: the deepest part of its path that is written there. */
export function offsetOf(document: Document, { path, at }: Pick<Finding, 'path' | 'at'>): number {
  let offset = startOf(document.contents) ?? 0
  let node: unknown = document.contents
  for (const [index, step] of path.entries()) {
    const found = child(document, node, step)
    if (!found) return offset
    const isLast = index === path.length - 1
    // What is missing in a map or list is reported where its key is: that is the line a reader looks for.
    offset =
      (isLast && at === 'value' ? startOf(found.value) : undefined) ??
      startOf(found.key) ??
      startOf(found.value) ??
      offset
    node = found.value
  }
  return offset
}

/** The scalar as it is written, such as `1.10`; undefined when the place holds none. */
export function writtenAt(document: Document, path: Finding['path']): string | undefined {
  let node: unknown = document.contents
  for (const step of path) node = child(document, node, step)?.value
  const target = isAlias(node) ? node.resolve(document) : node
  return isScalar(target) ? target.source : undefined
}

interface Child {
  key?: unknown
  value: unknown
}

function child(document: Document, parent: unknown, step: string | number): Child | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent
  if (isSeq(node)) return { value: node.items[Number(step)] }
  if (!isMap(node)) return undefined
  const own = node.items.findLast(pair => keyText(pair) === String(step))
  return own ? { key: own.key, value: own.value } : merged(document, node, step)
}

/** What `<<: *anchor` brings in. */
function merged(document: Document, map: YAMLMap, step: string | number): Child | undefined {
  for (const pair of map.items) {
    if (keyText(pair) !== '<<') continue
    for (const source of isSeq(pair.value) ? pair.value.items : [pair.value]) {
      const found = child(document, source, step)
      if (found) return found
    }
  }
  return undefined
}

/** The text of a pair's key. */
export function keyText(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined
}

function startOf(value: unknown): number | undefined {
  if (isPair(value)) return startOf(value.key)
  const range = (value as Node | null | undefined)?.range
  return range?.[0]
}
