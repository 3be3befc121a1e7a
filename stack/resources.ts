/** The stack's resources beside its functions, derived from farguard.yml. serverless.yml takes them from here. */
import type { Config } from '../shared/config/config.ts'
import { imagePatterns, servicePatterns, taskPatterns } from './event-patterns.ts'
import { guardRole, scaling } from './guard-role.ts'
import { budgetsOutput, guardWakes } from './guard-wakes.ts'
import { deadLetterQueue, letRulesIn, workQueue } from './queues.ts'
import { functionRole, images, type RoleParts, type Statement, scheduleRole } from './roles.ts'
import { rules } from './rules.ts'
import { scheduleOf, withoutRepetition } from './schedule.ts'
import { tableResource } from './table.ts'

/** The functions of serverless.yml, whose roles, queues and rules these resources are. */
export type FunctionName = 'deploy-image' | 'record-task' | 'record-service' | 'carry-out' | 'sweep' | 'guard-costs'

export interface StackNames {
  stage: string
  /** Of each function, as serverless.yml has it. */
  timeoutSeconds: Readonly<Record<FunctionName, number>>
}

/** How long Lambda gathers task events, of which a start has half a dozen, before record-task gets them. In serverless.yml as well. */
const taskWindowSeconds = 1

const sweepMinutes = 5

const table = 'Table'
const control = 'ControlQueue'
const deadLetters = 'DeadLettersQueue'
/** As the framework calls the function sweep. */
const sweep = 'SweepLambdaFunction'

/** CloudFormation's `Resources` and `Outputs`. */
export function stackResources(config: Config, { stage, timeoutSeconds }: StackNames) {
  const prefix = `farguard-${stage}`
  const queueOf = (about: string, reader: FunctionName, windowSeconds?: number) =>
    workQueue(`${prefix}-${about}`, deadLetters, timeoutSeconds[reader], windowSeconds)
  const partsOf = (name: FunctionName, own?: string): RoleParts => ({
    functionName: `${prefix}-${name}`,
    table,
    control,
    ...(own && { queue: { own, deadLetters } }),
  })
  const roleOf = (name: FunctionName, own?: string, beside?: readonly Statement[]) =>
    functionRole(partsOf(name, own), beside)
  return {
    Resources: {
      Table: tableResource(prefix),
      ImagesQueue: queueOf('images', 'deploy-image'),
      TasksQueue: queueOf('tasks', 'record-task', taskWindowSeconds),
      ServicesQueue: queueOf('services', 'record-service'),
      // Our own functions send to it, and operators; both by rights of their own.
      ControlQueue: queueOf('control', 'carry-out'),
      DeadLettersQueue: deadLetterQueue(`${prefix}-dead-letters`),
      ...listening(config, prefix),
      DeployImageRole: roleOf('deploy-image', 'ImagesQueue', images(config)),
      RecordTaskRole: roleOf('record-task', 'TasksQueue'),
      RecordServiceRole: roleOf('record-service', 'ServicesQueue'),
      CarryOutRole: roleOf('carry-out', control, [...images(config), ...scaling]),
      SweepRole: roleOf('sweep', undefined, images(config)),
      SweepSchedule: scheduleOf(
        { function: sweep, role: 'SweepScheduleRole', deadLetters },
        {
          name: `${prefix}-sweep`,
          description: 'Looks for what no event told.',
          expression: `rate(${sweepMinutes} minutes)`,
          uselessAfterMinutes: sweepMinutes,
        },
      ),
      SweepScheduleRole: scheduleRole(`${prefix}-sweep-schedule`, { function: sweep, deadLetters }),
      SweepInvocation: withoutRepetition(sweep, sweepMinutes),
      GuardCostsRole: guardRole(config, partsOf('guard-costs')),
      ...guardWakes(config, prefix, deadLetters),
    },
    Outputs: {
      TableName: { Value: { Ref: table } },
      ControlUrl: { Value: { Ref: control } },
      DeadLettersUrl: { Value: { Ref: deadLetters } },
      ...budgetsOutput(config),
    },
  }
}

/** The rules, and the policies that let each into its queue and all of them into the dead letters. */
function listening(config: Config, prefix: string) {
  const to = (queue: string, about: string, description: string) => ({ prefix, about, description, queue, deadLetters })
  const images = rules(
    imagePatterns(config),
    to(
      'ImagesQueue',
      'image-changed',
      'Images pushed, deleted or archived in the repositories that farguard.yml names.',
    ),
  )
  const tasks = rules(
    taskPatterns(config),
    to('TasksQueue', 'task-changed', 'Changes of Fargate tasks in the clusters that farguard.yml names.'),
  )
  const services = rules(
    servicePatterns(config),
    to('ServicesQueue', 'service-changed', 'Deployments of the services that farguard.yml names.'),
  )
  const all = { ...images, ...tasks, ...services }
  return {
    ...all,
    ImagesQueuePolicy: letRulesIn('ImagesQueue', Object.keys(images)),
    TasksQueuePolicy: letRulesIn('TasksQueue', Object.keys(tasks)),
    // A condition that names no rule would be refused.
    ...(Object.keys(services).length > 0 && {
      ServicesQueuePolicy: letRulesIn('ServicesQueue', Object.keys(services)),
    }),
    DeadLettersQueuePolicy: letRulesIn(deadLetters, Object.keys(all)),
  }
}
