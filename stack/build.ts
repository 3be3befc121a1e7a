/** Bundles the stack's functions to dist/functions/<name>.cjs: `npm run build`. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'
import type { Config } from '../shared/config/config.ts'
import { ConfigMistake, stackConfig } from './config.ts'
import { bundleExtension, esbuildOptions } from './esbuild-options.ts'
import { type StackFunction, stackFunctions } from './functions.ts'

export interface Bundle {
  name: string
  /** Path of the written file. */
  file: string
  bytes: number
  /** The sources in it, relative to the working directory. */
  inputs: string[]
}

export const builtFunctions = fileURLToPath(new URL('../dist/functions', import.meta.url))

/** Bundles each function with `config` inlined. All or nothing: `outdir` is emptied once every bundle is made. */
export async function buildFunctions(
  config: Config,
  {
    outdir = builtFunctions,
    functions = stackFunctions(),
  }: { outdir?: string; functions?: readonly StackFunction[] } = {},
): Promise<Bundle[]> {
  const made = await Promise.all(functions.map(each => bundle(each, config)))
  await rm(outdir, { recursive: true, force: true })
  await mkdir(outdir, { recursive: true })
  return Promise.all(
    made.map(async ({ name, text, inputs }) => {
      const file = join(outdir, `${name}${bundleExtension}`)
      await writeFile(file, text)
      return { name, file, bytes: text.length, inputs }
    }),
  )
}

async function bundle({ name, entry }: StackFunction, config: Config) {
  const result = await build({ ...esbuildOptions(config), entryPoints: [entry], metafile: true, write: false })
  const text = result.outputFiles[0]?.contents
  if (!text) throw new Error(`esbuild made nothing of ${entry}.`)
  if (!exportsHandler(text)) throw new Error(`${entry} exports no \`handler\`, which is what Lambda calls.`)
  return { name, text, inputs: inputsOf(result.metafile) }
}

/** esbuild names a CommonJS bundle's exports in one getter table, whatever else it minifies. */
function exportsHandler(text: Uint8Array): boolean {
  return /\bhandler:\(\)=>/.test(Buffer.from(text).toString())
}

function inputsOf(metafile: Metafile): string[] {
  // What tree shaking left nothing of is not in the bundle.
  const output = Object.values(metafile.outputs)[0]?.inputs ?? {}
  return Object.entries(output).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [input] : []))
}

async function main(): Promise<void> {
  for (const { name, bytes } of await buildFunctions(stackConfig())) {
    console.log(`dist/functions/${name}${bundleExtension}  ${(bytes / 1024).toFixed(0)} KB`)
  }
}

if (import.meta.main) {
  await main().catch((error: Error) => {
    console.error(error instanceof ConfigMistake ? error.message : error)
    process.exitCode = 1
  })
}
