/** The history of services, asked by the aws command and boto3. Each is skipped where it is not installed. */
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Listening, listen } from '../../../local/wire/listen.ts'
import { localAccount } from '../wire/local-account.ts'
import { deployImage, withService } from './shop-service.ts'

const installed = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
const hasAws = installed('aws', '--version')
const hasBoto = installed('python3', '-c', 'import boto3')

let server: Listening
beforeEach(async () => {
  const account = withService(
    { imageExists: image => !image.includes('broken') },
    { deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } } },
  )
  await account.advance(60)
  deployImage(account, 'acme/broken:1')
  await account.advance(3600)
  server = await listen(localAccount({ ecs: account.ecs.operations }).wire, { port: 0 })
})
afterEach(() => server.close())

/** Async, since the server is in this very process. */
async function run(command: string, ...args: string[]): Promise<string> {
  const { PATH, PYENV_VERSION, PYENV_ROOT } = process.env
  const env = {
    ...{ PATH, PYENV_VERSION, PYENV_ROOT, AWS_ENDPOINT_URL: server.url, AWS_PAGER: '' },
    ...{ AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'test', AWS_DEFAULT_REGION: 'eu-central-1' },
  }
  return (await promisify(execFile)(command, args, { env })).stdout
}

test.skipIf(!hasAws)('the aws command lists and describes service deployments', async () => {
  const aws = async (...args: string[]) => JSON.parse(await run('aws', 'ecs', ...args))
  const { serviceDeployments } = await aws('list-service-deployments', '--service', 'shop')
  expect(serviceDeployments.map((one: { status: string }) => one.status)).toEqual(['ROLLBACK_SUCCESSFUL', 'SUCCESSFUL'])
  const arn = serviceDeployments[0].serviceDeploymentArn
  const described = await aws('describe-service-deployments', '--service-deployment-arns', arn)
  expect(described.serviceDeployments).toMatchObject([
    {
      serviceDeploymentArn: arn,
      rollback: { serviceRevisionArn: serviceDeployments[1].targetServiceRevisionArn },
      deploymentCircuitBreaker: { status: 'TRIGGERED', threshold: 3 },
    },
  ])
})

test.skipIf(!hasBoto)('boto3 reads them with their times, and raises the typed exceptions', async () => {
  const script = `
import boto3, datetime
ecs = boto3.client('ecs')
after = datetime.datetime(2026, 3, 1, 22, 0, 30, tzinfo=datetime.timezone.utc)
(one,) = ecs.list_service_deployments(service='shop', createdAt={'after': after}, status=['ROLLBACK_SUCCESSFUL'])['serviceDeployments']
print(one['createdAt'] > after)
(revision,) = ecs.describe_service_revisions(serviceRevisionArns=[one['targetServiceRevisionArn']])['serviceRevisions']
print(revision['containerImages'][0]['image'])
try: ecs.list_service_deployments(service='nope')
except ecs.exceptions.ServiceNotFoundException as e: print(e.response['Error']['Code'])
`
  expect((await run('python3', '-c', script)).trim().split('\n')).toEqual([
    'True',
    'acme/broken:1',
    'ServiceNotFoundException',
  ])
})
