/** Other people's clients against the wire: skopeo, the aws command, boto3. Each is skipped where it is not installed. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AwsError } from '../../../local/account/aws-error.ts'
import { type Listening, listen } from '../../../local/wire/listen.ts'
import { type Image, image, index } from '../ecr/images.ts'
import { localAccount } from './local-account.ts'

const installed = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
const hasSkopeo = installed('skopeo', '--version')
const hasAws = installed('aws', '--version')
const hasBoto = installed('python3', '-c', 'import boto3')
const missing = (name: string, there: boolean) => (there ? name : `${name} (skipped: not installed)`)

let server: Listening
let local: ReturnType<typeof localAccount>
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'farguard-clients-'))
})
afterAll(() => rm(directory, { recursive: true }))
beforeEach(async () => {
  const throwing = (error: AwsError) => () => {
    throw error
  }
  local = localAccount({
    ecs: {
      RunTask: throwing(new AwsError('ConflictException', 'taken', { members: { resourceIds: ['arn:1'] } })),
      DescribeTasks: () => ({ tasks: [{ taskArn: 'arn', createdAt: local.clock.now(), version: 2 }], failures: [] }),
    },
    sqs: {
      SendMessage: throwing(new AwsError('QueueDoesNotExist', 'The specified queue does not exist.')),
      GetQueueUrl: input => ({ QueueUrl: `${server.url}/123456789012/${input.QueueName}` }),
    },
  })
  server = await listen(local.wire, { port: 0 })
  local.ecr.createRepository('acme/web')
})
afterEach(() => server.close())

/** Runs a command; its output, or a rejection that carries stderr. Async, since the server is in this very process. */
async function run(command: string, args: string[], input?: string): Promise<string> {
  const running = promisify(execFile)(command, args, {
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      PYENV_VERSION: process.env.PYENV_VERSION,
      PYENV_ROOT: process.env.PYENV_ROOT,
      REGISTRY_AUTH_FILE: join(directory, 'auth.json'),
      AWS_ENDPOINT_URL: server.url,
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_PAGER: '',
    },
  })
  running.child.stdin?.end(input)
  return (await running).stdout
}

