/** The stack's resources beside its functions, derived from farguard.yml. serverless.yml takes them from here. */
import type { Config } from '../shared/config/config.ts'
import { deadLetterQueue, letRulesIn, workQueue } from './queues.ts'
import { deployImageRole } from './roles.ts'
import { pushRules } from './rules.ts'
import { tableResource } from './table.ts'

export interface StackNames {
  stage: string
  /** Of the function deploy-image. */
  functionName: string
  functionTimeoutSeconds: number
}

/** CloudFormation's `Resources` and `Outputs`. */
export function stackResources(config: Config, { stage, functionName, functionTimeoutSeconds }: StackNames) {
  const prefix = `farguard-${stage}`
  const rules = pushRules(config, { prefix, queue: 'ImagesQueue', deadLetters: 'DeadLettersQueue' })
  const parts = { functionName, table: 'Table', queue: 'ImagesQueue', deadLetters: 'DeadLettersQueue' }
  return {
    Resources: {
      Table: tableResource(prefix),
      ImagesQueue: workQueue(`${prefix}-images`, 'DeadLettersQueue', functionTimeoutSeconds),
      DeadLettersQueue: deadLetterQueue(`${prefix}-dead-letters`),
      QueuePolicy: letRulesIn(['ImagesQueue', 'DeadLettersQueue'], Object.keys(rules)),
      ...rules,
      DeployImageRole: deployImageRole(parts),
    },
    Outputs: {
      TableName: { Value: { Ref: 'Table' } },
      DeadLettersUrl: { Value: { Ref: 'DeadLettersQueue' } },
    },
  }
}
