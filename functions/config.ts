/** farguard.yml as it was when the function was built: see stack/esbuild-options.ts. */
import type { Config } from '../shared/config/config.ts'

declare const __FARGUARD_CONFIG__: Config

export const config = __FARGUARD_CONFIG__
