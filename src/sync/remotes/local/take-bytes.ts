/** Takes bytes out of a content, exactly as many as were asked for, in memory that may be moved to a worker. */
import { throwIfCancelled } from '../../../shared/concurrency.ts'
import { FerryError } from '../../../shared/errors.ts'
import type { Content } from '../../source.ts'

/** @throws E_CHANGED when it gives another number of bytes; E_CANCELLED; whatever the content throws */
export async function takeBytes(
  content: Content,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  throwIfCancelled(signal)
  const bytes = length === 0 ? new Uint8Array(0) : await content.read(offset, length, { signal })
  throwIfCancelled(signal)
  if (bytes.byteLength !== length)
    throw new FerryError(
      'E_CHANGED',
      `Cannot copy a file: its source gave ${bytes.byteLength} bytes instead of ${length}`,
      { hint: 'run the same command again' },
    )
  // A view of something larger, or of shared memory, cannot be moved.
  const { buffer } = bytes
  return buffer instanceof ArrayBuffer && buffer.byteLength === length
    ? new Uint8Array(buffer)
    : new Uint8Array(bytes)
}
