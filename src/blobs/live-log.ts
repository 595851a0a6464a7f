/**
 * What a live share has told so far, in a spool file, so that a receiver who comes later hears it from the beginning and
 * memory stays flat whatever the size of the tree. One writer, any number of readers, each at its own place.
 *
 * The spool has no name after it was opened (where the system allows that), so nothing is left of it after a crash.
 */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { FerryError, toFerryError } from '../shared/errors.ts'
import type { RunOptions } from '../shared/options.ts'
import { encodeLiveEvent, liveFrameHeaderBytes, maxLiveFrameBytes } from './live-event-codec.ts'
import type { LiveEvent } from './live-event.ts'

export interface LiveLogReader {
  /**
   * The next frames: whole ones, at least one, and not more than `maxBytes` unless the first alone is longer (then it is
   * at most `maxLiveFrameBytes`). Waits for the writer when all was read; undefined behind the end. One call at a time.
   * @throws E_CANCELLED when the signal fires or the log was closed; what `fail` was given.
   */
  next(maxBytes: number, options?: RunOptions): Promise<Uint8Array | undefined>
}

export interface LiveLog extends Disposable {
  /** True once the `end` event was appended. */
  readonly ended: boolean
  /** @throws E_NO_SPACE, E_IO; then nothing of the event is in the log */
  append(event: LiveEvent): void
  /** Ends the log without an end: readers get this error once they have read what there is. */
  fail(error: FerryError): void
  /** A reader at the beginning. */
  read(): LiveLogReader
}

/** Beginning of a spool's file name; gc knows leftovers by it. */
export const spoolPrefix = 'live-'

/** `directory`: the store's place for temporary files. */
export function openLiveLog(directory: string): LiveLog {
  const path = join(directory, `${spoolPrefix}${process.pid}-${crypto.randomUUID()}`)
  const what = 'Cannot write the log of the live share'
  let file: number
  try {
    file = openSync(path, 'wx+', 0o600)
  } catch (error) {
    throw toFerryError(error, what)
  }
  const unlinked = tryUnlink(path)
  let length = 0
  let ended = false
  let closed = false
  let failure: FerryError | undefined
  /** Readers that have read everything. */
  const waiting = new Set<() => void>()

  function wake(): void {
    const readers = [...waiting]
    waiting.clear()
    for (const resume of readers) resume()
  }

  function readAt(offset: number, byteLength: number): Buffer {
    const bytes = Buffer.allocUnsafe(byteLength)
    for (let done = 0; done < byteLength; ) {
      const count = readSync(file, bytes, done, byteLength - done, offset + done)
      if (count === 0) throw new FerryError('E_IO', 'Cannot read the log of the live share: it was cut')
      done += count
    }
    return bytes
  }

  /** Whole frames from `offset`, where there is at least one. */
  function readFrames(offset: number, maxBytes: number): Uint8Array {
    const wanted = Math.min(length - offset, Math.max(maxBytes, liveFrameHeaderBytes))
    const bytes = readAt(offset, wanted)
    let end = 0
    while (end + 4 <= wanted && end + 4 + bytes.readUInt32LE(end) <= wanted)
      end += 4 + bytes.readUInt32LE(end)
    return end > 0 ? bytes.subarray(0, end) : readAt(offset, 4 + bytes.readUInt32LE(0))
  }

  const log: LiveLog = {
    get ended() {
      return ended
    },
    append(event) {
      if (ended || closed) throw new FerryError('E_INTERNAL', `${what}: it has ended`)
      const frames = encodeLiveEvent(event)
      let at = length
      try {
        for (const frame of frames) {
          for (let done = 0; done < frame.byteLength; ) done += writeSync(file, frame, done, null, at + done)
          at += frame.byteLength
        }
      } catch (error) {
        throw toFerryError(error, what)
      }
      length = at
      ended = event.type === 'end'
      wake()
    },
    fail(error) {
      failure ??= error
      wake()
    },
    read() {
      let offset = 0
      return {
        async next(maxBytes, options) {
          for (;;) {
            if (options?.signal?.aborted === true || closed)
              throw new FerryError('E_CANCELLED', 'Cannot follow the live share: stopped')
            if (offset < length) {
              const frames = readFrames(offset, Math.min(maxBytes, maxReadBytes))
              offset += frames.byteLength
              return frames
            }
            if (ended) return undefined
            if (failure !== undefined) throw failure
            await untilMore(waiting, options?.signal)
          }
        },
      }
    },
    [Symbol.dispose]() {
      if (closed) return
      closed = true
      closeSync(file)
      if (!unlinked) tryUnlink(path)
      wake()
    },
  }
  return log
}

/** One read, so that a generous caller does not make a small log's reader take memory for a large one. */
const maxReadBytes: number = 4 * maxLiveFrameBytes

function untilMore(waiting: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const resume = (): void => {
    signal?.removeEventListener('abort', resume)
    waiting.delete(resume)
    resolve()
  }
  waiting.add(resume)
  signal?.addEventListener('abort', resume)
  return promise
}

function tryUnlink(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch {
    // Windows keeps the name of an open file; it goes when the log is closed, or by gc.
    return false
  }
}
