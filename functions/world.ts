/** The world as a Lambda finds it: the ports on AWS, the wall clock, and what its environment names. */
import { dynamoDbTable } from '../shared/aws/dynamodb-table.ts'
import { ecrRegistry } from '../shared/aws/ecr-registry.ts'
import { ecsFleet } from '../shared/aws/ecs-fleet.ts'
import { controlQueue } from '../shared/aws/sqs-control.ts'
import { deadLetters } from '../shared/aws/sqs-dead-letters.ts'
import type { Config } from '../shared/config/config.ts'
import type { DeadLetters, World } from '../shared/ports.ts'
import { config } from './config.ts'
import { logger } from './logger.ts'

export interface Surroundings<W = World> {
  config: Config
  world: W
  deadLetters: DeadLetters
}

/** Made once for each Lambda instance. Throws when the environment lacks a variable, with its name. */
export function surroundings(): Surroundings {
  return {
    config,
    deadLetters: deadLetters(fromEnvironment('FARGUARD_DEAD_LETTERS')),
    world: {
      clock: { now: () => new Date() },
      registry: ecrRegistry(),
      fleet: ecsFleet(),
      table: dynamoDbTable({}, fromEnvironment('FARGUARD_TABLE')),
      control: controlQueue(fromEnvironment('FARGUARD_CONTROL')),
      log: {
        info: (message, facts = {}) => logger.info(message, facts),
        warn: (message, facts = {}) => logger.warn(message, facts),
        error: (message, facts = {}) => logger.error(message, facts),
      },
    },
  }
}

function fromEnvironment(name: string): string {
  const value = process.env[name]
  if (value) return value
  throw new Error(`The environment variable ${name} is not set. serverless.yml sets it; see docs/functions.md.`)
}
