import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import type { Config, FreezeWindow, Guard } from '../../shared/config/config.ts'
import type { activeWindow } from '../../shared/windows.ts'
import { esbuildOptions } from '../../stack/esbuild-options.ts'
import { config, guard, noGates, service } from '../deploy/targets.ts'

const weekend: FreezeWindow = {
  kind: 'weekly',
  label: 'Fri 16:00 - Mon 08:00 Europe/Berlin',
  timeZone: 'Europe/Berlin',
  from: { day: 5, minute: 960 },
  to: { day: 1, minute: 480 },
}
const frozen = config(service(), service({ gates: { ...noGates, freeze: [weekend] } }))
const saturday = new Date('2026-07-04T12:00Z')

/** shared/windows.ts as the functions of this configuration carry it. */
async function bundled(of: Config) {
  const entry = new URL('../../shared/windows.ts', import.meta.url).pathname
  const { outputFiles, metafile } = await build({
    ...esbuildOptions(of),
    entryPoints: [entry],
    write: false,
    metafile: true,
  })
  const module = { exports: {} as { activeWindow: typeof activeWindow } }
  new Function('module', outputFiles[0]?.text ?? '')(module)
  const inputs = Object.entries(Object.values(metafile.outputs)[0]?.inputs ?? {})
  return {
    ...module.exports,
    hasTimeZones: inputs.some(([file, { bytesInOutput }]) => file.includes('temporal-polyfill') && bytesInOutput > 0),
  }
}

describe('time zones are in the bundle', () => {
  test('where a target has a freeze window', async () => {
    const { activeWindow, hasTimeZones } = await bundled(frozen)
    expect(hasTimeZones).toBe(true)
    expect(activeWindow([weekend], saturday)?.until).toEqual(new Date('2026-07-06T06:00Z'))
  })

  test('where the guard has hours in which something is to run', async () => {
    const rule = { for: { by: 'all' as const }, label: 'all' }
    const guarded = (...rules: Guard['rules']) => ({ ...config(service()), guard: guard({ rules }) })
    expect((await bundled(guarded(rule, { ...rule, hours: [weekend] }))).hasTimeZones).toBe(true)
    expect((await bundled(guarded(rule, { ...rule, hours: 'none' }))).hasTimeZones).toBe(false)
  })

  test('and not where none has, which nothing misses', async () => {
    const { activeWindow, hasTimeZones } = await bundled(config(service()))
    expect(hasTimeZones).toBe(false)
    expect(activeWindow([], saturday)).toBeUndefined()
    expect(() => activeWindow([weekend], saturday)).toThrow('Build and deploy it again')
  })
})
