/**
 * Looks at what already has the names of the files to be written: the same content (then nothing is to do), or
 * something else (then the overwrite policy says what happens).
 */
import type { ChunkRecords } from '../../blobs/chunk-records.ts'
import type { FileEntry } from '../../blobs/manifest/entry.ts'
import { nameChunkList } from '../../blobs/manifest/nodes.ts'
import { isFresh } from '../../blobs/store/is-fresh.ts'
import type { FileFingerprint } from '../../blobs/store/store.ts'
import { decideOverwrite, maxRenameTries, numberedName } from '../../blobs/tree-writer/overwrite.ts'
import { watchMovedBytes, type MovedBytes } from '../../blobs/worker/moved-bytes.ts'
import type { Existing } from '../../blobs/worker/inspect-files-tasks.ts'
import { equalBytes } from '../../shared/bytes.ts'
import { FerryError } from '../../shared/errors.ts'
import { lastName, parentPath } from '../../shared/paths.ts'
import { listOfExisting } from './local-sources.ts'
import type { ReceiveRun } from './run.ts'

export interface NumberedFile {
  readonly number: number
  readonly entry: FileEntry
}

export type Verdict =
  /** Write it to `disk`, in place of `replaces`. */
  | { readonly kind: 'write'; readonly disk: string; readonly replaces: FileFingerprint | undefined }
  /** The same content is there. */
  | { readonly kind: 'had'; readonly disk: string }
  /** What is there is newer and stays. */
  | { readonly kind: 'keep' }
  | { readonly kind: 'conflict'; readonly error: FerryError }

/** True when `records` is the content of the entry. */
export function isContentOf(entry: Pick<FileEntry, 'content'>, records: ChunkRecords): boolean {
  return entry.content instanceof Uint8Array
    ? equalBytes(entry.content, records)
    : equalBytes(nameChunkList(records).reference.blob, entry.content.blob)
}

export function conflictError(disk: string, existing: Existing): FerryError {
  const what =
    existing.kind === 'directory'
      ? 'a folder of this name is there'
      : existing.kind === 'other'
        ? 'something that is no file is there'
        : 'a different file of this name is there'
  return new FerryError('E_CONFLICT', `Cannot write "${disk}": ${what}`, {
    hint: '--overwrite always replaces files, --overwrite rename keeps both; or receive into another folder',
  })
}

type Judged = Pick<ReceiveRun, 'folders' | 'overwrite' | 'pool' | 'signal' | 'store'>

/**
 * One verdict for each file, in order. Their folders need not exist yet. `onCompared` is told how many bytes of what
 * stands there were read so far.
 */
export async function judgeFiles(
  run: Judged,
  files: readonly NumberedFile[],
  onCompared: (bytes: number) => void = () => undefined,
): Promise<Verdict[]> {
  using moving = watchMovedBytes(onCompared)
  const disks = files.map(({ entry }) => run.folders.diskPath(entry.path))
  const { found } = await run.pool.run('inspectFiles', { paths: disks })
  const had = await findEqual(run, files, disks, found, moving.moved)
  return Promise.all(
    files.map(async (file, index): Promise<Verdict> => {
      const disk = disks[index] as string
      return had.has(index) ? { kind: 'had', disk } : settle(run, file, disk, found[index] as Existing)
    }),
  )
}

/** `existing` is not the wanted content. */
async function settle(run: Judged, file: NumberedFile, disk: string, existing: Existing): Promise<Verdict> {
  const decision = decideOverwrite(existing, run.overwrite, file.entry.mtimeNs)
  if (decision === 'write') return { kind: 'write', disk, replaces: undefined }
  if (decision === 'replace')
    return {
      kind: 'write',
      disk,
      replaces: 'fingerprint' in existing ? existing.fingerprint : undefined,
    }
  if (decision === 'keep') return { kind: 'keep' }
  if (decision === 'rename') return renamed(run, file)
  return { kind: 'conflict', error: conflictError(disk, existing) }
}

/** Indexes of files whose content stands at `disks` already, by the index where it can be believed, else by reading. */
async function findEqual(
  run: Judged,
  files: readonly NumberedFile[],
  disks: readonly string[],
  found: readonly Existing[],
  moved?: MovedBytes,
): Promise<Set<number>> {
  const equal = new Set<number>()
  const unread: number[] = []
  found.forEach((existing, index) => {
    const { entry } = files[index] as NumberedFile
    if (existing.kind !== 'file' || existing.fingerprint.size !== entry.size) return
    const row = run.store.files.get(disks[index] as string)
    // Cut with another chunk size, equal content has other chunks.
    if (row && isFresh(row, existing.fingerprint) && row.chunkSize === entry.chunkSize) {
      if (isContentOf(entry, row.records)) equal.add(index)
    } else unread.push(index)
  })
  const inline = unread.filter((index) => files[index]?.entry.content instanceof Uint8Array)
  for (const index of unread) {
    const { entry } = files[index] as NumberedFile
    const existing = found[index] as Existing
    if (entry.content instanceof Uint8Array || existing.kind !== 'file') continue
    const disk = disks[index] as string
    const records = await listOfExisting(run, disk, existing.fingerprint, entry.chunkSize, moved)
    if (records && isContentOf(entry, records)) equal.add(index)
  }
  const compared = await run.pool.run('compareFiles', {
    files: inline.map((index) => ({
      path: disks[index] as string,
      records: files[index]?.entry.content as ChunkRecords,
    })),
    moved,
  })
  compared.equal.forEach((fingerprint, order) => fingerprint && equal.add(inline[order] as number))
  return equal
}

/** The first free numbered name, or the numbered file that already is this content. */
async function renamed(run: Judged, file: NumberedFile): Promise<Verdict> {
  const { entry } = file
  const folder = parentPath(entry.path)
  for (let number = 1; number <= maxRenameTries; number++) {
    const name = numberedName(lastName(entry.path), number)
    const disk = run.folders.diskPath(folder === '' ? name : `${folder}/${name}`)
    const { found } = await run.pool.run('inspectFiles', { paths: [disk] })
    if (found[0]?.kind === 'none') return { kind: 'write', disk, replaces: undefined }
    if ((await findEqual(run, [file], [disk], found)).has(0)) return { kind: 'had', disk }
  }
  return { kind: 'conflict', error: conflictError(run.folders.diskPath(entry.path), { kind: 'other' }) }
}
