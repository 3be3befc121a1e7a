/** The AWS services that the wire speaks, and the schemas that their SDK clients export. */

import * as autoscaling from '@aws-sdk/client-application-auto-scaling'
import * as budgets from '@aws-sdk/client-budgets'
import * as cloudwatch from '@aws-sdk/client-cloudwatch'
import * as logs from '@aws-sdk/client-cloudwatch-logs'
import * as ecr from '@aws-sdk/client-ecr'
import * as ecs from '@aws-sdk/client-ecs'
import * as pricing from '@aws-sdk/client-pricing'
import * as sns from '@aws-sdk/client-sns'
import * as sqs from '@aws-sdk/client-sqs'
import * as sts from '@aws-sdk/client-sts'
import { NormalizedSchema } from '@smithy/core/schema'
import { AwsError } from '../account/aws-error.ts'
import type { InputError } from './input-shape.ts'

export interface JsonService {
  /** IAM's prefix: ecs, ecr, logs, cloudwatch, sqs. */
  prefix: string
  contentType: 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1'
  /** The SDK client's exports: `RunTask$` is the schema of the operation RunTask. */
  sdk: Record<string, unknown>
  /** How this service refuses what its shapes don't allow. */
  refuse(error: InputError): AwsError
  /** Some grew up on the query protocol, and their clients still read that protocol's error codes from a header. */
  queryErrors: boolean
}

/** By the prefix of `X-Amz-Target`. */
export const jsonServices: Readonly<Record<string, JsonService>> = {
  AmazonEC2ContainerServiceV20141113: {
    prefix: 'ecs',
    contentType: 'application/x-amz-json-1.1',
    sdk: ecs,
    refuse: refuseWith('InvalidParameterException', 'InvalidParameterException'),
    queryErrors: false,
  },
  AmazonEC2ContainerRegistry_V20150921: {
    prefix: 'ecr',
    contentType: 'application/x-amz-json-1.1',
    sdk: ecr,
    refuse: refuseWith('InvalidParameterException', 'InvalidParameterException'),
    queryErrors: false,
  },
  Logs_20140328: {
    prefix: 'logs',
    contentType: 'application/x-amz-json-1.1',
    sdk: logs,
    refuse: refuseWith('InvalidParameterException', 'InvalidParameterException'),
    queryErrors: false,
  },
  GraniteServiceVersion20100801: {
    prefix: 'cloudwatch',
    contentType: 'application/x-amz-json-1.0',
    sdk: cloudwatch,
    refuse: refuseWith('InvalidParameterValueException', 'MissingRequiredParameterException'),
    queryErrors: true,
  },
  AnyScaleFrontendService: {
    prefix: 'application-autoscaling',
    contentType: 'application/x-amz-json-1.1',
    sdk: autoscaling,
    refuse: refuseWith('ValidationException', 'ValidationException'),
    queryErrors: false,
  },
  AWSBudgetServiceGateway: {
    prefix: 'budgets',
    contentType: 'application/x-amz-json-1.1',
    sdk: budgets,
    refuse: refuseWith('InvalidParameterException', 'InvalidParameterException'),
    queryErrors: false,
  },
  AWSPriceListService: {
    prefix: 'pricing',
    contentType: 'application/x-amz-json-1.1',
    sdk: pricing,
    refuse: refuseWith('InvalidParameterException', 'InvalidParameterException'),
    queryErrors: false,
  },
  AmazonSQS: {
    prefix: 'sqs',
    contentType: 'application/x-amz-json-1.0',
    sdk: sqs,
    refuse: refuseWith('InvalidParameterValue', 'MissingParameter'),
    queryErrors: true,
  },
}

export interface QueryService {
  /** IAM's prefix: cloudwatch, sns, sts. */
  prefix: string
  /** Of the answers' XML. */
  namespace: string
  sdk: Record<string, unknown>
  refuse(error: InputError): AwsError
}

/** By the `Version` of the form: each service has its own. */
export const queryServices: Readonly<Record<string, QueryService>> = {
  // What older clients of it speak; the newest speak JSON.
  '2010-08-01': {
    prefix: 'cloudwatch',
    namespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
    sdk: cloudwatch,
    refuse: refuseWith('InvalidParameterValueException', 'MissingRequiredParameterException'),
  },
  '2011-06-15': {
    prefix: 'sts',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    sdk: sts,
    refuse: refuseWith('ValidationError', 'ValidationError'),
  },
  '2010-03-31': {
    prefix: 'sns',
    namespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    sdk: sns,
    refuse: refuseWith('InvalidParameterException', 'InvalidParameterException'),
  },
}

function refuseWith(unknown: string, missing: string): JsonService['refuse'] {
  return error => {
    if (error.kind === 'wrong-type') return new AwsError('SerializationException', error.message)
    return new AwsError(error.kind === 'missing' ? missing : unknown, error.message)
  }
}

export interface OperationSchema {
  input: NormalizedSchema
  output: NormalizedSchema
}

/** The schema of an operation; undefined when AWS has none of that name. */
export function operationSchema(sdk: Record<string, unknown>, operation: string): OperationSchema | undefined {
  const schema = exported(sdk, operation)
  // 9 marks an operation among the SDK's static schemas.
  if (schema?.[0] !== 9) return undefined
  return { input: normalized(schema[4]), output: normalized(schema[5]) }
}

export interface ErrorSchema {
  name: string
  schema: NormalizedSchema
  /** Code and HTTP status of the same error in the query protocol. */
  query?: readonly [code: string, status: number]
}

/** The schema of an error by its name, or by the code it has in the query protocol. */
export function errorSchema(sdk: Record<string, unknown>, code: string): ErrorSchema | undefined {
  const named = exported(sdk, code)
  const found = named?.[0] === errorMark ? named : Object.values(sdk).find(schema => queryCode(schema)?.[0] === code)
  if (!isSchema(found)) return undefined
  const query = queryCode(found)
  return { name: String(found[2]), schema: normalized(found), ...(query ? { query } : {}) }
}

/** -3 marks an error among the SDK's static schemas. */
const errorMark = -3

type StaticSchema = readonly unknown[]
const isSchema = (value: unknown): value is StaticSchema => Array.isArray(value)

function exported(sdk: Record<string, unknown>, name: string): StaticSchema | undefined {
  const schema = Object.hasOwn(sdk, `${name}$`) ? sdk[`${name}$`] : undefined
  return isSchema(schema) ? schema : undefined
}

function queryCode(schema: unknown): readonly [string, number] | undefined {
  if (!isSchema(schema) || schema[0] !== errorMark) return undefined
  return (schema[3] as { awsQueryError?: [string, number] }).awsQueryError
}

const normalized = (schema: unknown) => NormalizedSchema.of(schema as Parameters<typeof NormalizedSchema.of>[0])
