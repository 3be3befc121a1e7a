/** References of one part of the template to another. */

/** The ARN of a resource, by its logical id. */
export function arnOf(logicalId: string) {
  return { 'Fn::GetAtt': [logicalId, 'Arn'] }
}