/** An OCI layout directory that holds these images under these names. */
async function layout(name: string, content: Image[], named: Record<string, Image>): Promise<string> {
  const path = join(directory, name)
  await mkdir(join(path, 'blobs/sha256'), { recursive: true })
  const write = (digest: string, bytes: string | Buffer) =>
    writeFile(join(path, 'blobs', digest.replace(':', '/')), bytes)
  for (const { text, digest, blobs } of content) {
    await write(digest, text)
    for (const each of blobs) await write(each.digest, each.bytes)
  }
  const manifests = Object.entries(named).map(([ref, { mediaType, digest, text }]) => ({
    mediaType,
    digest,
    size: Buffer.byteLength(text),
    annotations: { 'org.opencontainers.image.ref.name': ref },
  }))
  await writeFile(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
  await writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  return path
}

const [amd, arm] = [image('amd64'), image('arm64', { architecture: 'arm64' })]
const both = index([
  { image: amd, platform: 'linux/amd64' },
  { image: arm, platform: 'linux/arm64' },
])
const pushed = () => local.events.map(({ detail }) => [detail['image-tag'], detail['image-digest']])
const registry = () => `docker://127.0.0.1:${server.port}`

describe.skipIf(!hasSkopeo)(missing('skopeo', hasSkopeo), () => {
  const copy = (...args: string[]) => run('skopeo', ['--insecure-policy', 'copy', ...args])

  test('copies an image in and out, twice with one event', async () => {
    const source = await layout('one', [amd], { it: amd })
    for (let i = 0; i < 2; i++)
      await copy('--dest-tls-verify=false', `oci:${source}:it`, `${registry()}/acme/web:1.0.0`)
    expect(pushed()).toEqual([['1.0.0', amd.digest]])
    await copy('--src-tls-verify=false', `${registry()}/acme/web:1.0.0`, `oci:${join(directory, 'back')}:it`)
  })

  test('copies an index with its children: an untagged event each, then the tagged one', async () => {
    const source = await layout('both', [amd, arm, both], { it: both })
    await copy('--all', '--dest-tls-verify=false', `oci:${source}:it`, `${registry()}/acme/web:1.0.0`)
    expect(pushed()).toEqual([
      ['', amd.digest],
      ['', arm.digest],
      ['1.0.0', both.digest],
    ])
    await copy('--all', '--src-tls-verify=false', `${registry()}/acme/web:1.0.0`, `oci:${join(directory, 'all')}:it`)
  })

  test('converts to the Docker format on the way', async () => {
    const source = await layout('docker', [amd], { it: amd })
    await copy('--format=v2s2', '--dest-tls-verify=false', `oci:${source}:it`, `${registry()}/acme/web:1.0.0`)
    expect(local.events[0]?.detail['manifest-media-type']).toBe('application/vnd.docker.distribution.manifest.v2+json')
  })

  test('is told that a repository does not exist', async () => {
    const source = await layout('nope', [amd], { it: amd })
    const nowhere = copy('--dest-tls-verify=false', `oci:${source}:it`, `${registry()}/acme/nope:1`)
    await expect(nowhere).rejects.toThrow("The repository with name 'acme/nope' does not exist")
  })

  test.skipIf(!hasAws)(missing('logs in with the aws command’s password', hasAws), async () => {
    const password = await run('aws', ['ecr', 'get-login-password'])
    const login = ['login', '--tls-verify=false', '-u', 'AWS', '--password-stdin', `127.0.0.1:${server.port}`]
    expect(await run('skopeo', login, password)).toContain('Login Succeeded')
  })
})

describe.skipIf(!hasAws)(missing('the aws command', hasAws), () => {
  const aws = async (...args: string[]) => JSON.parse((await run('aws', args)) || 'null')

  test('puts an image, and describes it', async () => {
    const put = ['--repository-name', 'acme/web', '--image-tag', '1.0.0', '--image-manifest', amd.text]
    expect((await aws('ecr', 'put-image', ...put)).image.imageId).toEqual({
      imageDigest: amd.digest,
      imageTag: '1.0.0',
    })
    expect(pushed()).toEqual([['1.0.0', amd.digest]])
    const { imageDetails } = await aws('ecr', 'describe-images', '--repository-name', 'acme/web')
    expect(imageDetails).toMatchObject([{ imageTags: ['1.0.0'] }])
    await expect(aws('ecr', 'put-image', ...put)).rejects.toThrow('ImageAlreadyExistsException')
  })

  test('asks STS who it is', async () => {
    expect((await aws('sts', 'get-caller-identity')).Account).toBe('123456789012')
  })

  test('speaks JSON to SQS, once it is told the endpoint: it has a host of its own for SQS', async () => {
    const answer = await aws('sqs', 'get-queue-url', '--queue-name', 'control', '--endpoint-url', server.url)
    expect(answer.QueueUrl).toBe(`${server.url}/123456789012/control`)
  })
})

describe.skipIf(!hasBoto)(missing('boto3', hasBoto), () => {
  const python = (script: string) => run('python3', ['-c', `import boto3\n${script}`])

  test('raises the typed exceptions', async () => {
    const script = `
ecr, ecs, sqs = boto3.client('ecr'), boto3.client('ecs'), boto3.client('sqs')
try: ecr.describe_images(repositoryName='acme/nope')
except ecr.exceptions.RepositoryNotFoundException as e: print('ecr', e.response['ResponseMetadata']['HTTPStatusCode'])
try: ecs.run_task(taskDefinition='t')
except ecs.exceptions.ConflictException as e: print('ecs', e.response['resourceIds'], e.response['message'])
try: sqs.send_message(QueueUrl='${server.url}/1/q', MessageBody='m')
except sqs.exceptions.QueueDoesNotExist as e: print('sqs', e.response['Error']['Code'])
`
    const expected = ['ecr 400', "ecs ['arn:1'] taken", 'sqs AWS.SimpleQueueService.NonExistentQueue']
    expect((await python(script)).trim().split('\n')).toEqual(expected)
  })

  test('reads timestamps, uploads a layer in parts and downloads it', async () => {
    const script = `
import hashlib, urllib.request
print(boto3.client('ecs').describe_tasks(cluster='c', tasks=['arn'])['tasks'][0]['createdAt'].isoformat()[:4])
ecr, layer = boto3.client('ecr'), bytes(range(256)) * 30000
digest = 'sha256:' + hashlib.sha256(layer).hexdigest()
upload, half = ecr.initiate_layer_upload(repositoryName='acme/web')['uploadId'], 6 * 1024 * 1024
for first, part in ((0, layer[:half]), (half, layer[half:])):
  ecr.upload_layer_part(repositoryName='acme/web', uploadId=upload, partFirstByte=first, partLastByte=first + len(part) - 1, layerPartBlob=part)
ecr.complete_layer_upload(repositoryName='acme/web', uploadId=upload, layerDigests=[digest])
url = ecr.get_download_url_for_layer(repositoryName='acme/web', layerDigest=digest)['downloadUrl']
print(urllib.request.urlopen(url).read() == layer)
print(ecr.batch_check_layer_availability(repositoryName='acme/web', layerDigests=[digest])['layers'][0]['layerSize'] == len(layer))
`
    expect((await python(script)).trim().split('\n')).toEqual(['2026', 'True', 'True'])
  })
})
