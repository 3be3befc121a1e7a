/** ECS's own error codes, in the words ECS uses. */
import { AwsError } from '../aws-error.ts'

export const invalidParameter = (message: string) => new AwsError('InvalidParameterException', message)

/** What ECS raises for most mistakes in a task definition, and for one that is missing. */
export const clientException = (message: string) => new AwsError('ClientException', message)

/** What AWS can do and this model does not: said by name, never answered with 200. */
export const notModelled = (what: string) =>
  new AwsError('UnsupportedFeatureException', `The local account does not model ${what}.`)

/** Refuses a value outside an enumeration: the SDK's schemas carry types, not enumerations. */
export function oneOf<Value extends string>(name: string, value: string | undefined, allowed: readonly Value[]): void {
  if (value !== undefined && !allowed.includes(value as Value))
    throw invalidParameter(`${name} should be one of [${allowed.join(', ')}], but was ${value}.`)
}

/** Whether Describe was asked to `include` the tags. Throws for what, but for `others`, can't be included. */
export function includesTags(include: readonly string[] | undefined, others: readonly string[] = []): boolean {
  for (const field of include ?? []) oneOf('include', field, ['TAGS', ...others])
  return include?.includes('TAGS') ?? false
}
