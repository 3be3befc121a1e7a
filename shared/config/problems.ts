/** What is wrong with farguard.yml, and how that is said. */

export interface Problem {
  /** 1-based; 0 when the file as a whole is meant. */
  line: number
  column: number
  /** `targets.web.tags`; empty when the place has no name. */
  path: string
  /** What is wrong and what would be right. */
  message: string
}

/** A place in the config: keys and list positions from the top. */
export type Path = readonly (string | number)[]

/** What a check found, before it is known where in the file that is. */
export interface Finding {
  path: Path
  /** Whether the key itself is wrong (unknown, misnamed) or what stands behind it. */
  at: 'key' | 'value'
  message: string
}

/** One line a problem, `farguard.yml:14:11  targets.web.tags  what is wrong`, and a last line with their number. */
export function formatProblems(file: string, problems: readonly Problem[]): string {
  const places = problems.map(problem => (problem.line === 0 ? file : `${file}:${problem.line}:${problem.column}`))
  const width = places.reduce((widest, place) => Math.max(widest, place.length), 0)
  const lines = problems.map(({ path, message }, index) =>
    [places[index]?.padEnd(width), path, message].filter(part => part !== '').join('  '),
  )
  return [...lines, `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}. Nothing was changed.`].join(
    '\n',
  )
}

/** `['targets', 'web', 'network', 'subnets', 0]` as `targets.web.network.subnets[0]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    if (!/^[\w-]+$/.test(step)) return `${text}[${quote(step)}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
}

/** In quotes, and not too long. */
export function quote(value: unknown): string {
  const text = String(value)
  return `"${text.length > 60 ? `${text.slice(0, 57)}...` : text}"`
}

/** On one line, and with nothing in it that a terminal would obey. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be kept from the terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, escaped)
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** `a`, `a or b`, `a, b or c`. */
export function either(choices: readonly (string | number)[]): string {
  if (choices.length < 2) return choices.join('')
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}
