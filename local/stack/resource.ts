/** What the local account takes from the stack's template. */

export interface StackFunction {
  name: string
  /** The built file without its extension: `deploy-image`. */
  bundle: string
  environment: Record<string, string>
  timeoutSeconds: number
  memoryMb: number
  /** Absent: Lambda's own defaults. */
  asynchronous?: AsynchronousSettings
}

/** What Lambda does when it was invoked asynchronously and the function fails. */
export interface AsynchronousSettings {
  /** 0 to 2, after the first attempt. */
  retries: number
  maximumAgeSeconds: number
  /** Queue for the bare event. */
  deadLetterArn?: string
  /** Queue for the event with what became of it. */
  onFailureArn?: string
}

export interface Schedule {
  name: string
  group: string
  /** `rate(…)` or `cron(…)` */
  expression: string
  timeZone: string
  isEnabled: boolean
  functionName: string
  /** JSON; absent: Scheduler's own event. */
  input?: string
}

export interface TopicSubscription {
  topicArn: string
  protocol: string
  endpoint: string
  isRaw: boolean
}

/** Lets a service invoke a function. */
export interface FunctionPermission {
  functionName: string
  action: string
  /** The service: `sns.amazonaws.com`. */
  principal: string
  sourceArn?: string
  sourceAccount?: string
}

export interface EventSourceMapping {
  functionName: string
  queueArn: string
  batchSize: number
  /** Whether the function's answer names the messages that failed; else an answer at all means success. */
  reportsItemFailures: boolean
  /** How long a batch that is not full may wait for more messages; absent: it does not wait. */
  batchingWindowSeconds?: number
}

/** Where the stack lies. `queueUrl`: as the account gives URLs to its queues. */
export interface Place {
  accountId: string
  region: string
  queueUrl(name: string): string
}

// biome-ignore lint/suspicious/noExplicitAny: CloudFormation's own properties, each kind with its own
export type Properties = Record<string, any>

export interface Resource {
  Type: string
  Properties: Properties
}
