/**
 * Builds the manifest that a live share ends in from what it tells. The owner does so while it tells, the receiver while
 * it hears; both get the same pages, chunk lists and root, which is how the receiver checks the root that the owner signed.
 */
import { FerryError } from '../shared/errors.ts'
import type { ChunkRecords } from './chunk-records.ts'
import { chunkCount } from './chunk-records.ts'
import type { ToldEvent } from './live-event.ts'
import { createManifestBuilder } from './manifest/builder.ts'
import type { BuiltManifest } from './manifest/builder.ts'
import type { FileEntry } from './manifest/entry.ts'
import { maxInlineChunks } from './manifest/entry.ts'
import { nameChunkList } from './manifest/nodes.ts'
import type { ObjectKind } from './store/store.ts'

export interface LiveObject {
  readonly kind: ObjectKind
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
  /** Entries of a page; 0 for other objects. */
  readonly entries: number
}

export interface LiveManifest {
  /**
   * Takes the next event, in order; `end` has no effect. Returns the finished entry of a file that `close` has ended, and
   * undefined otherwise.
   */
  take(event: ToldEvent): FileEntry | undefined
  /** Hands out the last page and the root object, and returns the manifest. */
  finish(): BuiltManifest
}

/** `onObject` gets every page, every large file's chunk list, and at last the root object: what the store keeps. */
export function createLiveManifest(onObject: (object: LiveObject) => void): LiveManifest {
  const builder = createManifestBuilder((page) => onObject({ kind: 'page', ...page }))
  let open: { readonly entry: FileEntry; readonly parts: ChunkRecords[] } | undefined

  function close(): FileEntry | undefined {
    if (open === undefined)
      throw new FerryError('E_INTERNAL', 'Cannot close a file of a live share: none is open')
    const records = concatenate(open.parts)
    let content: FileEntry['content'] = records
    if (chunkCount(records) > maxInlineChunks) {
      content = nameChunkList(records).reference
      onObject({ kind: 'list', hash: content.blob, bytes: records, entries: 0 })
    }
    const entry = { ...open.entry, content }
    open = undefined
    builder.push(entry)
    return entry
  }

  return {
    take(event) {
      if ((event.type === 'page' || event.type === 'entries') && event.page) builder.pushPage(event.page)
      else if (event.type === 'entries') for (const entry of event.entries) builder.push(entry)
      // The type leaves the kind open; what is not a file has no chunks to follow.
      else if (event.type === 'open') open = { entry: event.entry as FileEntry, parts: [] }
      else if (event.type === 'chunks') open?.parts.push(event.records)
      else if (event.type === 'drop') open = undefined
      else if (event.type === 'close') return close()
      return undefined
    },
    finish() {
      const built = builder.finish()
      onObject({ kind: 'root', hash: built.root, bytes: built.rootObject, entries: 0 })
      return built
    },
  }
}

function concatenate(parts: readonly ChunkRecords[]): ChunkRecords {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
