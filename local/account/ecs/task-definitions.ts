/** Task definitions: families whose revisions only ever rise. */
import type {
  DeregisterTaskDefinitionCommandInput,
  DescribeTaskDefinitionCommandInput,
  ListTaskDefinitionFamiliesCommandInput,
  ListTaskDefinitionsCommandInput,
  RegisterTaskDefinitionCommandInput,
  Tag,
  TaskDefinition,
} from '@aws-sdk/client-ecs'
import { AwsError } from '../aws-error.ts'
import type { AccountContext } from '../context.ts'
import { type Arns, arnsOf } from './arns.ts'
import { cpuUnits, memoryMiB } from './fargate-task-size.ts'
import { page, sortableNumber } from './paging.ts'
import { clientException, includesTags, invalidParameter, oneOf } from './refusals.ts'
import { validTags } from './tags.ts'
import { compatibilitiesOf, containerWithDefaults, requiredAttributes } from './task-definition-defaults.ts'
import { refuseInvalidDefinition, refuseNotForFargate } from './task-definition-rules.ts'

export interface RevisionRecord {
  arn: string
  family: string
  revision: number
  /** As Describe gives it. Never changed in place but for `status` and `deregisteredAt`. */
  definition: TaskDefinition
  tags: Tag[]
}

export class TaskDefinitions {
  readonly #context: AccountContext
  readonly #arns: Arns
  /** By family, rising; index 0 is revision 1. */
  readonly #families = new Map<string, RevisionRecord[]>()

  constructor(context: AccountContext) {
    this.#context = context
    this.#arns = arnsOf(context)
  }

  /** By `family` (its latest ACTIVE revision), `family:revision` or ARN. */
  find(identifier: string | undefined): RevisionRecord | undefined {
    const [family = '', revision] = this.#nameOf(identifier ?? '').split(':')
    const revisions = this.#families.get(family) ?? []
    if (revision === undefined) return revisions.findLast(one => one.definition.status === 'ACTIVE')
    if (!/^\d+$/.test(revision)) throw invalidParameter(`Invalid revision number. Number: ${revision}`)
    return revisions[Number(revision) - 1]
  }

  byArn(arn: string): RevisionRecord | undefined {
    return arn.includes(':task-definition/') ? this.find(arn) : undefined
  }

  /** The revision, if tasks can be started from it. */
  startable(identifier: string | undefined): RevisionRecord {
    const found = this.find(identifier)
    if (!found) throw clientException('TaskDefinition not found.')
    if (found.definition.status !== 'ACTIVE') throw clientException('TaskDefinition is inactive')
    return found
  }

  register(input: RegisterTaskDefinitionCommandInput): RevisionRecord {
    const sized = {
      ...structuredClone(input),
      ...(input.cpu && { cpu: cpuUnits(input.cpu) }),
      ...(input.memory && { memory: memoryMiB(input.memory) }),
    }
    refuseInvalidDefinition(sized)
    if (sized.requiresCompatibilities?.includes('FARGATE')) refuseNotForFargate(sized)
    const tags = validTags(input.tags)
    const family = input.family ?? ''
    const revisions = this.#families.get(family) ?? []
    const revision = revisions.length + 1
    const record: RevisionRecord = {
      arn: this.#arns.taskDefinition(family, revision),
      family,
      revision,
      definition: this.#described(sized, family, revision),
      tags,
    }
    this.#families.set(family, [...revisions, record])
    return record
  }

  operations() {
    return {
      RegisterTaskDefinition: (input: RegisterTaskDefinitionCommandInput) => {
        const registered = this.register(input)
        return answer(registered, registered.tags.length > 0)
      },
      DescribeTaskDefinition: (input: DescribeTaskDefinitionCommandInput) => {
        const withTags = includesTags(input.include)
        const found = this.find(input.taskDefinition)
        if (!found) throw clientException('Unable to describe task definition.')
        return answer(found, withTags)
      },
      ListTaskDefinitions: (input: ListTaskDefinitionsCommandInput) => this.#list(input),
      ListTaskDefinitionFamilies: (input: ListTaskDefinitionFamiliesCommandInput) => this.#listFamilies(input),
      DeregisterTaskDefinition: (input: DeregisterTaskDefinitionCommandInput) => this.#deregister(input),
    }
  }

