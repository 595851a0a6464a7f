/**
 * Worker task: writes hundreds of small files that came whole in one buffer. Each is verified and written; placer.ts has
 * the order in which they become visible.
 */
import { closeSync, fstatSync } from 'node:fs'
import { chunkHashOffset, chunkLengthAt, type ChunkRecords } from '../chunk-records.ts'
import { fingerprintFields, fingerprintOf, packFingerprint } from '../fingerprint.ts'
import { hasHash } from '../hash.ts'
import type { FileFingerprint } from '../store/store.ts'
import { createPlacer } from '../tree-writer/placer.ts'
import { publish } from '../tree-writer/publish.ts'
import { writeAllSync } from '../tree-writer/write-all.ts'
import { openFirst, readInto } from './copy-chunks-task.ts'
import { packError, type PackedError } from './packed-error.ts'

/** Small files in columns: an object a file would cost more on its way to the worker than the file itself. */
export interface SmallFiles {
  /** Final paths, joined with NUL. Their folders exist. */
  readonly paths: string
  /** The records of all files, one list after the other. */
  readonly records: ChunkRecords
  /** Chunks of each file. */
  readonly counts: Uint32Array
  /** Where the bytes of each begin in the buffer. */
  readonly starts: Float64Array
  readonly modes: Uint16Array
  readonly mtimes: BigInt64Array
  /** By number of the file: where its content is copied from, instead of from the buffer. */
  readonly copies: ReadonlyMap<number, CopyFrom>
  /** By number of the file: what has its name and is to go. */
  readonly replaced: ReadonlyMap<number, FileFingerprint>
}

/** Another file of this computer. */
export interface CopyFrom {
  /** Tried in this order. */
  readonly paths: readonly string[]
  readonly offset: number
}

export interface WriteFilesInput {
  readonly bytes: Uint8Array
  readonly files: SmallFiles
}

/** What became of the files, by their numbers; one that is neither bad nor failed was written. */
export interface WriteFilesOutput {
  /** As they were written, packed; zeros for the others. */
  readonly fingerprints: BigInt64Array<ArrayBuffer>
  /** Not written, because the bytes were wrong. */
  readonly bad: readonly number[]
  readonly failures: ReadonlyMap<number, PackedError>
}

/** The bytes from `start` on, when they begin with the chunks of the list from `record` to `endRecord`, cut to them. */
function verified(
  bytes: Uint8Array,
  start: number,
  records: ChunkRecords,
  record: number,
  endRecord: number,
): Uint8Array | undefined {
  let at = start
  let chunk: Uint8Array | undefined
  for (let index = record; index < endRecord; index++) {
    const end = at + chunkLengthAt(records, index)
    if (end > bytes.byteLength) return undefined
    chunk = bytes.subarray(at, end)
    if (!hasHash(chunk, records, chunkHashOffset(index))) return undefined
    at = end
  }
  // Most small files are one chunk.
  return chunk && endRecord - record === 1 ? chunk : bytes.subarray(start, at)
}

function lengthOf(records: ChunkRecords, record: number, endRecord: number): number {
  let length = 0
  for (let index = record; index < endRecord; index++) length += chunkLengthAt(records, index)
  return length
}

/** As much of a local file as is there; what is missing fails verification. */
function readCopy({ paths, offset }: CopyFrom, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const fd = openFirst(paths)
  if (fd === undefined) return bytes
  try {
    readInto(fd, bytes, offset)
  } finally {
    closeSync(fd)
  }
  return bytes
}

/** Never throws for what is wrong with one file: it is told, and the others go on. */
export function writeFiles({ bytes, files }: WriteFilesInput): WriteFilesOutput {
  const paths = files.paths.split('\0')
  const fingerprints = new BigInt64Array(files.counts.length * fingerprintFields)
  const bad: number[] = []
  const failures = new Map<number, PackedError>()
  const fail = (index: number, error: unknown): void => {
    failures.set(index, packError(error, `Cannot write "${paths[index]}"`))
  }
  const placer = createPlacer(fail)
  let endRecord = 0
  for (let index = 0; index < files.counts.length; index++) {
    const record = endRecord
    endRecord += files.counts[index] as number
    const copy = files.copies.get(index)
    const content = copy
      ? verified(
          readCopy(copy, lengthOf(files.records, record, endRecord)),
          0,
          files.records,
          record,
          endRecord,
        )
      : verified(bytes, files.starts[index] as number, files.records, record, endRecord)
    if (!content) {
      bad.push(index)
      continue
    }
    const attributes = { mode: files.modes[index] as number, mtimeNs: files.mtimes[index] as bigint }
    placer.add(index, paths[index] as string, attributes, (fd) => {
      if (content.byteLength > 0) writeAllSync(fd, content, 0)
    })
  }

  placer.finish(({ index, path, names, fd }) => {
    publish(names.part, path, files.replaced.get(index))
    packFingerprint(fingerprints, index, fingerprintOf(fstatSync(fd, { bigint: true })))
  })
  return { fingerprints, bad, failures }
}
