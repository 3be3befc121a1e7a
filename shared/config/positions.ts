/** Where in farguard.yml a place of the config is written. */
import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml'
import type { Finding, Path } from './problems.ts'

export interface Positions {
  /** The offset in the text that a finding is about: the deepest part of its path that is written there. */
  offsetOf(finding: Pick<Finding, 'path' | 'at'>): number
  /** The scalar as it is written, such as `1.10`; undefined when the place holds none. */
  writtenAt(path: Path): string | undefined
  /** What each alias stands for; undefined where that is nothing. */
  aliases: ReadonlyMap<Alias, Node | undefined>
}

interface Child {
  key?: unknown
  value: unknown
}

/** Reads the document once: asking each alias, or each map for each key, takes minutes in a file of many. */
export function positionsIn(document: Document): Positions {
  const aliases = resolvedAliases(document)
  const children = new WeakMap<YAMLMap, Map<string, Child>>()

  const target = (node: unknown) => (isAlias(node) ? aliases.get(node) : node)

  function child(parent: unknown, step: string | number): Child | undefined {
    const node = target(parent)
    if (isSeq(node)) return { value: node.items[Number(step)] }
    return isMap(node) ? (childrenOf(node).get(String(step)) ?? merged(node, step)) : undefined
  }

  function childrenOf(map: YAMLMap): Map<string, Child> {
    const known =
      children.get(map) ??
      new Map(map.items.map(({ key, value }): [string, Child] => [keyText({ key }) ?? '', { key, value }]))
    children.set(map, known)
    return known
  }

  /** What `<<: *anchor` brings in. */
  function merged(map: YAMLMap, step: string | number): Child | undefined {
    const sources = childrenOf(map).get('<<')?.value
    for (const source of isSeq(sources) ? sources.items : [sources]) {
      // A source that is this map itself would be followed for ever.
      const found = target(source) === map ? undefined : child(source, step)
      if (found) return found
    }
    return undefined
  }

  function offsetOf({ path, at }: Pick<Finding, 'path' | 'at'>): number {
    let offset = startOf(document.contents) ?? 0
    let node: unknown = document.contents
    for (const [index, step] of path.entries()) {
      const found = child(node, step)
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

  function writtenAt(path: Path): string | undefined {
    const node = target(path.reduce<unknown>((part, step) => child(part, step)?.value, document.contents))
    return isScalar(node) ? node.source : undefined
  }

  return { offsetOf, writtenAt, aliases }
}

/** The text of a pair's key. */
export function keyText(pair: Pick<Pair, 'key'>): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined
}

/** An alias stands for the last anchor of its name before it. */
function resolvedAliases(document: Document): Map<Alias, Node | undefined> {
  const anchors = new Map<string, Node>()
  const aliases = new Map<Alias, Node | undefined>()
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) aliases.set(node, anchors.get(node.source))
      else if ((isScalar(node) || isCollection(node)) && node.anchor) anchors.set(node.anchor, node)
    },
  })
  return aliases
}

function startOf(value: unknown): number | undefined {
  return (value as Node | null | undefined)?.range?.[0]
}