  #nameOf(identifier: string): string {
    if (!identifier.startsWith('arn:')) return identifier
    const prefix = this.#arns.taskDefinition('', '').slice(0, -1)
    return identifier.startsWith(prefix) ? identifier.slice(prefix.length) : ''
  }

  #described(sized: RegisterTaskDefinitionCommandInput, family: string, revision: number): TaskDefinition {
    const { tags: _, containerDefinitions = [], ...given } = sized
    const definition: TaskDefinition = {
      ...given,
      taskDefinitionArn: this.#arns.taskDefinition(family, revision),
      containerDefinitions: containerDefinitions.map(one => containerWithDefaults(one, sized.networkMode)),
      revision,
      volumes: sized.volumes ?? [],
      status: 'ACTIVE',
      placementConstraints: sized.placementConstraints ?? [],
      compatibilities: compatibilitiesOf(sized, fitsFargate(sized)),
      registeredAt: this.#context.clock.now(),
      registeredBy: `arn:aws:iam::${this.#context.accountId}:root`,
    }
    return { ...definition, requiresAttributes: requiredAttributes(definition) }
  }

  #list(input: ListTaskDefinitionsCommandInput) {
    oneOf('status', input.status, ['ACTIVE', 'INACTIVE', 'DELETE_IN_PROGRESS'])
    oneOf('sort', input.sort, ['ASC', 'DESC'])
    const status = input.status ?? 'ACTIVE'
    const chosen = [...this.#families]
      .filter(([family]) => input.familyPrefix === undefined || family === input.familyPrefix)
      .flatMap(([, revisions]) => revisions.filter(one => one.definition.status === status))
      .sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
    const falling = input.sort === 'DESC'
    const { items, ...next } = page(falling ? chosen.reverse() : chosen, keyOf, input, { falling })
    return { taskDefinitionArns: items.map(one => one.arn), ...next }
  }

  #listFamilies(input: ListTaskDefinitionFamiliesCommandInput) {
    oneOf('status', input.status, ['ACTIVE', 'INACTIVE', 'ALL'])
    const isActive = (revisions: RevisionRecord[]) => revisions.some(one => one.definition.status === 'ACTIVE')
    const wanted = (revisions: RevisionRecord[]) =>
      (input.status ?? 'ALL') === 'ALL' || isActive(revisions) === (input.status === 'ACTIVE')
    const families = [...this.#families]
      .filter(([family, revisions]) => family.startsWith(input.familyPrefix ?? '') && wanted(revisions))
      .map(([family]) => family)
    const { items, ...next } = page(families.sort(), family => family, input)
    return { families: items, ...next }
  }

  #deregister(input: DeregisterTaskDefinitionCommandInput) {
    if (!this.#nameOf(input.taskDefinition ?? '').includes(':')) throw clientException('Revision is missing.')
    const found = this.find(input.taskDefinition)
    if (!found) throw clientException('The specified task definition does not exist.')
    found.definition.deregisteredAt ??= this.#context.clock.now()
    found.definition.status = 'INACTIVE'
    return { taskDefinition: structuredClone(found.definition) }
  }
}

const keyOf = (one: RevisionRecord) => `${one.family} ${sortableNumber(one.revision)}`

function fitsFargate(input: RegisterTaskDefinitionCommandInput): boolean {
  try {
    refuseNotForFargate(input)
    return true
  } catch (error) {
    if (error instanceof AwsError) return false
    throw error
  }
}

const answer = ({ definition, tags }: RevisionRecord, withTags: boolean) => ({
  taskDefinition: structuredClone(definition),
  ...(withTags && { tags: structuredClone(tags) }),
})
