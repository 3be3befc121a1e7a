/** The filter patterns that are plain text: terms that must all occur, or must not. */
import { invalidParameter } from './log-groups.ts'

/** Whether a message matches; every one does without a pattern. Throws for the JSON, list and regex patterns of AWS. */
export function matcherOf(pattern = ''): (message: string) => boolean {
  const terms = pattern.match(/-?"(?:[^"\\]|\\.)*"|\S+/g) ?? []
  const read = terms.map(term => {
    const excluded = term.startsWith('-') && term.length > 1
    const text = excluded ? term.slice(1) : term
    const quoted = /^"(.*)"$/s.exec(text)?.[1]?.replace(/\\(.)/g, '$1')
    // Unquoted, AWS takes letters, digits and underscores only: whatever else is a pattern of another kind.
    if (quoted === undefined && !/^\w+$/.test(text))
      throw invalidParameter(
        `The local account does not model the filter pattern ${pattern}: it takes words, "quoted phrases", and - before either.`,
      )
    return { excluded, text: quoted ?? text }
  })
  return message => read.every(({ excluded, text }) => message.includes(text) !== excluded)
}
