/** What the test server answers with when it refuses. */
export class S3Failure extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  /** Elements beside Code and Message. */
  readonly details: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string = code,
    more: {
      readonly headers?: Readonly<Record<string, string>>
      readonly details?: Readonly<Record<string, string>>
    } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = more.headers ?? {}
    this.details = more.details ?? {}
  }
}

export const noSuchKey = (key: string): S3Failure =>
  new S3Failure(404, 'NoSuchKey', 'The specified key does not exist.', { details: { Key: key } })

export const preconditionFailed = (condition: string): S3Failure =>
  new S3Failure(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    details: { Condition: condition },
  })
