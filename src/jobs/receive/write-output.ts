/** Receives the one file that a ticket offers into a stream: for `--stdout`. */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { contentOf, type ContentRun, type ListedFile } from './ordered-content.ts'
import type { ReceiveRun } from './run.ts'

/** @throws E_IO when the reader of the stream went away; the rest as `fetchChunks`. */
export async function writeOutput(
  run: ContentRun & Pick<ReceiveRun, 'progress'>,
  file: ListedFile,
  output: Writable,
): Promise<void> {
  const item = run.progress.beginItem(file.entry.path, 'fetch', file.entry.size)
  let written = 0
  for await (const bytes of contentOf(run, file)) {
    await write(output, bytes, run.signal)
    written += bytes.byteLength
    item.bytes(written)
  }
  item.done()
}

async function write(output: Writable, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  try {
    if (output.destroyed) throw new FerryError('E_IO', 'Cannot write the output: its reader went away')
    if (!output.write(bytes)) await once(output, 'drain', { signal })
  } catch (error) {
    if (signal.aborted) signal.throwIfAborted()
    throw toFerryError(error, 'Cannot write the output')
  }
}
