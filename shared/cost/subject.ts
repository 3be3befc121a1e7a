/** What costs money, as selectors see it: a workload, or a line of the ledger. */
import type { Selector } from '../config/config.ts'

export interface Subject {
  cluster: string
  /** A target of farguard.yml. */
  target?: string
  /** The ECS service that keeps it. */
  service?: string
  /** Its task definition's family. */
  family?: string
  /** Neither a service nor a `task` target keeps it. */
  isStandalone: boolean
  /** Absent: they could not be read. */
  tags?: Record<string, string>
}

/** `unknown`: a tag is asked for, and the tags could not be read. */
export function isSelected(selector: Selector, subject: Subject): boolean | 'unknown' {
  switch (selector.by) {
    case 'all':
      return true
    case 'standalone':
      return subject.isStandalone
    case 'target':
      return subject.target === selector.name
    case 'cluster':
      return subject.cluster === selector.name
    case 'service':
      return subject.service === selector.name && (selector.cluster ?? subject.cluster) === subject.cluster
    case 'family':
      return subject.family === selector.name
    case 'tag': {
      if (!subject.tags) return 'unknown'
      const value = subject.tags[selector.key]
      return value !== undefined && (selector.value === undefined || selector.value === value)
    }
  }
}

/** Whether any of them picks it; `unknown` where only a tag that could not be read might. */
export function isCovered(selectors: readonly Selector[], subject: Subject): boolean | 'unknown' {
  const answers = selectors.map(selector => isSelected(selector, subject))
  return answers.includes(true) ? true : answers.includes('unknown') ? 'unknown' : false
}
