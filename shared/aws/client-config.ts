/** What every SDK client of the control plane is made with, beside the SDK's own configuration from the environment. */

/** The SDK waits for ever by default; a lost answer must not eat a Lambda's time. */
export const clientConfig = {
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  maxAttempts: 4,
} as const
