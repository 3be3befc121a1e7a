/** Globs over tags, as expressions for a linear-time matcher. */

/**
 * Glob libraries make backtracking expressions: a dozen stars and a tag of 40 characters keep one busy for hours. So the
 * few signs that make sense in a tag are translated for RE2: `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}`. A tag has no slash, so `*`
 * takes everything.
 */
export function globExpression(pattern: string): { expression: string } | { problem: string } {
  let expression = ''
  let depth = 0
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern.charAt(at)
    if (tagChar.test(char)) expression += char === '.' ? '\\.' : char
    else if (char === '*') expression += '.*'
    else if (char === '?') expression += '.'
    else if (char === '[') {
      const group = /^\[([!^]?)([A-Za-z0-9_.-]+)\]/.exec(pattern.slice(at))
      if (!group) return { problem: 'has a [ that is not a group such as [a-z] or [!a-z]' }
      expression += `[${group[1] ? '^' : ''}${group[2]}]`
      at += group[0].length - 1
    } else if (char === '{') {
      if (!hasChoice(pattern.slice(at + 1))) return { problem: 'has a { that is not a choice such as {a,b}' }
      expression += '(?:'
      depth++
    } else if (char === '}' && depth > 0) {
      expression += ')'
      depth--
    } else if (char === ',' && depth > 0) expression += '|'
    else return { problem: `has ${JSON.stringify(char)}, which no tag has` }
  }
  return { expression: `^(?:${expression})$` }
}

const tagChar = /^[A-Za-z0-9_.-]$/

/** Whether the choice that `rest` is the inside of has a comma of its own, and an end. */
function hasChoice(rest: string): boolean {
  let depth = 0
  let comma = false
  for (const char of rest) {
    if (char === '{') depth++
    else if (char === ',' && depth === 0) comma = true
    else if (char === '}' && depth-- === 0) return comma
  }
  return false
}
