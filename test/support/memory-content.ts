/** A `Content` out of memory, for tests of remotes; every part of it can be replaced by one that misbehaves. */
import { throwIfCancelled } from '../../src/shared/concurrency.ts'
import type { Content } from '../../src/sync/source.ts'

let made = 0

/** `overrides` replace parts; without one, each content has an identity of its own and does not know its chunks. */
export function memoryContent(bytes: Uint8Array, overrides: Partial<Content> = {}): Content {
  return {
    size: bytes.byteLength,
    identity: `memory-${made++}`,
    chunks: async () => undefined,
    async read(offset, length, options) {
      throwIfCancelled(options?.signal)
      if (offset < 0 || offset + length > bytes.byteLength)
        throw new RangeError(`read ${offset} + ${length} of ${bytes.byteLength} bytes`)
      // What is read belongs to the caller, who may change it; a slice of a Buffer would be a view.
      return new Uint8Array(bytes.subarray(offset, offset + length))
    },
    async confirm(options) {
      throwIfCancelled(options?.signal)
    },
    async [Symbol.asyncDispose]() {},
    ...overrides,
  }
}
