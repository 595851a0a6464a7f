/**
 * Worker task: makes the rows of the index for files that this computer has just written, so that they are known without
 * being read. Their content is known from before; it is enough that nobody has touched them since.
 */
import { lstatSync } from 'node:fs'
import { chunkRecordBytes, type ChunkRecords } from '../chunk-records.ts'
import { fingerprintFields, isPackedFingerprintOf } from '../fingerprint.ts'
import { createFileRowWriter, type PackedRows } from '../store/file-row.ts'
import { racyWindowNs } from '../store/is-fresh.ts'

/** Files of which the content is known, in columns. */
export interface FinishedFiles {
  /** Joined with NUL. */
  readonly paths: string
  /** As they were written, packed; zeros for one that was not. */
  readonly fingerprints: BigInt64Array
  readonly chunkSizes: Uint32Array
  /** The records of all files, one list after the other. */
  readonly records: ChunkRecords
  /** Chunks of each file. */
  readonly counts: Uint32Array
}

export interface IndexRowsInput {
  readonly files: FinishedFiles
  /** When they were written; undefined when looking again, more than a tick of the clock later, is enough to believe them. */
  readonly writtenAtNs: bigint | undefined
}

/** Files that are not as they were have no row. */
export function indexRows({ files, writtenAtNs }: IndexRowsInput): PackedRows {
  const { fingerprints, records } = files
  const paths = files.paths.split('\0')
  const writer = createFileRowWriter(paths.length)
  let end = 0
  for (let index = 0; index < paths.length; index++) {
    const path = paths[index] as string
    const start = end
    end += (files.counts[index] as number) * chunkRecordBytes
    if (isTouched(path, fingerprints, index)) {
      writer.skip()
      continue
    }
    const ctimeNs = fingerprints[index * fingerprintFields + 2] as bigint
    writer.add(path, fingerprints, index, {
      chunkSize: files.chunkSizes[index] as number,
      indexedAtNs: writtenAtNs ?? ctimeNs + racyWindowNs,
      records: records.subarray(start, end),
    })
  }
  return writer.take()
}

function isTouched(path: string, fingerprints: BigInt64Array, index: number): boolean {
  try {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return !stat?.isFile() || !isPackedFingerprintOf(fingerprints, index, stat)
  } catch {
    return true
  }
}
