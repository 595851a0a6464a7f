/**
 * What a live share has told so far, in a spool file, so that a receiver who comes later hears it from the beginning and
 * memory stays flat whatever the size of the tree. One writer, any number of readers, each at its own place.
 *
 * The spool has no name after it was opened (where the system allows that), so nothing is left of it after a crash.
 */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { FerryError, toFerryError } from '../shared/errors.ts'
import { encodeLiveEvent } from './live-event-codec.ts'
import type { ToldEvent } from './live-event.ts'

export interface LiveLog extends Disposable {
  /** Bytes so far. */
  readonly length: number
  /** True once the `end` event was appended. */
  readonly ended: boolean
  /** @throws E_NO_SPACE, E_IO; then nothing of the event is in the log */
  append(event: ToldEvent): void
  /** At most `maxBytes` from `offset`, a new array each time; empty when there is no more yet. @throws E_IO */
  read(offset: number, maxBytes: number): Uint8Array
  /** Resolves when there are bytes behind `offset`, or the log has ended or was closed, or the signal fires. */
  grown(offset: number, signal: AbortSignal): Promise<void>
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
  /** Readers that have read everything. */
  const waiting = new Set<() => void>()

  function wake(): void {
    const readers = [...waiting]
    waiting.clear()
    for (const resume of readers) resume()
  }

  return {
    get length() {
      return length
    },
    get ended() {
      return ended
    },
    append(event) {
      if (ended || closed) throw new FerryError('E_INTERNAL', `${what}: it has ended`)
      let at = length
      try {
        for (const frame of encodeLiveEvent(event)) {
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
    read(offset, maxBytes) {
      const bytes = new Uint8Array(closed ? 0 : Math.max(0, Math.min(maxBytes, length - offset)))
      for (let done = 0; done < bytes.byteLength; ) {
        const count = readSync(file, bytes, done, bytes.byteLength - done, offset + done)
        if (count === 0) throw new FerryError('E_IO', 'Cannot read the log of the live share: it was cut')
        done += count
      }
      return bytes
    },
    grown(offset, signal) {
      if (offset < length || ended || closed || signal.aborted) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      const resume = (): void => {
        signal.removeEventListener('abort', resume)
        waiting.delete(resume)
        resolve()
      }
      waiting.add(resume)
      signal.addEventListener('abort', resume)
      return promise
    },
    [Symbol.dispose]() {
      if (closed) return
      closed = true
      closeSync(file)
      if (!unlinked) tryUnlink(path)
      wake()
    },
  }
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
