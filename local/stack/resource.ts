/** What the local account takes from the stack's template. */

export interface StackFunction {
  name: string
  /** The built file without its extension: `deploy-image`. */
  bundle: string
  environment: Record<string, string>
  timeoutSeconds: number
  memoryMb: number
}

export interface EventSourceMapping {
  functionName: string
  queueArn: string
  batchSize: number
  /** Whether the function's answer names the messages that failed; else an answer at all means success. */
  reportsItemFailures: boolean
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
