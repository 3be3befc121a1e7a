import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Listening, listen } from '../../../local/wire/listen.ts'
import { type Blob, blob, type Image, image, index, sha256 } from '../ecr/images.ts'
import { localAccount } from './local-account.ts'

let local: ReturnType<typeof localAccount>
let server: Listening
beforeEach(async () => {
  local = localAccount()
  server = await listen(local.wire, { port: 0 })
  local.ecr.createRepository('acme/web')
  local.ecr.createRepository('acme/api')
})
afterEach(() => server.close())

const web = '/v2/acme/web'
const call = (path: string, init: RequestInit = {}) => fetch(new URL(path, server.url), init)
async function errorOf(answer: Response) {
  const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] }
  return { status: answer.status, ...errors[0] }
}
const begin = async () => (await call(`${web}/blobs/uploads/`, { method: 'POST' })).headers.get('location') ?? ''
const pushBlob = ({ bytes, digest }: Blob) =>
  call(`${web}/blobs/uploads/?digest=${digest}`, { method: 'POST', body: new Uint8Array(bytes) })
const putManifest = ({ text, mediaType }: Image, reference: string, path = web) =>
  call(`${path}/manifests/${reference}`, { method: 'PUT', headers: { 'content-type': mediaType }, body: text })
async function push(pushed: Image, reference: string) {
  for (const each of pushed.blobs) await pushBlob(each)
  return putManifest(pushed, reference)
}

describe('login', () => {
  test('is not needed', async () => {
    const answer = await call('/v2/')
    expect([answer.status, answer.headers.get('docker-distribution-api-version')]).toEqual([200, 'registry/2.0'])
  })

  test('takes what GetAuthorizationToken gave, for twelve hours', async () => {
    const { authorizationData } = await new ECRClient(local.client).send(new GetAuthorizationTokenCommand())
    const authorization = `Basic ${authorizationData?.[0]?.authorizationToken}`
    expect((await call('/v2/', { headers: { authorization } })).status).toBe(200)
    await local.clock.advance(12 * 60 * 60 * 1000)
    expect((await call('/v2/', { headers: { authorization } })).status).toBe(401)
  })

  test.each(['Basic QVdTOndyb25n', 'Bearer x', 'x'])('refuses %s', async authorization => {
    const answer = await call('/v2/', { headers: { authorization } })
    expect(answer.headers.get('www-authenticate')).toContain('Basic')
    expect(await errorOf(answer)).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
  })
})

