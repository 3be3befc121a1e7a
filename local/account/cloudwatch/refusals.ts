/** CloudWatch's own error codes: what JSON calls ValidationException, the query protocol calls ValidationError. */
import { AwsError } from '../aws-error.ts'

export const invalid = (message: string) => new AwsError('ValidationException', message)

export const invalidParameter = (message: string) => new AwsError('InvalidParameterValueException', message)

export const invalidCombination = (message: string) => new AwsError('InvalidParameterCombinationException', message)

export const missingParameter = (name: string) =>
  new AwsError('MissingRequiredParameterException', `The parameter ${name} is required.`)

/** What AWS can do and this model does not: said by name, never answered with 200. */
export const notModelled = (what: string) => invalid(`The local account does not model ${what}.`)

/** Refuses whatever of a request is set to something and is not known here. */
export function refuseUnmodelled(operation: string, others: object): void {
  for (const [name, value] of Object.entries(others))
    if (value !== undefined && value !== false) throw notModelled(`${name} of cloudwatch:${operation}`)
}
