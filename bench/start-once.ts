/** How long a newcomer waits: the tour of `npm start`, the tests, and with `--install` both commands of a fresh clone. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchOptions, Figure } from './figure.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Wall time on this machine, in seconds. A command that fails is an error with what it said last. */
export async function measureStartOnce({ install }: BenchOptions): Promise<Figure[]> {
  const figures = [
    seconds('npm start -- --once', await timed('npm', ['start', '--', '--once'], root)),
    seconds('npm test', await timed('npm', ['test'], root)),
  ]
  return install ? [...figures, await freshClone()] : figures
}

/** `npm ci` and the tour in a clone of what is committed. The cache is warm when this machine has installed it before. */
async function freshClone(): Promise<Figure> {
  const directory = await mkdtemp(join(tmpdir(), 'farguard-clone-'))
  try {
    await timed('git', ['clone', '--quiet', root, directory], root)
    const installed = await timed('npm', ['ci', '--prefer-offline'], directory)
    const toured = await timed('npm', ['start', '--', '--once'], directory)
    const details = [`npm ci ${installed.toFixed(1)} s`, `npm start ${toured.toFixed(1)} s`]
    return { ...seconds('npm ci && npm start -- --once, in a fresh clone', installed + toured), details }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function seconds(what: string, value: number): Figure {
  return { what, value, unit: 's', atMost: 60 }
}

async function timed(command: string, args: string[], cwd: string): Promise<number> {
  const begunAt = performance.now()
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => (said = `${said}${chunk}`.slice(-4_000)))
  const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} exited with ${status}:\n${said}`)
  return (performance.now() - begunAt) / 1_000
}
