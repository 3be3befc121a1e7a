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
    // Each cold start parses what is in the bundle: the matcher of patterns and the time zones only where something needs them.
    alias: { ...(hasPatterns(config) ? {} : noPatterns), ...(hasWindows(config) ? {} : noTimeZones) },
    logLevel: 'silent',
  } as const satisfies BuildOptions
}

const inPlace = (file: string) => fileURLToPath(new URL(file, import.meta.url))

const noPatterns = { re2js: inPlace('no-patterns.ts') }

const noTimeZones = Object.fromEntries(
  ['Instant', 'PlainDateTime', 'ZonedDateTime'].map(entry => [
    `temporal-polyfill/fns/${entry}`,
    inPlace('no-time-zones.ts'),
  ]),
)

function hasPatterns({ targets }: Config): boolean {
  return targets.some(({ tags }) => tags.kind === 'glob' || tags.kind === 'regex')
}

/** Freezes of targets, or the guard's hours. The nightly report needs no time zones here: its schedule has its own. */
function hasWindows({ targets, guard }: Config): boolean {
  return (
    targets.some(({ gates }) => gates.freeze.length > 0) ||
    (guard?.rules ?? []).some(({ hours }) => hours !== undefined && hours !== 'none')
  )
}
