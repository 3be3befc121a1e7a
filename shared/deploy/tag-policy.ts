/** Which tags a target takes, and which of two images is the newer. Runs in the Lambdas: no zod and no YAML here. */
import { RE2JS } from 're2js'
import Range from 'semver/classes/range.js'
import SemVer from 'semver/classes/semver.js'
import type { TagPolicy } from '../config/config.ts'
import { globExpression } from './glob.ts'

/** What the order of images looks at. */
export interface TaggedImage {
  tag: string
  digest: string
  /** Absent when ECR did not say. */
  pushedAt?: Date
}

/**
 * Whether the policy takes this tag. Semver as npm reads it: `v1.2.3` is 1.2.3, a pre-release matches only a range that
 * names one of the same version, and `1.2` is no version. A regex matches anywhere in the tag unless it is anchored.
 */
export function matches(policy: TagPolicy, tag: string): boolean {
  const known = compiled.get(policy) ?? compileTagPolicy(policy)
  compiled.set(policy, known)
  return known(tag)
}

/** A repository may have thousands of tags: each policy compiles once. */
const compiled = new WeakMap<TagPolicy, (tag: string) => boolean>()

/** The test that a policy stands for. Throws when its range or pattern can't compile, which loading the config rules out. */
export function compileTagPolicy(policy: TagPolicy): (tag: string) => boolean {
  switch (policy.kind) {
    case 'exact':
      return tag => tag === policy.tag
    case 'semver': {
      const range = new Range(policy.range)
      return tag => range.test(tag)
    }
    case 'glob': {
      const glob = globExpression(policy.pattern)
      if ('problem' in glob) throw new SyntaxError(glob.problem)
      const expression = RE2JS.compile(glob.expression)
      return tag => expression.test(tag)
    }
    case 'regex': {
      const expression = RE2JS.compile(policy.pattern)
      return tag => expression.test(tag)
    }
    case 'newest':
      return () => true
  }
}

/**
 * Above zero when `a` is newer than `b`, 0 only when tag, digest and time are the same: a total order. Semver: by version (what is no
 * version is older than any that is), then as the others: by the time of the push (unknown is oldest), then tag, then digest.
 * `exact` has no order of its own: there, what the tag resolves to now is the intent, and this only makes lists stable.
 */
export function compareImages(policy: TagPolicy, a: TaggedImage, b: TaggedImage): number {
  const byVersion = policy.kind === 'semver' ? compareAsVersions(a.tag, b.tag) : 0
  return (
    byVersion || compareTimes(a.pushedAt, b.pushedAt) || compareTags(a.tag, b.tag) || compareText(a.digest, b.digest)
  )
}

function compareAsVersions(a: string, b: string): number {
  const [versionA, versionB] = [versionOf(a), versionOf(b)]
  if (versionA && versionB) return versionA.compare(versionB)
  return Number(versionA !== undefined) - Number(versionB !== undefined)
}

function versionOf(tag: string): SemVer | undefined {
  try {
    return new SemVer(tag)
  } catch {
    return undefined
  }
}

function compareTimes(a: Date | undefined, b: Date | undefined): number {
  return Math.sign(timeOf(a) - timeOf(b))
}

/** Before every real time; a finite number, because two infinities differ by NaN. */
function timeOf(date: Date | undefined): number {
  const time = date?.getTime() ?? Number.NaN
  return Number.isNaN(time) ? -Number.MAX_VALUE : time
}

/**
 * `build-9` before `build-10`. Some different strings collate as equal (`1` and `01`): code units decide those. A collator kept
 * at hand would cost every cold start the loading of ICU, for ties that hardly ever happen.
 */
function compareTags(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true }) || compareText(a, b)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