describe('a blob', () => {
  const layer = blob('a layer')

  test('comes back as it went', async () => {
    expect((await call(`${web}/blobs/${layer.digest}`, { method: 'HEAD' })).status).toBe(404)
    expect((await pushBlob(layer)).status).toBe(201)
    const head = await call(`${web}/blobs/${layer.digest}`, { method: 'HEAD' })
    expect([head.headers.get('content-length'), head.headers.get('docker-content-digest')]).toEqual([
      `${layer.size}`,
      layer.digest,
    ])
    expect(await (await call(`${web}/blobs/${layer.digest}`)).text()).toBe('a layer')
  })

  test('may come in any chunks, the last one with PUT', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (chunks, inPut) => {
          const whole = blob(chunks.join(''))
          let [location, sent] = [await begin(), 0]
          for (const chunk of inPut ? chunks.slice(0, -1) : chunks) {
            const length = Buffer.byteLength(chunk)
            const headers = { 'content-range': `${sent}-${sent + length - 1}` }
            const answer = await call(location, { method: 'PATCH', headers, body: chunk })
            sent += length
            expect([answer.status, answer.headers.get('range')]).toEqual([202, `0-${sent - 1}`])
            location = answer.headers.get('location') ?? ''
          }
          const last = inPut ? { body: chunks.at(-1) ?? '' } : {}
          expect((await call(`${location}?digest=${whole.digest}`, { method: 'PUT', ...last })).status).toBe(201)
          const back = await (await call(`${web}/blobs/${whole.digest}`)).arrayBuffer()
          expect(sha256(new Uint8Array(back))).toBe(whole.digest)
        },
      ),
      { numRuns: 25 },
    )
  })

  test('with a gap is refused, and the upload goes on', async () => {
    const location = await begin()
    const gap = await call(location, { method: 'PATCH', headers: { 'content-range': '5-7' }, body: 'yer' })
    expect([gap.status, gap.headers.get('range')]).toEqual([416, '0-0'])
    await call(location, { method: 'PATCH', body: 'a layer' })
    expect((await call(location)).headers.get('range')).toBe('0-6')
    expect((await call(`${location}?digest=${layer.digest}`, { method: 'PUT' })).status).toBe(201)
  })

  test('that breaks off is given up, and no other request may write into it meanwhile', async () => {
    const location = await begin()
    let write: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        write = controller
      },
    })
    const broken = call(location, { method: 'PATCH', body, duplex: 'half' } as RequestInit).catch(() => 'broken')
    write?.enqueue(Buffer.from('a lay'))
    await expect.poll(async () => (await call(location)).headers.get('range')).toBe('0-4')
    const other = await call(location, { method: 'PATCH', body: 'intruder' })
    expect(await errorOf(other)).toMatchObject({ status: 409, code: 'BLOB_UPLOAD_INVALID' })
    write?.error(new Error('the network is gone'))
    expect(await broken).toBe('broken')
    await expect.poll(async () => (await call(location)).status).toBe(404)
  })

  test('that is not what its digest says is not kept', async () => {
    const answer = await call(`${await begin()}?digest=${layer.digest}`, { method: 'PUT', body: 'another' })
    expect(await errorOf(answer)).toMatchObject({ status: 400, code: 'DIGEST_INVALID' })
    expect((await call(`${web}/blobs/${layer.digest}`, { method: 'HEAD' })).status).toBe(404)
  })

  test('is mounted from a repository that has it, and uploaded otherwise', async () => {
    await pushBlob(layer)
    const mount = (digest: string) =>
      call(`/v2/acme/api/blobs/uploads/?mount=${digest}&from=acme/web`, { method: 'POST' })
    expect((await mount(layer.digest)).status).toBe(201)
    expect((await call(`/v2/acme/api/blobs/${layer.digest}`)).status).toBe(200)
    expect((await mount(blob('unknown').digest)).status).toBe(202)
  })

  test('of a repository that does not exist is refused as ECR does', async () => {
    expect(await errorOf(await call('/v2/acme/nope/blobs/uploads/', { method: 'POST' }))).toEqual({
      status: 404,
      code: 'NAME_UNKNOWN',
      message: "The repository with name 'acme/nope' does not exist in the registry with id '123456789012'",
    })
  })

  test.each(['PATCH', 'PUT', 'GET', 'DELETE'])('%s of an upload that is not there says so', async method => {
    const answer = await call(`${web}/blobs/uploads/made-up?digest=${layer.digest}`, { method })
    expect(await errorOf(answer)).toMatchObject({ status: 404, code: 'BLOB_UPLOAD_UNKNOWN' })
  })
})

