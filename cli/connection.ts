/** Where the command finds a deployed stack: an AWS account's, by its stage, or the local account of `npm start`. */

import { dynamoDbTable } from '../shared/aws/dynamodb-table.ts'
import { ecrAnnotations } from '../shared/aws/ecr-annotations.ts'
import type { ImageAnnotations, Table } from '../shared/ports.ts'

export interface Connection {
  /** For messages: `stack farguard-dev in eu-central-1`. */
  name: string
  isLocal: boolean
  table: Table
  annotations: ImageAnnotations
}

/** `local`: host:port. `FARGUARD_LOCAL` stands for it where it is not given. */
export function connect(
  { stage, local }: { stage: string; local?: string | undefined },
  environment: NodeJS.ProcessEnv,
): Connection {
  const address = local ?? environment.FARGUARD_LOCAL
  const tableName = `farguard-${stage}`
  if (!address) {
    const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION
    const name = `stack ${tableName}${region ? ` in ${region}` : ''}`
    return { name, isLocal: false, table: dynamoDbTable({}, tableName), annotations: ecrAnnotations() }
  }
  const options = {
    endpoint: `http://${address}`,
    region: environment.AWS_REGION ?? 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  }
  return {
    name: `the local account at ${address}`,
    isLocal: true,
    table: dynamoDbTable(options, tableName),
    annotations: ecrAnnotations(options),
  }
}

/** What to tell a user when a call to the stack fails, in place of a stack trace. */
export function explain(error: unknown, { name, isLocal }: Connection): string {
  const message = error instanceof Error ? error.message : String(error)
  if (isLocal && /ECONNREFUSED/.test(message)) return `Nothing answers for ${name}. Start it with: npm start`
  if (/ResourceNotFoundException/.test(message))
    return isLocal
      ? `There is no such stage in ${name}. Try --stage dev.`
      : `There is no ${name}. Deploy it, or name another one with --stage.`
  if (/CredentialsProviderError|Could not load credentials/.test(message))
    return 'No AWS credentials were found. Set AWS_PROFILE or AWS_ACCESS_KEY_ID, or use --local for the local account.'
  if (/Region is missing/.test(message))
    return 'No AWS Region was found. Set AWS_REGION, or use --local for the local account.'
  return `${name}: ${message}`
}
