import { describe, expect, test } from 'vitest'
import { parseManifest } from '../../../local/account/ecr/manifest.ts'
import { blob, image, index, ociIndex, ociManifest } from './images.ts'

describe('a manifest', () => {
  test('of an image names its blobs, its size and what it is', () => {
    const { text, blobs } = image('a')
    expect(parseManifest(text)).toEqual({
      mediaType: ociManifest,
      artifactMediaType: 'application/vnd.oci.image.config.v1+json',
      config: blobs[0]?.digest,
      blobs: blobs.map(({ digest }) => digest),
      children: [],
      size: blobs.reduce((sum, { size }) => sum + size, 0),
    })
  })

  test('of an index names its children by platform', () => {
    const child = image('a')
    const manifest = parseManifest(index([{ image: child, platform: 'linux/arm64' }]).text)
    expect(manifest.children).toEqual([{ digest: child.digest, platform: 'linux/arm64' }])
    expect(manifest.artifactMediaType).toBeUndefined()
  })

  test('may leave its media type out: the stated one counts, then its shape', () => {
    const { mediaType: _, ...bare } = JSON.parse(image('a').text)
    expect(parseManifest(JSON.stringify(bare)).mediaType).toBe(ociManifest)
    const docker = 'application/vnd.docker.distribution.manifest.v2+json'
    expect(parseManifest(JSON.stringify(bare), docker).mediaType).toBe(docker)
    expect(parseManifest('{"schemaVersion":2,"manifests":[]}').mediaType).toBe(ociIndex)
  })

  test('does not ask for layers that live elsewhere', () => {
    const { bytes: _, ...foreign } = blob('windows base')
    const json = JSON.parse(image('a').text)
    json.layers.push({ ...foreign, urls: ['https://example.com/layer'] })
    expect(parseManifest(JSON.stringify(json)).blobs).not.toContain(foreign.digest)
  })

  const good = JSON.parse(image('a').text)
  test.each([
    { case: 'no JSON', text: '{', says: 'Invalid JSON syntax' },
    { case: 'a list', text: '[]', says: 'must be a JSON object' },
    { case: 'the first schema', text: JSON.stringify({ ...good, schemaVersion: 1 }), says: 'schemaVersion must be 2' },
    {
      case: 'another type',
      text: JSON.stringify({ ...good, mediaType: 'text/plain' }),
      says: "'text/plain' is none of",
    },
    { case: 'no layers', text: JSON.stringify({ ...good, layers: undefined }), says: 'layers must be a list' },
    { case: 'no config', text: JSON.stringify({ ...good, config: undefined }), says: 'config.digest must be sha256' },
    {
      case: 'a short digest',
      text: JSON.stringify({ ...good, layers: [{ digest: 'sha256:abc', size: 1 }] }),
      says: 'layers[0].digest must be sha256',
    },
    {
      case: 'a negative size',
      text: JSON.stringify({ ...good, config: { ...good.config, size: -1 } }),
      says: 'config.size must be a count',
    },
    { case: 'more than 4 MiB', text: `${' '.repeat(4 * 1024 * 1024)}{}`, says: 'more than 4194304 bytes' },
  ])('with $case is refused, saying so', ({ text, says }) => {
    expect(() => parseManifest(text)).toThrow(says)
  })

  test('that says another media type than it was sent with is refused', () => {
    expect(() => parseManifest(image('a').text, ociIndex)).toThrow(`was sent as '${ociIndex}'`)
  })
})
