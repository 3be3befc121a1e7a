/** The functions that the stack deploys, as serverless.yml lists them. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export interface StackFunction {
  /** The key in serverless.yml, and the bundle's file name. */
  name: string
  /** Path of the source file. */
  entry: string
}

const root = new URL('../', import.meta.url)

/** Throws when a handler is not `functions/<file>.handler` of a file that exists. */
export function stackFunctions(): StackFunction[] {
  // CloudFormation's own tags (!Ref) are of no interest here, and no reason to warn.
  const stack = parse(readFileSync(new URL('serverless.yml', root), 'utf8'), { logLevel: 'error' })
  const listed: Record<string, { handler?: string }> = stack.functions
  return Object.entries(listed).map(([name, { handler = '' }]) => {
    const file = /^(functions\/[\w-]+)\.handler$/.exec(handler)?.[1]
    const entry = fileURLToPath(new URL(`${file}.ts`, root))
    if (!file || !existsSync(entry)) {
      throw new Error(
        `serverless.yml: functions.${name}.handler is "${handler}". It is functions/<file>.handler, where functions/<file>.ts exists.`,
      )
    }
    return { name, entry }
  })
}
