/** An error as an AWS service answers it: the wire turns it into the protocol's form. */
export class AwsError extends Error {
  override name = 'AwsError'
  readonly code: string
  /** HTTP status: 400 for the caller's fault, 5xx for the service's. */
  readonly status: number
  /** Further members of the error's shape, such as `resourceIds` of ConflictException. */
  readonly members: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, options: { status?: number; members?: Record<string, unknown> } = {}) {
    super(message)
    this.code = code
    this.status = options.status ?? 400
    this.members = options.members ?? {}
  }
}
