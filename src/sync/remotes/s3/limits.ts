/** S3's rules, and how much of it this remote does at once. Source: Amazon S3 user guide, multipart upload limits. */
const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** A part that is not the last one is not smaller. A range is copied out of larger objects only. */
export const leastPartBytes: number = 5 * MiB
export const mostPartBytes: number = 5 * GiB
export const mostParts = 10_000
/** CopyObject takes no larger one. */
export const mostCopyBytes: number = 5 * GiB
/** Copies of more are split, so that several run at once. */
export const copyPartBytes: number = 1 * GiB
/** Text of one value of an object's metadata that is looked at; S3 allows 2 KiB for all of them. */
export const maxMetadataChars: number = 2 * KiB
/** A file of ours in the state directory: the id of an upload is some hundred characters. */
export const maxStateBytes: number = 64 * KiB
/** Text of an answer that tells of a failure. */
export const maxErrorBytes: number = 64 * KiB
/** Pages of unfinished uploads or parts that are read: 1,000 entries each, and no object has more than 10,000 parts. */
export const maxPages = 100

/** How this remote works; tests choose smaller figures. */
export interface S3Tuning {
  /** Size of an uploaded part, unless the file would have too many of them. */
  readonly partBytes: number
  /** Files up to this size are one request. */
  readonly singlePutBytes: number
  /** Requests for parts of one file under way at once. */
  readonly partsAtOnce: number
  /** Bytes of parts in memory, over all files. */
  readonly bufferBytes: number
  /** Calls of one request in all, and the pause before the second. */
  readonly attempts: number
  readonly retryBaseMs: number
  /** A connection on which nothing moves for so long is given up. */
  readonly stallMs: number
  /** What staging is weighed with: bytes a second that go up. A guess that is right for 100 Mbit/s. */
  readonly uplinkBytesPerSecond: number
}

/** Measured against Ceph on one machine: more parts at once, or larger ones, gain nothing. */
export const defaultTuning: S3Tuning = {
  partBytes: 8 * MiB,
  singlePutBytes: 8 * MiB,
  partsAtOnce: 6,
  bufferBytes: 64 * MiB,
  attempts: 10,
  retryBaseMs: 500,
  stallMs: 60_000,
  uplinkBytesPerSecond: 12_500_000,
}
