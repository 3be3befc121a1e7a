import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pushImage, tinyImage } from '../../local/tiny-image.ts'
import { type Listening, listen } from '../../local/wire/listen.ts'
import { createWire } from '../../local/wire/wire.ts'
import { ecrAnnotations } from '../../shared/aws/ecr-annotations.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { parseImageName } from '../../shared/deploy/why.ts'
import { config, service, task } from '../deploy/targets.ts'
import { region, registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { type } from './shell.ts'

async function told(name: string, simulated: SimulatedWorld, json = false) {
  const { code, out: text, err } = await type(['why', name, ...(json ? ['--json'] : [])], simulated)
  return { code, text, err }
}

describe('farguard why', () => {
  test('tells of each target: what was decided, on what grounds, and what happened since', async () => {
    const simulated = simulatedWorld()
    const { push, createService, world } = simulated
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const targets = config(service(), service({ name: 'staging', tags: { kind: 'exact', tag: 'staging' } }))
    for (const tag of ['1.1.0', '1.3.0', '1.2.0']) await deployImage(push('acme/web', tag), targets, world)

    const first = await told('acme/web:1.1.0', simulated)
    expect(first.code).toBe(0)
    expect(first.text).toMatch(/web {2}deployment #1, superseded/)
    expect(first.text).toMatch(/because {2}newer than acme\/web:1\.0\.0, which the service runs/)
    expect(first.text).toMatch(/UpdateService web in demo: ecs-svc\/\d+/)
    expect(first.text).toMatch(/superseded by deployment 2, 1\.3\.0/)
    expect(first.text).toMatch(/staging {2}skipped: tag-not-matched/)
    expect((await told('acme/web:1.2.0', simulated)).text).toMatch(
      /because {2}acme\/web:1\.3\.0 of deployment 2 is newer by semver/,
    )
  })

  test('as JSON, by digest', async () => {
    const simulated = simulatedWorld()
    const event = simulated.push('acme/worker', 'v1')
    await deployImage(event, config(task()), simulated.world)
    const digest = event.detail['image-digest']
    const { text } = await told(`acme/worker@${digest}`, simulated, true)
    expect(JSON.parse(text)).toMatchObject({
      image: `acme/worker@${digest}`,
      digest,
      decisions: [
        { target: 'worker', verdict: 'deploy', event: { id: event.id }, deployment: { number: 1, state: 'started' } },
      ],
    })
  })

  test('says what is not on record, and ends with 1', async () => {
    expect(await told('acme/web:9.9.9', simulatedWorld())).toMatchObject({
      code: 1,
      text: expect.stringContaining('No decision on acme/web:9.9.9'),
    })
  })

  test.each(['acme/web', 'acme/web:', ':1.0', 'acme/web:1.0:2', 'acme/web@sha256:12', ''])(
    '%j is no image',
    async name => {
      const { code, err } = await told(name, simulatedWorld())
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('is no image. Try acme/web:1.4.2') })
    },
  )

  test('an image name may have a tag or a digest', () => {
    const digest = `sha256:${'a'.repeat(64)}`
    expect(parseImageName('acme/web:v1')).toEqual({ repository: 'acme/web', tag: 'v1' })
    expect(parseImageName(`acme/web@${digest}`)).toEqual({ repository: 'acme/web', digest })
  })
})

describe('what an image says of itself', () => {
  let server: Listening
  const simulated = simulatedWorld()
  beforeAll(async () => {
    server = await listen(createWire({ account: simulated.account, ecr: simulated.ecr }), { port: 0 })
  })
  afterAll(() => server.close())
  const annotations = () =>
    ecrAnnotations({ endpoint: server.url, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } })

  test('labels of its configuration', async () => {
    const image = tinyImage({ 'org.opencontainers.image.revision': '3f9a1c2' }, new Date(0))
    const digest = await pushImage(server.url, 'acme/web', '1.0.0', image)
    expect(await annotations().annotationsOf('acme/web', { digest })).toEqual({
      'org.opencontainers.image.revision': '3f9a1c2',
    })
  })

  test('annotations of an index beside the labels of its first image that can run', async () => {
    const image = tinyImage({ 'org.opencontainers.image.revision': 'child', only: 'child' }, new Date(1))
    await pushImage(server.url, 'acme/web', 'child', image)
    const digest = `sha256:${createHash('sha256').update(image.manifest).digest('hex')}`
    const mediaType = 'application/vnd.oci.image.index.v1+json'
    const manifests = [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: image.manifest.length }]
    const own = { 'org.opencontainers.image.revision': 'index' }
    const text = JSON.stringify({ schemaVersion: 2, mediaType, manifests, annotations: own })
    simulated.ecr.putManifest({ repository: 'acme/web', tag: 'both', text, layers: 'must-exist' })
    expect(await annotations().annotationsOf('acme/web', { tag: 'both' })).toEqual({ ...own, only: 'child' })
  })

  test('nothing, when there is no such image', async () => {
    expect(await annotations().annotationsOf('acme/web', { tag: 'nothing' })).toBeUndefined()
  })
})

describe('the command line', () => {
  const farguard = (...args: string[]) => {
    const environment = { ...process.env, NO_COLOR: '1', FARGUARD_LOCAL: '' }
    const ran = spawnSync(process.execPath, ['cli/farguard.ts', ...args], { encoding: 'utf8', env: environment })
    return { code: ran.status, said: `${ran.stdout}${ran.stderr}`.trim() }
  }
  const nobody = (address: string) => ({
    code: 1,
    said: `Nothing answers for the local account at ${address}. Start it with: npm start`,
  })

  test.each([
    {
      case: 'an address before the command',
      args: ['--local', '127.0.0.1:1', 'why', 'acme/web:1'],
      expect: nobody('127.0.0.1:1'),
    },
    {
      case: 'an address after the image',
      args: ['why', 'acme/web:1', '--local', '127.0.0.1:1'],
      expect: nobody('127.0.0.1:1'),
    },
    {
      case: 'a name that is no image',
      args: ['--local', 'why', 'acme/web'],
      expect: { code: 2, said: expect.stringContaining('"acme/web" is no image') },
    },
    {
      case: 'no image',
      args: ['why'],
      expect: { code: 2, said: expect.stringContaining("missing required argument 'image'") },
    },
    {
      case: 'a limit that is none',
      args: ['why', 'a:1', '--limit', '0'],
      expect: { code: 2, said: expect.stringContaining('whole number from 1 to 1000') },
    },
  ])('$case', ({ args, expect: expected }) => expect(farguard(...args)).toEqual(expected))
})
