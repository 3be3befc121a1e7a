import * as cloudwatch from '@aws-sdk/client-cloudwatch'
import * as sns from '@aws-sdk/client-sns'
import { describe, expect, test } from 'vitest'
import { readInput } from '../../../local/wire/input-shape.ts'
import { formAsJson } from '../../../local/wire/query-form.ts'
import { operationSchema } from '../../../local/wire/services.ts'

function read(sdk: Record<string, unknown>, operation: string, form: string): unknown {
  const schema = operationSchema(sdk, operation)
  if (!schema) throw new Error(`no ${operation}`)
  return readInput(schema.input, formAsJson(schema.input, new URLSearchParams(form)))
}

describe('a form', () => {
  test.each<[string, Record<string, unknown>, string, string, unknown]>([
    ['of texts', sns, 'Publish', 'TopicArn=a&Message=b%26c', { TopicArn: 'a', Message: 'b&c' }],
    [
      'with a map',
      sns,
      'CreateTopic',
      'Name=a&Attributes.entry.1.key=x&Attributes.entry.1.value=1&Attributes.entry.2.key=__proto__&Attributes.entry.2.value=2',
      {
        Name: 'a',
        Attributes: Object.fromEntries([
          ['x', '1'],
          ['__proto__', '2'],
        ]),
      },
    ],
    [
      'with a map whose entries have names of their own',
      sns,
      'Publish',
      'Message=a&MessageAttributes.entry.1.Name=x&MessageAttributes.entry.1.Value.DataType=Binary&MessageAttributes.entry.1.Value.BinaryValue=AP8%3D',
      { Message: 'a', MessageAttributes: { x: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255]) } } },
    ],
    [
      'with a list, by number and not by order',
      sns,
      'CreateTopic',
      'Name=a&Tags.member.10.Key=j&Tags.member.10.Value=1&Tags.member.2.Key=b&Tags.member.2.Value=2',
      {
        Name: 'a',
        Tags: [
          { Key: 'b', Value: '2' },
          { Key: 'j', Value: '1' },
        ],
      },
    ],
    ['with an empty list', sns, 'CreateTopic', 'Name=a&Tags=', { Name: 'a', Tags: [] }],
    [
      'with true and false',
      sns,
      'Subscribe',
      'TopicArn=a&Protocol=sqs&ReturnSubscriptionArn=true',
      { TopicArn: 'a', Protocol: 'sqs', ReturnSubscriptionArn: true },
    ],
    [
      'with numbers and times',
      cloudwatch,
      'GetMetricData',
      'StartTime=2026-03-01T22:00:00Z&EndTime=2026-03-01T23:00:00.5Z&MaxDatapoints=10&MetricDataQueries.member.1.Id=m&MetricDataQueries.member.1.MetricStat.Period=60&MetricDataQueries.member.1.MetricStat.Stat=Average&MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name=a&MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value=1',
      {
        StartTime: new Date('2026-03-01T22:00:00Z'),
        EndTime: new Date('2026-03-01T23:00:00.500Z'),
        MaxDatapoints: 10,
        MetricDataQueries: [
          { Id: 'm', MetricStat: { Period: 60, Stat: 'Average', Metric: { Dimensions: [{ Name: 'a', Value: '1' }] } } },
        ],
      },
    ],
  ])('%s is read', (_, sdk, operation, form, input) => {
    expect(read(sdk, operation, form)).toEqual(input)
  })

  test.each<[string, string, string, RegExp]>([
    ['a member that is not there', 'Publish', 'Message=a&Mesage=b', /Unknown parameter in input: "Mesage"/],
    ['what is needed and missing', 'Publish', 'TopicArn=a', /"Message"/],
    ['a text for a structure', 'CreateTopic', 'Name=a&Tags.member.1=x', /Tags\[0\]: got string, expected an object/],
    ['a structure for a text', 'Publish', 'Message.x=a', /Message: got object, expected a string/],
    ['both', 'Publish', 'Message=a&Message.x=b', /Message\.x is given, and Message as a text too/],
    ['what is neither true nor false', 'Subscribe', 'TopicArn=a&Protocol=b&ReturnSubscriptionArn=yes', /true or false/],
    ['an entry without its value', 'CreateTopic', 'Name=a&Attributes.entry.1.key=x', /lacks its key or its value/],
    ['a list by other names', 'CreateTopic', 'Name=a&Tags.item.1.Key=x', /is sent as Tags\.member\.1/],
    ['a list from nought', 'CreateTopic', 'Name=a&Tags.member.0.Key=x', /not a number from 1/],
  ])('with %s is refused', (_, operation, form, says) => {
    expect(() => read(sns, operation, form)).toThrow(says)
  })
})
