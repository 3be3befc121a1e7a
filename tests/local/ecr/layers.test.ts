import {
  CompleteLayerUploadCommand,
  ECRClient,
  GetDownloadUrlForLayerCommand,
  InitiateLayerUploadCommand,
  LayersNotFoundException,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr'
import { describe, expect, test } from 'vitest'
import { Blobs } from '../../../local/account/ecr/blobs.ts'
import { localAccount } from '../wire/local-account.ts'
import { sha256 } from './images.ts'

const MiB = 1024 * 1024
const bytes = (text: string) => Buffer.from(text)

function push(blobs: Blobs, repository: string, text: string, digest = sha256(text)): boolean {
  const upload = blobs.begin(repository, `${repository} ${text}`)
  blobs.append(upload, bytes(text))
  return blobs.finish(upload, digest)
}

describe('blobs', () => {
  test('count once however many repositories hold them, and are freed with the last', () => {
    const blobs = new Blobs(10)
    for (const repository of ['a', 'b']) expect(push(blobs, repository, 'layer')).toBe(true)
    expect(() => push(blobs, 'c', 'larger')).toThrow('keeps at most 10 bytes')
    blobs.dropRepository('a')
    expect(blobs.get('a', sha256('layer'))).toBeUndefined()
    expect(blobs.get('b', sha256('layer'))).toEqual(bytes('layer'))
    blobs.dropRepository('b')
    blobs.dropRepository('c')
    expect(push(blobs, 'c', 'ten bytes!')).toBe(true)
  })

  test('under another digest are not held, even where that digest exists', () => {
    const blobs = new Blobs()
    push(blobs, 'a', 'layer')
    expect(push(blobs, 'b', 'forged', sha256('layer'))).toBe(false)
    expect(blobs.get('b', sha256('layer'))).toBeUndefined()
  })

  test('an upload belongs to its repository, and its bytes are free again once it is given up', () => {
    const blobs = new Blobs(5)
    const upload = blobs.begin('a', 'id')
    blobs.append(upload, bytes('12345'))
    expect(blobs.upload('b', 'id')).toBeUndefined()
    blobs.cancel(upload)
    blobs.cancel(upload)
    expect(push(blobs, 'a', '12345')).toBe(true)
    expect(() => push(blobs, 'a', 'x')).toThrow('keeps at most')
  })
})

describe('a layer over the API', () => {
  const repositoryName = 'acme/web'

  async function upload(parts: Buffer[], digest = sha256(Buffer.concat(parts))) {
    const { ecr, client } = localAccount()
    ecr.createRepository(repositoryName)
    const aws = new ECRClient(client)
    const send = async () => {
      const { uploadId } = await aws.send(new InitiateLayerUploadCommand({ repositoryName }))
      let partFirstByte = 0
      for (const layerPartBlob of parts) {
        const partLastByte = partFirstByte + layerPartBlob.length - 1
        const part = { repositoryName, uploadId, partFirstByte, partLastByte, layerPartBlob }
        await aws.send(new UploadLayerPartCommand(part))
        partFirstByte += layerPartBlob.length
      }
      return aws.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [digest] }))
    }
    return { aws, digest, send }
  }

  test('has parts of 5 MiB but the last, and a URL to read it from', async () => {
    const { aws, digest, send } = await upload([Buffer.alloc(5 * MiB, 1), bytes('last')])
    const url = () => aws.send(new GetDownloadUrlForLayerCommand({ repositoryName, layerDigest: digest }))
    await expect(url()).rejects.toThrow(LayersNotFoundException)
    await expect(send()).resolves.toMatchObject({ layerDigest: digest })
    expect((await url()).downloadUrl).toMatch(new RegExp(`/v2/acme/web/blobs/${digest}$`))
    await expect(send()).rejects.toMatchObject({ name: 'LayerAlreadyExistsException' })
  })

  test.each([
    { case: 'a small part before the last', parts: [bytes('a'), bytes('b')], code: 'LayerPartTooSmallException' },
    { case: 'no part', parts: [], code: 'EmptyUploadException' },
    { case: 'another digest', parts: [bytes('a')], digest: sha256('b'), code: 'InvalidLayerException' },
    { case: 'no digest', parts: [bytes('a')], digest: 'sha256:b', code: 'InvalidParameterException' },
    { case: 'a part above 20 MiB', parts: [Buffer.alloc(20 * MiB + 1)], code: 'InvalidLayerPartException' },
  ])('with $case is refused', async ({ parts, digest, code }) => {
    await expect((await upload(parts, digest)).send()).rejects.toMatchObject({ name: code })
  })
})
