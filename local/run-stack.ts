/** Deploys the packaged stack into the local account, its functions as built bundles, each in a thread of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import type { Config } from '../shared/config/config.ts'
import { buildFunctions } from '../stack/build.ts'
import { bundleExtension } from '../stack/esbuild-options.ts'
import { type LocalAccount, localAccountId } from './local-account.ts'
import type { FailedAttempt } from './stack/asynchronous.ts'
import { deployStack } from './stack/deploy-stack.ts'
import { type Lambda, lambdaWorker } from './stack/lambda-worker.ts'
import type { Batch } from './stack/poller.ts'
import { readTemplate } from './stack/template.ts'

export interface RunStackOptions {
  config: Config
  /** The packaged template, as JSON. */
  template: unknown
  /** Where the account listens. */
  endpoint: string
  /** Gets each line that a function writes. */
  onLine(line: string): void
  onBatch(batch: Batch): void
  onFailedAttempt(failed: FailedAttempt): void
}

/** Gives the function that takes the stack down again. */
export async function runStack(local: LocalAccount, options: RunStackOptions): Promise<() => Promise<void>> {
  const { context, sqs, sns, bus } = local
  const { region } = context
  const stack = readTemplate(options.template, { accountId: localAccountId, region, queueUrl: sqs.queueUrl })
  const outdir = await mkdtemp(join(tmpdir(), 'farguard-functions-'))
  await buildFunctions(options.config, { outdir })
  const lambdas = new Map<string, Lambda>()
  for (const about of stack.functions) {
    const file = join(outdir, `${about.bundle}${bundleExtension}`)
    const { endpoint, onLine } = options
    const settings = {
      function: about,
      file,
      accountId: localAccountId,
      region,
      endpoint,
      clock: context.clock,
      onLine,
    }
    lambdas.set(about.name, lambdaWorker(settings))
  }
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint: options.endpoint, region, credentials })
  const stopPolling = await deployStack(stack, {
    context,
    sqs,
    sns,
    bus,
    async createTable(table) {
      await client.send(new CreateTableCommand(table))
      await waitUntilTableExists(
        { client, maxWaitTime: 10, minDelay: 0.1, maxDelay: 0.1 },
        { TableName: table.TableName },
      )
    },
    async invoke(name, event) {
      const lambda = lambdas.get(name)
      if (!lambda) throw new Error(`The stack has no function ${name}.`)
      return lambda.invoke(event)
    },
    onBatch: options.onBatch,
    onFailedAttempt: options.onFailedAttempt,
  })
  return async () => {
    stopPolling()
    await Promise.all([...lambdas.values()].map(lambda => lambda.close()))
    client.destroy()
    await rm(outdir, { recursive: true, force: true })
  }
}
