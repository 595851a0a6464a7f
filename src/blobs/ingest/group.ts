/** A group of entries that are ingested together: folders, links, unchanged files, and the files one task reads. */
import { chunkRecordBytes } from '../chunk-records.ts'
import { chunkSizeFor } from '../chunker/parameters.ts'
import { fingerprintFields, packFingerprint, unpackFingerprint } from '../fingerprint.ts'
import type { IndexedFile } from '../store/store.ts'
import type { WalkedDirectory, WalkedFile, WalkedSymlink } from '../walk/walk-tree.ts'
import { unpackError } from '../worker/packed-error.ts'
import { entryOf, hasInlineChunks, indexRow, listEvents, type KnownFile } from './file-events.ts'
import type { IngestContext, IngestedEntry, IngestEvent, Unit } from './ingest.ts'
import type { IngestFilesOutput } from '../worker/ingest-task.ts'

export interface Group {
  /** In manifest order. A file with `known` is not read. */
  readonly items: {
    readonly walked: WalkedFile | WalkedDirectory | WalkedSymlink
    readonly known: IndexedFile | undefined
  }[]
  /** To be read. */
  files: number
  /** Of those. */
  bytes: number
}

/** Gives the group's files to a worker at once, and its events when asked. */
export function startGroup(group: Group, context: IngestContext): Unit {
  const wanted = group.items.flatMap(({ walked, known }) =>
    walked.kind === 'file' && !known ? [walked] : [],
  )
  const reading = wanted.length > 0 ? read(wanted, context) : undefined
  // Reported when its turn comes, if it comes.
  reading?.catch(() => undefined)

  async function* events(): AsyncGenerator<IngestEvent> {
    const output = await reading
    let items: IngestedEntry[] = []
    let number = 0
    let at = 0
    const done = { files: 0, bytes: 0, reusedBytes: 0, hadFiles: 0 }
    for (const { walked, known } of group.items) {
      if (walked.kind !== 'file') {
        items.push(plainEntry(walked))
        continue
      }
      let file: KnownFile | undefined
      if (known) {
        file = { ...known, mode: walked.mode }
        context.reused(walked.fingerprint.size)
        done.hadFiles++
        done.reusedBytes += walked.fingerprint.size
      } else if (output) {
        file = takeResult(output, number++, at)
        if (!file) {
          const packed = output.failures.get(number - 1)
          if (packed) context.progress.failItem(walked.path, unpackError(packed))
          continue
        }
        at += file.records.byteLength
        context.remember(indexRow(walked.diskPath, file, output.readAtNs))
      }
      if (!file) continue
      done.files++
      done.bytes += file.fingerprint.size
      if (hasInlineChunks(file.records)) items.push(entryOf(walked, file))
      else {
        if (items.length > 0) yield { type: 'entries', items }
        items = []
        yield* listEvents(walked, file)
      }
    }
    if (done.files > 0) context.progress.addDone(done)
    if (items.length > 0) yield { type: 'entries', items }
  }
  return { [Symbol.asyncIterator]: events }
}

function read(files: readonly WalkedFile[], { pool }: IngestContext): Promise<IngestFilesOutput> {
  const fingerprints = new BigInt64Array(files.length * fingerprintFields)
  files.forEach((file, index) => packFingerprint(fingerprints, index, file.fingerprint))
  const paths = files.map((file) => file.diskPath).join('\0')
  return pool.run('ingestFiles', { paths, fingerprints }, [fingerprints.buffer])
}

/** File `number` of a task's output, whose records begin at byte `at`; undefined when it failed. */
function takeResult(output: IngestFilesOutput, number: number, at: number): KnownFile | undefined {
  if (output.failures.has(number)) return undefined
  const length = (output.counts[number] as number) * chunkRecordBytes
  const fingerprint = unpackFingerprint(output.fingerprints, number)
  return {
    fingerprint,
    mode: output.modes[number] as number,
    chunkSize: chunkSizeFor(fingerprint.size),
    records: output.records.subarray(at, at + length),
  }
}

function plainEntry(walked: WalkedDirectory | WalkedSymlink): IngestedEntry {
  const { diskPath, path, mode, mtimeNs } = walked
  const entry =
    walked.kind === 'symlink'
      ? ({ kind: 'symlink', path, mode, mtimeNs, target: walked.target } as const)
      : ({ kind: 'directory', path, mode, mtimeNs } as const)
  return { entry, diskPath, fingerprint: undefined }
}
