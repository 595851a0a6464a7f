/** How large chunks are. The average stands in the manifest with each file; the rest follows from it. */

export interface ChunkerParameters {
  /** No chunk but the last of a file is smaller. */
  readonly minBytes: number
  /** Where the rule for a cut turns from strict to lenient; about the mean size. */
  readonly avgBytes: number
  readonly maxBytes: number
  /** A chunk of min … avg bytes ends where the rolling hash is below this, … */
  readonly strictThreshold: number
  /** … and one of avg … max bytes where it is below this. */
  readonly lenientThreshold: number
}

/** Smaller chunks would cost more in records and look-ups than they save in bytes sent. */
export const minChunkSize: number = 64 * 1024
/** Larger chunks would make a resumed or edited file cost too much, and buffers too large. */
export const maxChunkSize: number = 4 * 1024 * 1024
/** A file has about this many chunks at most (until `maxChunkSize` is reached), so that its list stays below 1 MiB. */
const targetChunks = 16_384

/** Hashes are signed 32-bit numbers: one in n is below this + 2³² / n. */
const lowestHash = -(2 ** 31)

/** The average chunk size in bytes that a file of `size` bytes is cut with: a power of two. */
export function chunkSizeFor(size: number): number {
  const wanted = 2 ** Math.floor(Math.log2(Math.max(1, size / targetChunks)))
  return Math.min(maxChunkSize, Math.max(minChunkSize, wanted))
}

/** No chunk but the last of a file is smaller, with an average of `avgBytes`. */
export const leastChunkBytes = (avgBytes: number): number => avgBytes / 4

/**
 * Parameters for an average of `avgBytes`, a power of two of at least 128. Below the average a cut is four times rarer
 * than 1 in `avgBytes`, above it four times more frequent ("normalised chunking", level 2): sizes gather around the
 * average, and few chunks reach the maximum, where a cut no longer depends on the content.
 * Source: Xia et al., FastCDC, USENIX ATC 2016.
 */
export function chunkerParameters(avgBytes: number): ChunkerParameters {
  return {
    minBytes: leastChunkBytes(avgBytes),
    avgBytes,
    maxBytes: avgBytes * 4,
    strictThreshold: lowestHash + 2 ** 32 / (avgBytes * 4),
    lenientThreshold: lowestHash + 2 ** 32 / (avgBytes / 4),
  }
}
