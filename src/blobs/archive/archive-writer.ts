/**
 * Writes a tree as one archive into a stream, entry by entry and never held in memory. The bytes depend on the entries
 * and their content alone, not on the machine or the hour: times in a zip are fixed, owners are left out, nothing is
 * compressed (what zlib makes differs between processors).
 */
import { once, type EventEmitter } from 'node:events'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { cancelled, throwIfCancelled } from '../../shared/concurrency.ts'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import type { DirectoryEntry, FileEntry, SymlinkEntry } from '../manifest/entry.ts'
import { createTarFormat } from './tar-format.ts'
import { createZipFormat } from './zip-format.ts'

export const archiveFormats = ['zip', 'tar'] as const
export type ArchiveFormat = (typeof archiveFormats)[number]

/** A file that is written piece by piece, between two others. */
export interface ArchiveFile {
  /** Waits while the reader of the archive is slow. */
  write(bytes: Uint8Array): Promise<void>
  /** @throws E_INTERNAL when it is not as long as its entry says */
  end(): Promise<void>
}

/** What a format does; `ArchiveWriter` adds the stream and its failures. */
export interface Format {
  /** Everything comes out here. */
  readonly output: AsyncIterable<unknown>
  /** Why this entry cannot be in such an archive, or undefined. */
  problem(entry: DirectoryEntry | SymlinkEntry | FileEntry): string | undefined
  add(entry: DirectoryEntry | SymlinkEntry): Promise<void>
  /** A file whose content is here as a whole. */
  addFile(entry: FileEntry, content: Uint8Array): Promise<void>
  openFile(entry: FileEntry): ArchiveFile
  end(): Promise<void>
}

export interface ArchiveWriter extends Omit<Format, 'output' | 'end'> {
  /** Resolves when the reader has taken all of it. */
  finish(): Promise<void>
  /** Lets go of the stream, which is then no archive. */
  abort(): Promise<void>
}

export interface ArchiveOptions {
  readonly signal: AbortSignal
  /** End the stream behind the archive. Default true; standard output stays open for others. */
  readonly ends?: boolean
}

/** Files up to this size are added whole: their checksum stands before their content, as the oldest readers want it. */
export const maxWholeFileBytes: number = 1024 * 1024

/** @throws E_IO from every call once the stream is broken; E_CANCELLED when the signal aborts */
export function createArchiveWriter(
  format: ArchiveFormat,
  output: Writable,
  options: ArchiveOptions,
): ArchiveWriter {
  const { signal, ends = true } = options
  const made = format === 'zip' ? createZipFormat() : createTarFormat()
  const stop = new AbortController()
  let failure: { readonly error: unknown } | undefined
  const piped = pipeline(made.output, output, {
    end: ends,
    signal: AbortSignal.any([signal, stop.signal]),
  })
  /** Ends the step that waits now. */
  let endStep: ((error: FerryError) => void) | undefined
  piped.catch((error: unknown) => {
    failure = { error }
    endStep?.(explain(error))
  })

  function explain(error: unknown): FerryError {
    if (signal.aborted) return cancelled(signal)
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE')
      return new FerryError('E_IO', 'Cannot write the archive: its reader went away', { cause: error })
    return toFerryError(error, 'Cannot write the archive')
  }

  /** A step that waits for the reader must end when there is none any more. */
  async function step(work: () => Promise<void>): Promise<void> {
    throwIfCancelled(signal)
    if (failure) throw explain(failure.error)
    // Not a race with the stream's own promise: that would remember every step until the end.
    await new Promise<void>((resolve, reject) => {
      endStep = reject
      work().then(resolve, reject)
    })
  }

  return {
    problem: (entry) => made.problem(entry),
    add: (entry) => step(() => made.add(entry)),
    addFile: (entry, content) => step(() => made.addFile(entry, content)),
    openFile(entry) {
      const file = made.openFile(entry)
      let written = 0
      return {
        async write(bytes) {
          written += bytes.byteLength
          await step(() => file.write(bytes))
        },
        async end() {
          if (written !== entry.size)
            throw new FerryError(
              'E_INTERNAL',
              `Cannot write "${entry.path}" into the archive: its length is wrong`,
            )
          await step(() => file.end())
        },
      }
    },
    async finish() {
      await step(() => made.end())
      await step(() => piped)
    },
    async abort() {
      stop.abort()
      await piped.catch(() => undefined)
    },
  }
}

/** Writes into a stream and waits while it is full. */
export async function writeAndWait(
  stream: EventEmitter & { write(bytes: Uint8Array): boolean },
  bytes: Uint8Array,
): Promise<void> {
  if (!stream.write(bytes)) await once(stream, 'drain')
}
