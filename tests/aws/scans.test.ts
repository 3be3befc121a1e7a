/** Scans through the SDK, on the local account. */
import { expect, test } from 'vitest'
import { ecrRegistry } from '../../shared/aws/ecr-registry.ts'
import { image, index } from '../local/ecr/images.ts'
import { repositoryWith } from '../local/ecr/pushed.ts'

const found = { labels: { 'local.findings': 'CRITICAL=1,HIGH=3', 'local.scan': 'after 90s' } }

async function scanned(scanType: 'BASIC' | 'ENHANCED' = 'BASIC') {
  const repository = await repositoryWith({ scanOnPush: true })
  const repositoryFilters = [{ filter: '*', filterType: 'WILDCARD' }]
  const rules = [{ scanFrequency: 'SCAN_ON_PUSH', repositoryFilters }]
  const { account } = repository
  await account.call('ecr', 'PutRegistryScanningConfiguration', { scanType, rules }, { accessKeyId: 'test' })
  return { ...repository, registry: ecrRegistry(repository.client) }
}

test.each(['BASIC', 'ENHANCED'] as const)('%s: pending until the scan is done, then what it found', async scanType => {
  const { registry, push, clock } = await scanned(scanType)
  const digest = await push(image('web', found), '1.0.0')
  expect(await registry.scanOf('acme/web', digest)).toEqual({ state: 'pending' })
  await clock.advance(89_000)
  expect(await registry.scanOf('acme/web', digest)).toEqual({ state: 'pending' })
  await clock.advance(5_000)
  const scan = await registry.scanOf('acme/web', digest)
  expect(scan).toEqual({ state: 'complete', counts: { CRITICAL: 1, HIGH: 3 }, at: expect.any(String) })
})

test.each([
  { plan: 'fails', why: /FAILED/ },
  { plan: 'unsupported', why: /UNSUPPORTED_IMAGE|UnsupportedImageError/ },
])('a scan that $plan is none, with why', async ({ plan, why }) => {
  const { registry, push, clock } = await scanned()
  const digest = await push(image('web', { labels: { 'local.scan': plan } }), '1.0.0')
  await clock.advance(120_000)
  expect(await registry.scanOf('acme/web', digest)).toEqual({ state: 'none', why: expect.stringMatching(why) })
})

test('a repository whose images are not scanned', async () => {
  const { push, client } = await repositoryWith()
  const registry = ecrRegistry(client)
  const digest = await push(image('web'), '1.0.0')
  expect(await registry.scanOf('acme/web', digest)).toEqual({ state: 'none', why: 'it was never scanned' })
  const none = `sha256:${'0'.repeat(64)}`
  expect(await registry.scanOf('acme/web', none)).toEqual({ state: 'none', why: 'there is no such image' })
})

test('a multi-arch image: what was found in its images together, the provenance beside them left out', async () => {
  const { registry, push, clock } = await scanned()
  const amd = image('amd', found)
  const arm = image('arm', { architecture: 'arm64', labels: { 'local.findings': 'HIGH=2' } })
  const provenance = image('provenance')
  for (const child of [amd, arm, provenance]) await push(child)
  const digest = await push(
    index([
      { image: amd, platform: 'linux/amd64' },
      { image: arm, platform: 'linux/arm64' },
      { image: provenance, platform: 'unknown/unknown' },
    ]),
    '1.0.0',
  )
  await clock.advance(60_000)
  expect(await registry.scanOf('acme/web', digest)).toEqual({ state: 'pending' })
  await clock.advance(60_000)
  expect(await registry.scanOf('acme/web', digest)).toMatchObject({
    state: 'complete',
    counts: { CRITICAL: 1, HIGH: 5 },
  })
})
