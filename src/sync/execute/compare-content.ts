/**
 * `-c`: whether two files of one size hold the same bytes. What is known already comes first (chunk lists of one
 * average, an MD5 that the place tells); otherwise both are read.
 */
import { createHash } from 'node:crypto'
import { equalBytes } from '../../shared/bytes.ts'
import type { RunOptions } from '../../shared/options.ts'
import type { ChunkList, Source, SyncEntry } from '../source.ts'
import type { ExecuteRun } from './execute-run.ts'
import { newList } from './find-delta.ts'

/** Bytes read at a time. */
const pieceBytes = 4 * 1024 * 1024

type CompareRun = Pick<ExecuteRun, 'source' | 'remote' | 'settings' | 'signal' | 'index'>

/** @throws E_CHANGED and what the places say */
export async function hasSameContent(
  run: CompareRun,
  entry: SyncEntry,
  existing: SyncEntry,
): Promise<boolean> {
  const { source, remote, signal, index } = run
  if (entry.size !== existing.size) return false
  if (entry.size === 0) return true
  const md5 = remote.caps.md5?.(existing)
  if (md5 !== undefined) return (await md5Of(source, entry, { signal })) === md5
  await using content = await source.open(entry, { signal })
  let known = proven(await index?.chunks(existing, { signal }))
  await using other = await remote.open(existing, { signal })
  known ??= proven(await other.chunks({ signal }))
  const list = known && proven(await newList(run, content, known.chunkSize))
  if (known && list && known.chunkSize === list.chunkSize) return equalBytes(known.records, list.records)
  for (let offset = 0; offset < entry.size; offset += pieceBytes) {
    const length = Math.min(pieceBytes, entry.size - offset)
    const [ours, theirs] = await Promise.all([
      content.read(offset, length, { signal }),
      other.read(offset, length, { signal }),
    ])
    if (!equalBytes(ours, theirs)) return false
  }
  return true
}

/** Size and second are what `-c` does not believe, nor what was remembered by them. */
const proven = (list: ChunkList | undefined): ChunkList | undefined => (list?.forget ? undefined : list)

async function md5Of(source: Source, entry: SyncEntry, options: RunOptions): Promise<string> {
  await using content = await source.open(entry, options)
  const hash = createHash('md5')
  for (let offset = 0; offset < entry.size; offset += pieceBytes)
    hash.update(await content.read(offset, Math.min(pieceBytes, entry.size - offset), options))
  await content.confirm(options)
  return hash.digest('hex')
}
