/** EventBridge rules: each sends what its pattern takes to a queue, and what can't be delivered to the dead letters. */
import { arnOf } from './arns.ts'

export interface RuleNames {
  /** Of the rules' names: `farguard-<stage>`. */
  prefix: string
  /** What the rules are about, as their names and logical ids say it: `image-changed`. */
  about: string
  description: string
  /** Logical ids of the queues. */
  queue: string
  deadLetters: string
}

export type Resources = Record<string, { Type: string; Properties: Record<string, unknown> }>

/** A rule for each pattern, by its logical id: `ImageChanged1`. */
export function rules(patterns: readonly unknown[], { prefix, about, description, queue, deadLetters }: RuleNames) {
  const logicalId = about.replace(/(?:^|-)(.)/g, (_, first: string) => first.toUpperCase())
  const made: Resources = {}
  for (const [nth, pattern] of patterns.entries()) {
    made[`${logicalId}${nth + 1}`] = {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: `${prefix}-${about}-${nth + 1}`,
        Description: description,
        EventPattern: pattern,
        State: 'ENABLED',
        Targets: [
          {
            Id: 'queue',
            Arn: arnOf(queue),
            DeadLetterConfig: { Arn: arnOf(deadLetters) },
          },
        ],
      },
    }
  }
  return made
}
