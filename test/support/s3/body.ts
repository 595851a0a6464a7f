/** The body of a request to the test server: read whole, freed of aws-chunked, and compared with every sum it came with. */
import { createHash, hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { crc32 } from 'node:zlib'
import { S3Failure } from './failure.ts'

/** Taken, and compared. */
const sums: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  crc32(bytes) {
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(bytes))
    return sum
  },
  sha1: (bytes) => createHash('sha1').update(bytes).digest(),
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
}

export async function readWhole(request: IncomingMessage, onBytes: (count: number) => void): Promise<Buffer> {
  const blocks: Buffer[] = []
  for await (const block of request as AsyncIterable<Buffer>) {
    blocks.push(block)
    onBytes(block.byteLength)
  }
  return blocks.length === 1 ? (blocks[0] as Buffer) : Buffer.concat(blocks)
}

/**
 * The content of a body, once it is what its headers say.
 * @throws S3Failure when a sum differs, or the encoding is one that is refused.
 */
export function checkBody(
  request: IncomingMessage,
  body: Buffer,
  payload: string,
  takesTrailers: boolean,
): Buffer {
  const { headers } = request
  let content = body
  const expected = new Map<string, string>()
  for (const [name, value] of Object.entries(headers)) {
    const match = /^x-amz-checksum-(.+)$/.exec(name)
    if (match && !['algorithm', 'type', 'mode'].includes(match[1] as string))
      expected.set(match[1] as string, String(value))
  }
  if (payload.startsWith('STREAMING-')) {
    if (!takesTrailers) throw new S3Failure(411, 'MissingContentLength', 'aws-chunked is not taken here')
    if (payload !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')
      throw new S3Failure(501, 'NotImplemented', `${payload} is not taken here`)
    const decoded = decodeChunked(body)
    content = decoded.content
    if (String(content.byteLength) !== headers['x-amz-decoded-content-length'])
      throw new S3Failure(400, 'IncompleteBody', 'The decoded length differs')
    for (const [name, value] of decoded.trailers) expected.set(name.replace('x-amz-checksum-', ''), value)
  } else if (payload !== 'UNSIGNED-PAYLOAD' && hash('sha256', body) !== payload) {
    throw new S3Failure(
      400,
      'XAmzContentSHA256Mismatch',
      'The provided sha256 header does not match what was computed.',
    )
  }
  const md5 = headers['content-md5']
  if (md5 !== undefined && hash('md5', body, 'base64') !== md5)
    throw new S3Failure(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.')
  for (const [name, value] of expected) {
    const sum = sums[name]
    if (!sum) throw new S3Failure(501, 'NotImplemented', `x-amz-checksum-${name} is not known here`)
    if (sum(content).toString('base64') !== value)
      throw new S3Failure(
        400,
        'BadDigest',
        `The ${name} you specified did not match the calculated checksum.`,
      )
  }
  return content
}

function decodeChunked(body: Buffer): { readonly content: Buffer; readonly trailers: [string, string][] } {
  const blocks: Buffer[] = []
  const malformed = (): S3Failure => new S3Failure(400, 'IncompleteBody', 'The chunks are malformed')
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at)
    if (end < 0) throw malformed()
    const length = Number.parseInt(body.toString('latin1', at, end), 16)
    if (!(length >= 0)) throw malformed()
    at = end + 2
    if (length === 0) {
      const trailers = body
        .toString('latin1', at)
        .split('\r\n')
        .filter((line) => line !== '')
        .map((line): [string, string] => {
          const colon = line.indexOf(':')
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
        })
      return { content: Buffer.concat(blocks), trailers }
    }
    blocks.push(body.subarray(at, at + length))
    at += length + 2
  }
}
