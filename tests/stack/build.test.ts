import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { buildFunctions } from '../../stack/build.ts'
import { stackFunctions } from '../../stack/functions.ts'
import { config, service } from '../deploy/targets.ts'
import { configOf, removeDirectory, serviceDirectory } from './packaged.ts'

const directory = mkdtempSync(join(tmpdir(), 'farguard-build-'))
const stack = serviceDirectory(configOf(1))
afterAll(() => {
  removeDirectory(directory)
  removeDirectory(stack)
})

const configured = config(service({ name: 'a-target-of-the-build' }))

function source(name: string, text: string): { name: string; entry: string } {
  const entry = join(directory, `${name}.ts`)
  writeFileSync(entry, text)
  return { name, entry }
}

describe('the build', () => {
  test('bundles every function of serverless.yml, with the configuration in it and nothing that reads one', async () => {
    const outdir = join(directory, 'all')
    const bundles = await buildFunctions(configured, { outdir })
    expect(bundles.map(({ name }) => name)).toEqual(stackFunctions().map(({ name }) => name))
    expect(readdirSync(outdir).sort()).toEqual(bundles.map(({ name }) => `${name}.cjs`).sort())
    for (const { file, bytes, inputs } of bundles) {
      const text = readFileSync(file, 'utf8')
      expect(Buffer.byteLength(text)).toBe(bytes)
      expect(text).toContain('a-target-of-the-build')
      expect(inputs).toContain('functions/config.ts')
      expect(inputs.filter(input => /node_modules\/(yaml|zod\/v4\/classic|fastest-levenshtein)\//.test(input))).toEqual(
        [],
      )
      expect(inputs.filter(input => /^shared\/config\/(?!(config|clusters|quantities)\.ts)/.test(input))).toEqual([])
    }
  })

  test('a bundle needs no package: it loads where there is none, and gives its handler', async () => {
    const outdir = join(directory, 'alone')
    const bundles = await buildFunctions(configured, { outdir })
    for (const { file } of bundles) {
      const load = `process.stdout.write(typeof require(${JSON.stringify(file)}).handler)`
      const child = spawnSync(process.execPath, ['-e', load], { cwd: outdir, env: {}, encoding: 'utf8' })
      expect(child).toMatchObject({ stdout: 'function', stderr: '', status: 0 })
    }
  })

  test.each([
    { case: 'exports no handler', text: 'export const main = () => 1', message: /exports no `handler`/ },
    { case: 'does not parse', text: 'export const handler = (', message: /Unexpected end of file/ },
    { case: 'imports what is not there', text: `import './gone.ts'; export const handler = 1`, message: /gone\.ts/ },
  ])('a function that $case: refused, and what was built before stays', async ({ case: name, text, message }) => {
    const outdir = join(directory, name)
    const good = source('good', 'export const handler = async () => 1')
    await buildFunctions(configured, { outdir, functions: [good] })
    const bad = source(name.replaceAll(' ', '-'), text)
    await expect(buildFunctions(configured, { outdir, functions: [good, bad] })).rejects.toThrow(message)
    expect(readdirSync(outdir)).toEqual(['good.cjs'])
  })

  test('bundles of functions that are gone are removed', async () => {
    const outdir = join(directory, 'renamed')
    await buildFunctions(configured, { outdir, functions: [source('before', 'export const handler = () => 1')] })
    await buildFunctions(configured, { outdir, functions: [source('after', 'export const handler = () => 1')] })
    expect(readdirSync(outdir)).toEqual(['after.cjs'])
  })
})

describe('npm run build', () => {
  const build = fileURLToPath(new URL('../../stack/build.ts', import.meta.url))
  const dist = fileURLToPath(new URL('../../dist', import.meta.url))

  test.each([
    {
      case: 'an invalid config',
      file: 'bad.yml',
      text: configOf(1).replace('semver:^1', 'semver:^1.x.y').replace('run: service', 'run: servise'),
      says: /^bad\.yml:4:\d+ .*\nbad\.yml:5:\d+ .*\n2 problems\. Nothing was changed\.\n$/,
    },
    {
      case: 'a config that is not there',
      file: 'none.yml',
      text: undefined,
      says: /^none\.yml .*there is no such file/,
    },
  ])('$case: said, exit 1, nothing written', ({ file, text, says }) => {
    if (text !== undefined) writeFileSync(join(stack, file), text)
    const before = existsSync(dist) ? readdirSync(dist) : []
    const env = { PATH: process.env.PATH, FARGUARD_CONFIG: file }
    const child = spawnSync(process.execPath, [build], { cwd: stack, env, encoding: 'utf8' })
    expect(child.stderr).toMatch(says)
    expect(child.stderr).not.toMatch(/^\s+at /m)
    expect(child).toMatchObject({ status: 1, stdout: '' })
    expect(existsSync(dist) ? readdirSync(dist) : []).toEqual(before)
  })
})
