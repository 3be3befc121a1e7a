/** Texts from outside, made safe to show. */
import { stripVTControlCharacters } from 'node:util'

/** Tags, reasons and labels come from outside: nothing of them may move the terminal's cursor or turn its text around. */
export function printable(text: string): string {
  return text.toWellFormed().replace(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, '\ufffd')
}

/** A line of a log: colours are left out, a tab is two spaces, and what is left is printable. */
export function printableLine(text: string): string {
  return printable(
    stripVTControlCharacters(text)
      .replace(/\r?\n$/, '')
      .replaceAll('\t', '  '),
  )
}

/** JSON on one line, or with `indent` on several: the same value, but a terminal obeys nothing in it. */
export function json(value: unknown, indent?: number): string {
  const escaped = (char: string) =>
    Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')
  // Line ends between members are JSON's own; in texts they are escaped already.
  return JSON.stringify(value, null, indent).replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)
}
