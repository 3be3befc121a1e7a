import { expect, test } from 'vitest'
import { imageReference } from '../../../local/account/ecr/image-reference.ts'
import { localAccount, registryHost } from '../wire/local-account.ts'
import { image, index } from './images.ts'

const digest = `sha256:${'a'.repeat(64)}`

test.each([
  ['nginx', { host: 'docker.io', repository: 'nginx', tag: 'latest' }],
  ['acme/web:1.4', { host: 'docker.io', repository: 'acme/web', tag: '1.4' }],
  ['public.ecr.aws/nginx/nginx:1', { host: 'public.ecr.aws', repository: 'nginx/nginx', tag: '1' }],
  ['127.0.0.1:4566/acme/web', { host: '127.0.0.1:4566', repository: 'acme/web', tag: 'latest' }],
  ['localhost/web:a-b_c.d', { host: 'localhost', repository: 'web', tag: 'a-b_c.d' }],
  [`host:80/web@${digest}`, { host: 'host:80', repository: 'web', digest }],
  [`host.io/web:1@${digest}`, { host: 'host.io', repository: 'web', tag: '1', digest }],
  ['', undefined],
  ['web:', undefined],
  ['/web', undefined],
  ['web@sha256:short', undefined],
])('%s', (name, expected) => {
  expect(imageReference(name)).toEqual(expected)
})

test('an image exists when this account has it, and when the account can not know', () => {
  const { ecr } = localAccount()
  ecr.createRepository('acme/web')
  const pushed = image('a')
  ecr.putManifest({ repository: 'acme/web', text: pushed.text, tag: '1.0', layers: 'may-be-missing' })
  const existing = ['acme/web:1.0', `acme/web@${pushed.digest}`, `acme/web:gone@${pushed.digest}`]
  for (const name of existing) expect(ecr.exists(`${registryHost}/${name}`), name).toBe(true)
  expect(ecr.exists('127.0.0.1:4566/acme/web:1.0')).toBe(true)
  const missing = ['acme/web', 'acme/web:2.0', 'acme/other:1.0', `acme/web@${digest}`]
  for (const name of missing) expect(ecr.exists(`${registryHost}/${name}`), name).toBe(false)
  expect(ecr.exists('public.ecr.aws/nginx/nginx:1')).toBe(true)
  expect(ecr.exists('web:')).toBe(false)
  expect(ecr.digestOf(`${registryHost}/acme/web:1.0`)).toBe(pushed.digest)
  expect(ecr.digestOf('public.ecr.aws/nginx/nginx:1')).toBeUndefined()
})

test('labels come from the config blob; an index answers for its first real image', () => {
  const { ecr } = localAccount()
  ecr.createRepository('acme/web')
  const provenance = image('provenance', { labels: { of: 'provenance' } })
  const real = image('real', { labels: { of: 'real' } })
  const both = index([
    { image: provenance, platform: 'unknown/unknown' },
    { image: real, platform: 'linux/amd64' },
  ])
  for (const { bytes, digest } of [...provenance.blobs, ...real.blobs]) {
    const upload = ecr.blobs.begin('acme/web', ecr.newUploadId())
    ecr.blobs.append(upload, bytes)
    ecr.blobs.finish(upload, digest)
  }
  for (const { text } of [provenance, real]) ecr.putManifest({ repository: 'acme/web', text, layers: 'must-exist' })
  ecr.putManifest({ repository: 'acme/web', text: both.text, tag: 'both', layers: 'must-exist' })
  ecr.putManifest({ repository: 'acme/web', text: image('bare').text, tag: 'bare', layers: 'may-be-missing' })
  expect(ecr.labels(`${registryHost}/acme/web:both`)).toEqual({ of: 'real' })
  expect(ecr.labels(`${registryHost}/acme/web:bare`)).toEqual({})
  expect(ecr.labels('public.ecr.aws/nginx/nginx:1')).toEqual({})
})
