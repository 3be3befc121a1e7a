/** The aws command and boto3, in the protocol that they speak now (JSON) and in the one of older versions (query). Skipped where not installed. */
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Listening, listen } from '../../../local/wire/listen.ts'
import { type Measured, measuredAccount } from './measured-account.ts'

const installed = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
const hasAws = installed('aws', '--version')
const hasBoto = installed('python3', '-c', 'import boto3')

let server: Listening
let account: Measured
beforeEach(async () => {
  account = measuredAccount({ insights: 'enabled' })
  account.serve('web', 'cpu 3%')
  await account.advance(12)
  server = await listen(account.wire, { port: 0 })
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

test.skipIf(!hasAws)('the aws command reads a series, and is told what is wrong', async () => {
  const dimensions = ['--dimensions', 'Name=ClusterName,Value=demo', 'Name=ServiceName,Value=web']
  const span = ['--start-time', '2026-03-01T22:00:00Z', '--end-time', '2026-03-01T22:10:00Z']
  const read = (namespace: string, period: string) =>
    run(
      'aws',
      ...['cloudwatch', 'get-metric-statistics', '--namespace', namespace, '--metric-name', 'CPUUtilization'],
      ...['--period', period, '--statistics', 'Maximum', '--output', 'json', ...span, ...dimensions],
    )
  expect(JSON.parse(await read('AWS/ECS', '300'))).toMatchObject({
    Label: 'CPUUtilization',
    Datapoints: [
      { Maximum: 3, Unit: 'Percent' },
      { Maximum: 3, Unit: 'Percent' },
    ],
  })
  await expect(read('AWS/ECS', '90')).rejects.toThrow('multiple of 60, but was 90')
})

describe.each([
  { protocol: 'the protocol of its own choice', choose: '' },
  {
    protocol: 'the query protocol',
    choose: "import botocore.model\nbotocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = ('query',)",
  },
])('boto3 by $protocol', ({ choose }) => {
  test.skipIf(!hasBoto)('puts, lists, reads in pages and raises what is refused', async () => {
    account.cloudwatch.shortenPages(7)
    const script = `
${choose}
import boto3, datetime
cloudwatch = boto3.client('cloudwatch')
start = datetime.datetime(2026, 3, 1, 22, tzinfo=datetime.timezone.utc)
dimensions = [{'Name': 'ClusterName', 'Value': 'demo'}, {'Name': 'ServiceName', 'Value': 'web'}]
def query(id, namespace, name, dimensions):
  return {'Id': id, 'MetricStat': {'Metric': {'Namespace': namespace, 'MetricName': name, 'Dimensions': dimensions}, 'Period': 60, 'Stat': 'Sum'}}
cloudwatch.put_metric_data(Namespace='Acme', MetricData=[{'MetricName': 'Depth', 'Values': [1.5, 2.5], 'Timestamp': start, 'Unit': 'Count'} for _ in range(300)])
pages = cloudwatch.get_paginator('get_metric_data').paginate(StartTime=start, EndTime=start + datetime.timedelta(minutes=12), ScanBy='TimestampAscending',
  MetricDataQueries=[query('cpu', 'AWS/ECS', 'CPUUtilization', dimensions), query('none', 'AWS/ECS', 'Nope', dimensions), query('depth', 'Acme', 'Depth', [])])
for page in pages:
  for result in page['MetricDataResults']: print(result['Id'], result['StatusCode'], len(result['Timestamps']), float(sum(result['Values'])), *result['Timestamps'][:1])
for metric in cloudwatch.list_metrics(Namespace='AWS/ECS', MetricName='CPUUtilization', Dimensions=[{'Name': 'ServiceName'}])['Metrics']: print(metric['Dimensions'])
try: cloudwatch.put_metric_data(Namespace='AWS/ECS', MetricData=[{'MetricName': 'Depth', 'Value': 1}])
except cloudwatch.exceptions.InvalidParameterValueException as e: print(e.response['Error']['Code'], e.response['ResponseMetadata']['HTTPStatusCode'])
`
    expect((await run('python3', '-c', script)).trim().split('\n')).toEqual([
      'cpu PartialData 7 21.0 2026-03-01 22:00:00+00:00',
      'cpu Complete 3 9.0 2026-03-01 22:07:00+00:00',
      'none Complete 0 0.0',
      'depth Complete 1 1200.0 2026-03-01 22:00:00+00:00',
      "[{'Name': 'ClusterName', 'Value': 'demo'}, {'Name': 'ServiceName', 'Value': 'web'}]",
      'InvalidParameterValue 400',
    ])
    expect(account.faults).toEqual([])
  })
})
