/**
 * How large a manifest from outside may be. Each limit is checked before memory is taken for what it bounds; a writer
 * keeps to the same ones, so that what ferry makes, ferry accepts.
 */

/** Entries of one manifest. Ten times the largest tree anyone has asked for. */
export const maxEntries = 50_000_000
/** Pages of one manifest: `maxEntries` of 100 bytes in pages of `averagePageWeight` are 80,000; with room to spare. */
export const maxPages = 262_144
/** Entries of one page: an entry weighs at least `entryWeight`. */
export const maxPageEntries = 8192
/** Bytes of all pages together: `maxEntries` of the usual 100 bytes, with room to spare, and not a full disk. */
export const maxManifestBytes: number = 16 * 2 ** 30
/** Bytes of a root object: the page table and the few numbers before it. */
export const maxRootBytes: number = maxPages * 40 + 64

/** Most a page may weigh before it is closed; see `builder.ts` for what weight is. */
export const maxPageWeight: number = 256 * 1024
/** Bytes of one encoded page: its weight is never below its columns, and their frame is a few bytes. */
export const maxPageBytes: number = maxPageWeight + 64
/** Least it weighs, unless it is the last. */
export const minPageWeight: number = 16 * 1024
/** What it weighs on average: a changed entry costs a receiver one page. */
export const averagePageWeight: number = 64 * 1024
/** Weight of an entry besides its path, content and target: an upper bound of its fixed columns. */
export const entryWeight = 32

/** Chunk sizes that a file may be cut with (averages), as powers of two: 64 KiB … 4 MiB. */
export const minChunkSizeLog2 = 16
export const maxChunkSizeLog2 = 22
/** A chunk is at least a quarter of the average (the last one may be shorter), and at most four times of it. */
export const chunkSizeSpread = 4

/** Chunks of one file: 16 TiB at the largest average. Bounds a chunk list to 144 MiB and a node list to 9 MiB. */
export const maxBlobChunks = 4_194_304

/** Bytes of a link's target: PATH_MAX of Linux without the NUL. */
export const maxTargetBytes = 4095
