/** Fields that hold text with a grammar of its own: its parser says what is wrong. */
import * as z from 'zod'
import { isUnquoted, wrongKind } from './fields.ts'
import { quote } from './problems.ts'

/** None of these texts is longer; what tries to be is not worth a parser's time. */
const longest = 600

/** `problem`: what is wrong with a text and what would be right; undefined when it is sound. It is asked about a number too. */
export function parsed(wanted: {
  example: string
  examples?: readonly string[]
  help: string
  problem: (text: string) => string | undefined
}) {
  const { example, examples = [example], help, problem } = wanted
  return z
    .string({
      error: ({ input }) => (isUnquoted(input) ? problem(String(input)) : undefined) ?? wrongKind(input, example),
    })
    .refine(value => value.length <= longest, {
      abort: true,
      error: issue => `${quote(issue.input)} is longer than ${longest} characters`,
    })
    .superRefine((value, context) => {
      const message = problem(value)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    })
    .meta({ description: help, examples: [...examples] })
}

/** Of a parser's answer: what it found wrong. */
export function problemIn(answer: object): string | undefined {
  return 'problem' in answer ? String(answer.problem) : undefined
}
