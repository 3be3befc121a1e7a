/** How a function is bundled: one set of options for the deployed stack and for dist/functions. */
import { fileURLToPath } from 'node:url'
import type { BuildOptions } from 'esbuild'
import type { Config } from '../shared/config/config.ts'

/** The extension of a bundle. The package is of type module, and CommonJS starts faster on Lambda (docs: stack). */
export const bundleExtension = '.cjs'

export function esbuildOptions(config: Config) {
  return {
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // The packages' ES modules shake down to half of what their CommonJS files do.
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    // No Lambda parses YAML: functions/config.ts gets the configuration as a literal.
    define: { __FARGUARD_CONFIG__: JSON.stringify(config) },
    // The matcher of patterns is a fifth of the bundle, which each cold start parses: only where a policy is a pattern.
    alias: hasPatterns(config) ? {} : { re2js: noPatterns },
    logLevel: 'silent',
  } as const satisfies BuildOptions
}

const noPatterns = fileURLToPath(new URL('no-patterns.ts', import.meta.url))

function hasPatterns({ targets }: Config): boolean {
  return targets.some(({ tags }) => tags.kind === 'glob' || tags.kind === 'regex')
}
