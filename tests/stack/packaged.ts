/** The stack as `serverless package` makes it of some farguard.yml, in a directory of its own. */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Resource {
  Type: string
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's properties, whose shape is what the tests are about
  Properties: any
  DeletionPolicy?: string
}

export interface Packaged {
  template: { Resources: Record<string, Resource>; Outputs: Record<string, unknown> }
  templateBytes: number
  said: string
  directory: string
}

/** The framework writes where the service lies: a directory of links to the sources, so that runs don't meet. */
export function serviceDirectory(config: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'farguard-package-'))
  for (const linked of ['node_modules', 'functions', 'shared', 'events', 'stack']) {
    symlinkSync(join(root, linked), join(directory, linked))
  }
  for (const copied of ['serverless.yml', 'package.json']) cpSync(join(root, copied), join(directory, copied))
  writeFileSync(join(directory, 'farguard.yml'), config)
  return directory
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}

/** As a laptop with no network rights and no credentials would run it. */
export function serverlessPackage(
  directory: string,
  ...options: string[]
): Promise<{ status: number | null; said: string }> {
  const framework = join(root, 'node_modules/serverless/bin/serverless.js')
  const child = spawn(process.execPath, [framework, 'package', ...options], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      TMPDIR: directory,
      SLS_TELEMETRY_DISABLED: '1',
      SLS_NOTIFICATIONS_MODE: 'off',
    },
  })
  const said: Buffer[] = []
  child.stdout.on('data', chunk => said.push(chunk))
  child.stderr.on('data', chunk => said.push(chunk))
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', status => done({ status, said: Buffer.concat(said).toString() }))
  })
}

export async function packaged(directory: string, ...options: string[]): Promise<Packaged> {
  const { status, said } = await serverlessPackage(directory, ...options)
  if (status !== 0) throw new Error(`serverless package exited with ${status}:\n${said}`)
  const text = readFileSync(join(directory, '.serverless/cloudformation-template-update-stack.json'), 'utf8')
  return { template: JSON.parse(text), templateBytes: Buffer.byteLength(text), said, directory }
}

/** farguard.yml with this many service targets, each with a repository of its own. */
export function configOf(targets: number, repository = (nth: number) => `acme/service-${nth}`): string {
  const lines = Array.from({ length: targets }, (_, nth) => [
    `  t${nth}:`,
    `    repository: ${repository(nth)}`,
    '    tags: semver:^1',
    '    run: service',
  ])
  return ['targets:', ...lines.flat(), ''].join('\n')
}
