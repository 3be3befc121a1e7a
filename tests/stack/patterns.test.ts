import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { TagPolicy } from '../../shared/config/config.ts'
import { buildFunctions } from '../../stack/build.ts'
import { config, service } from '../deploy/targets.ts'

const directory = mkdtempSync(join(tmpdir(), 'farguard-patterns-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test.each<{ case: string; policies: TagPolicy[]; isBundled: boolean }>([
  { case: 'a glob', policies: [{ kind: 'glob', pattern: 'release-*' }], isBundled: true },
  { case: 'a regex', policies: [{ kind: 'regex', pattern: '^[0-9]{8}-' }], isBundled: true },
  {
    case: 'one pattern of several policies',
    policies: [{ kind: 'newest' }, { kind: 'glob', pattern: '*' }],
    isBundled: true,
  },
  {
    case: 'no pattern',
    policies: [{ kind: 'newest' }, { kind: 'exact', tag: 'live' }, { kind: 'semver', range: '^1' }],
    isBundled: false,
  },
])(
  'the matcher of patterns is in the bundle of a configuration with $case: $isBundled',
  async ({ policies, isBundled, ...of }) => {
    const outdir = join(directory, of.case.replaceAll(' ', '-'))
    const bundles = await buildFunctions(config(...policies.map(tags => service({ tags }))), { outdir })
    const deployImage = bundles.find(({ name }) => name === 'deploy-image')
    expect(deployImage?.inputs.some(input => input.includes('node_modules/re2js/'))).toBe(isBundled)
  },
)
