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

/** Throws when a function's handler is not `functions/<its name>.handler`, in a file that exists. */
export function stackFunctions(): StackFunction[] {
  // CloudFormation's own tags (!Ref) are of no interest here, and no reason to warn.
  const stack = parse(readFileSync(new URL('serverless.yml', root), 'utf8'), { logLevel: 'error' })
  const listed: Record<string, { handler?: string }> = stack.functions
  return Object.entries(listed).map(([name, { handler }]) => {
    const entry = fileURLToPath(new URL(`functions/${name}.ts`, root))
    // The bundle, the zip and the local account find the code by this one name.
    if (handler === `functions/${name}.handler` && existsSync(entry)) return { name, entry }
    throw new Error(
      `serverless.yml: functions.${name}.handler is "${handler}". Try functions/${name}.handler, and write functions/${name}.ts`,
    )
  })
}
