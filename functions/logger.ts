/** Structured logs of the Lambdas: one JSON object a line. */
import { Logger } from '@aws-lambda-powertools/logger'

export const logger = new Logger({ serviceName: 'farguard' })
