/** What became of a service's deployments: ECS's own verdicts. */
import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  type ECSClient,
  ListServiceDeploymentsCommand,
  type ServiceDeployment,
  type ServiceDeploymentBrief,
} from '@aws-sdk/client-ecs'
import type { ServiceRollout } from '../ports.ts'
import { batchesOf } from './batches.ts'
import { saying } from './sdk-error.ts'

/** DescribeServiceRevisions takes this many at most. */
const revisionsPerCall = 20
/** Our clock and ECS's may differ by so much. */
const clockDifferenceMs = 60_000

/** As the port says; undefined also where an ECS-compatible endpoint does not have these calls. */
export async function serviceRollout(
  client: ECSClient,
  cluster: string,
  service: string,
  revision: string,
  since: Date,
): Promise<ServiceRollout | undefined> {
  return saying(`ecs:ListServiceDeployments of ${service} in ${cluster}`, async () => {
    try {
      const listed = await deploymentsSince(client, cluster, service, since)
      const newest = await newestOf(client, listed, revision)
      return newest && (await rolloutOf(client, newest))
    } catch (error) {
      if (isNotImplemented(error)) return undefined
      throw error
    }
  })
}

/** Newest first. */
async function deploymentsSince(
  client: ECSClient,
  cluster: string,
  service: string,
  since: Date,
): Promise<ServiceDeploymentBrief[]> {
  const createdAt = { after: new Date(since.getTime() - clockDifferenceMs) }
  const found: ServiceDeploymentBrief[] = []
  let nextToken: string | undefined
  do {
    const from = nextToken === undefined ? {} : { nextToken }
    const input = { cluster, service, createdAt, maxResults: 100, ...from }
    const page = await client.send(new ListServiceDeploymentsCommand(input))
    found.push(...(page.serviceDeployments ?? []))
    nextToken = page.nextToken
  } while (nextToken)
  return found.sort((a, b) => (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0))
}

async function newestOf(
  client: ECSClient,
  listed: readonly ServiceDeploymentBrief[],
  revision: string,
): Promise<ServiceDeploymentBrief | undefined> {
  const targets = listed.flatMap(({ targetServiceRevisionArn: arn }) => (arn === undefined ? [] : [arn]))
  for (const arns of batchesOf(targets, revisionsPerCall)) {
    const runs = await taskDefinitionsOf(client, arns)
    const found = listed.find(({ targetServiceRevisionArn: arn = '' }) => runs.get(arn) === revision)
    if (found) return found
  }
  return undefined
}

/** The task definition of each service revision. */
async function taskDefinitionsOf(client: ECSClient, serviceRevisionArns: string[]): Promise<Map<string, string>> {
  const answer = await client.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns }))
  return new Map(
    (answer.serviceRevisions ?? []).map(each => [each.serviceRevisionArn ?? '', each.taskDefinition ?? '']),
  )
}

async function rolloutOf(client: ECSClient, brief: ServiceDeploymentBrief): Promise<ServiceRollout | undefined> {
  const arn = brief.serviceDeploymentArn
  if (arn === undefined) return undefined
  const answer = await client.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn] }))
  // Of one that it does not describe (yet), the list has said the most of it.
  const said: ServiceDeployment = answer.serviceDeployments?.[0] ?? brief
  const backTo = said.rollback?.serviceRevisionArn
  const rolledBackTo = backTo && (await taskDefinitionsOf(client, [backTo])).get(backTo)
  const reason = said.rollback?.reason ?? said.statusReason
  return {
    arn,
    status: said.status ?? 'UNKNOWN',
    ...(reason && { reason }),
    ...(said.startedAt && { startedAt: said.startedAt }),
    ...(said.finishedAt && { finishedAt: said.finishedAt }),
    ...(rolledBackTo && { rolledBackTo }),
  }
}

/** How emulators and older endpoints say that they don't have a call. ECS itself answers all its own refusals with 400, and in JSON. */
function isNotImplemented(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode
  if (status === 404 || status === 501) return true
  // moto: 500 with a page of HTML.
  if (status === 500 && error instanceof SyntaxError) return true
  return /^(UnknownOperation|NotImplemented|InvalidAction|UnsupportedOperation)/.test(error.name)
}
