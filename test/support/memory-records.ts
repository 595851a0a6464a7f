/** Records beside the data of a place in memory, with a count of requests, for tests of what is kept there. */
import type { RecordStore } from '../../src/sync/remote.ts'
import { FerryError } from '../../src/shared/errors.ts'

export interface MemoryRecords extends RecordStore {
  readonly content: Map<string, Uint8Array>
  /** What was asked, such as `read index`; empty it to count anew. */
  readonly requests: string[]
}

/** `refuse`: throws what a request is refused with. */
export function memoryRecords(
  options: { readonly guarded?: boolean; readonly refuse?: (request: string) => void } = {},
): MemoryRecords {
  const content = new Map<string, Uint8Array>()
  const requests: string[] = []
  const note = (request: string): void => {
    requests.push(request)
    options.refuse?.(request)
  }
  return {
    content,
    requests,
    ...(options.guarded && { isGuarded: async () => true }),
    async read(name, maxBytes) {
      note(`read ${name}`)
      const bytes = content.get(name)
      if (bytes && bytes.byteLength > maxBytes)
        throw new FerryError('E_STORE', `Cannot read the record "${name}": it is too large`)
      return bytes?.slice()
    },
    async write(name, bytes) {
      note(`write ${name}`)
      content.set(name, bytes.slice())
    },
    async remove(name) {
      note(`remove ${name}`)
      content.delete(name)
    },
    async list(prefix) {
      note(`list ${prefix}`)
      return [...content.keys()].filter((name) => name.startsWith(prefix))
    },
  }
}