describe('a manifest', () => {
  const pushed = image('a')

  test('needs its blobs', async () => {
    expect(await errorOf(await putManifest(pushed, '1.0'))).toMatchObject({
      status: 400,
      code: 'MANIFEST_BLOB_UNKNOWN',
    })
    expect(local.events).toEqual([])
  })

  test('is read by tag and by digest, byte for byte', async () => {
    const spaced = { ...pushed, text: `${pushed.text}\n\n` }
    const answer = await push(spaced, '1.0')
    expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([201, sha256(spaced.text)])
    for (const reference of ['1.0', sha256(spaced.text)]) {
      const back = await call(`${web}/manifests/${reference}`)
      expect([back.headers.get('content-type'), await back.text()]).toEqual([pushed.mediaType, spaced.text])
    }
  })

  test('pushed again under its tag succeeds and is no event; under another tag it is one', async () => {
    await push(pushed, '1.0')
    expect((await putManifest(pushed, '1.0')).status).toBe(201)
    expect((await putManifest(pushed, pushed.digest)).status).toBe(201)
    await putManifest(pushed, 'latest')
    expect(local.events.map(({ detail }) => detail['image-tag'])).toEqual(['1.0', 'latest'])
  })

  test('of an index needs its children', async () => {
    const both = index([{ image: pushed, platform: 'linux/amd64' }])
    expect(await errorOf(await putManifest(both, '1.0'))).toMatchObject({ status: 400, code: 'MANIFEST_BLOB_UNKNOWN' })
    await push(pushed, pushed.digest)
    expect((await putManifest(both, '1.0')).status).toBe(201)
  })

  test.each([
    { case: 'another digest', reference: blob('x').digest, body: pushed.text, code: 'DIGEST_INVALID' },
    { case: 'no JSON', reference: '1.0', body: '{', code: 'MANIFEST_INVALID' },
    {
      case: 'no UTF-8',
      reference: '1.0',
      body: Buffer.from(pushed.text.replace('{', '{"annotations":{"a":"\u00ff"},'), 'latin1'),
      code: 'MANIFEST_INVALID',
    },
    { case: 'more than 4 MiB', reference: '1.0', body: ' '.repeat(4 * 1024 * 1024 + 1), code: 'MANIFEST_INVALID' },
  ])('with $case is refused', async ({ reference, body, code }) => {
    for (const each of pushed.blobs) await pushBlob(each)
    const headers = { 'content-type': pushed.mediaType }
    const answer = await call(`${web}/manifests/${reference}`, { method: 'PUT', headers, body })
    expect((await errorOf(answer)).code).toBe(code)
    expect(local.events).toEqual([])
  })

  test('is deleted by tag, by digest, and not at all while an index needs it', async () => {
    await push(pushed, pushed.digest)
    await putManifest(index([{ image: pushed, platform: 'linux/amd64' }]), '1.0')
    const remove = (reference: string) => call(`${web}/manifests/${reference}`, { method: 'DELETE' })
    expect(await errorOf(await remove(pushed.digest))).toMatchObject({ status: 403, code: 'DENIED' })
    expect((await remove('1.0')).status).toBe(202)
    expect((await remove(pushed.digest)).status).toBe(202)
    expect(await errorOf(await call(`${web}/manifests/1.0`))).toMatchObject({ status: 404, code: 'MANIFEST_UNKNOWN' })
  })
})

test('tags are listed in order, in pages', async () => {
  for (const each of image('a').blobs) await pushBlob(each)
  for (const tag of ['c', 'a', 'b']) await putManifest(image('a'), tag)
  expect(await (await call(`${web}/tags/list`)).json()).toEqual({ name: 'acme/web', tags: ['a', 'b', 'c'] })
  const page = await call(`${web}/tags/list?n=2`)
  expect(await page.json()).toEqual({ name: 'acme/web', tags: ['a', 'b'] })
  const next = /<(.*)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? ''
  const last = await call(next)
  expect([await last.json(), last.headers.get('link')]).toEqual([{ name: 'acme/web', tags: ['c'] }, null])
  expect((await errorOf(await call(`${web}/tags/list?n=-1`))).status).toBe(400)
})

test.each(['/v2/_catalog', '/v2/%zz/manifests/1', `${web}/referrers/${blob('x').digest}`])(
  '%s is refused in the protocol’s form',
  async path => {
    const { status, code } = await errorOf(await call(path))
    expect([status, code]).toEqual([
      expect.toSatisfy((status: number) => status === 404 || status === 400),
      expect.any(String),
    ])
    expect(local.faults).toEqual([])
  },
)
