/**
 * Worker task: puts many small files and links where a sync wants them, each from bytes or from another file of this
 * computer. What stands at a place is looked at directly before it is replaced; placer.ts has the order in which files
 * become visible.
 */
import { closeSync, existsSync, fstatSync, lstatSync, readSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { parentPath } from '../../shared/paths.ts'
import { versionText } from '../fingerprint.ts'
import { setPathTimes } from '../native-times.ts'
import { changedError, checkVersion, openVersion } from '../open-source.ts'
import { createFolders } from '../tree-writer/folders.ts'
import { newFolderMode } from '../tree-writer/growing-part.ts'
import { removeIfThere } from '../tree-writer/part-file.ts'
import { partNames } from '../tree-writer/part-names.ts'
import { createPlacer } from '../tree-writer/placer.ts'
import { replaceStanding, syncFolder, type Standing } from '../tree-writer/publish.ts'
import { writeAllSync } from '../tree-writer/write-all.ts'
import { packError, type PackedError } from './packed-error.ts'

/** A whole file of this computer, as it must be before and behind the reading; see `versionText`. */
export interface LocalFile {
  readonly path: string
  readonly version: string
}

export type PlacedContent =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly file: LocalFile; readonly size: number }
  | { readonly kind: 'link'; readonly target: string }

export interface PlaceRequest {
  /** Below the root, with slashes. */
  readonly path: string
  readonly content: PlacedContent
  /** Undefined: that of what is replaced, or what a new file gets. */
  readonly mode: number | undefined
  readonly mtimeNs: bigint | undefined
  readonly standing: Standing
}

export interface PlaceFilesInput {
  /** An existing folder, without links in its path. */
  readonly root: string
  readonly files: readonly PlaceRequest[]
}

export interface PlaceFilesOutput {
  /** For each file its version afterwards, or why it is not there. */
  readonly results: readonly (string | PackedError)[]
}

/** Permission bits of the file at `path`; undefined when there is none. */
export function modeOfStanding(path: string): number | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return stat?.isFile() ? stat.mode & 0o777 : undefined
}

/** Mostly there is none: to remove it and fail would cost as much as the rest of a small file. */
function dropJournal(path: string): void {
  const { journal } = partNames(path)
  if (existsSync(journal)) removeIfThere(journal)
}

let buffer: Buffer | undefined

function copySmall(fd: number, { path, version }: LocalFile, size: number): void {
  if (!buffer || buffer.byteLength < size) buffer = Buffer.allocUnsafeSlow(Math.max(size, 64 * 1024))
  const from = openVersion(path, version)
  try {
    for (let done = 0; done < size; ) {
      const count = readSync(from, buffer, done, size - done, done)
      if (count === 0) throw changedError(path)
      done += count
    }
    checkVersion(from, path, version)
  } finally {
    closeSync(from)
  }
  if (size > 0) writeAllSync(fd, buffer.subarray(0, size), 0)
}

/** Never throws for what is wrong with one file: it is told, and the others go on. */
export function placeFiles({ root, files }: PlaceFilesInput): PlaceFilesOutput {
  const folders = createFolders(root, false, newFolderMode)
  const results: (string | PackedError)[] = []
  const fail = (index: number, error: unknown): void => {
    const path = folders.diskPath((files[index] as PlaceRequest).path)
    results[index] = packError(error, `Cannot write "${path}"`)
  }
  const placer = createPlacer(fail)
  const linked = new Set<string>()
  for (const [index, { path, content, mode, mtimeNs, standing }] of files.entries()) {
    const diskPath = folders.diskPath(path)
    try {
      folders.ensure(parentPath(path))
      if (content.kind === 'link') {
        results[index] = placeLink(diskPath, content.target, mtimeNs, standing)
        linked.add(dirname(diskPath))
        continue
      }
    } catch (error) {
      fail(index, error)
      continue
    }
    // A larger file may have been begun here: its journal says nothing about this one.
    placer.add(index, diskPath, { mode: mode ?? modeOfStanding(diskPath), mtimeNs }, (fd) => {
      dropJournal(diskPath)
      if (content.kind === 'file') copySmall(fd, content.file, content.size)
      else if (content.bytes.byteLength > 0) writeAllSync(fd, content.bytes, 0)
    })
  }
  placer.finish(({ index, path, names, fd }) => {
    replaceStanding(names.part, path, (files[index] as PlaceRequest).standing)
    results[index] = versionText(fstatSync(fd, { bigint: true }))
  })
  for (const folder of linked) syncFolder(folder)
  return { results }
}

/** @throws E_CONFLICT, or a system error */
function placeLink(path: string, target: string, mtimeNs: bigint | undefined, standing: Standing): string {
  const { part } = partNames(path)
  removeIfThere(part)
  try {
    symlinkSync(target, part)
    if (mtimeNs !== undefined) setPathTimes(part, mtimeNs)
    replaceStanding(part, path, standing)
  } catch (error) {
    removeIfThere(part)
    throw error
  }
  return versionText(lstatSync(path, { bigint: true }))
}
