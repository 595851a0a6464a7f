/**
 * The receiver's end of a peer link: one authenticated conversation about one share. Everything is asked for by the
 * receiver and bounded by it; a provider never sends more than was asked.
 *
 * Entries are numbered in manifest order, from 0. While a share is still being hashed the numbers are those of the live
 * stream (see blobs/live-event.ts), and `sealed` tells how they map to the finished manifest.
 */
import type { RunOptions } from '../shared/options.ts'
import type { ChunkRecords } from '../blobs/chunk-records.ts'
import type { LiveEvent } from '../blobs/live-event.ts'

/** `length` bytes from `offset` of the content of file entry `entry`. */
export interface EntryRange {
  readonly entry: number
  readonly offset: number
  readonly length: number
}

export interface ShareDescription {
  readonly name: string
  /**
   * True when the provider was still hashing as the session began: use `follow`, not `root`. Such a session counts
   * entries as the live stream does until it ends, also after hashing has ended; any other by the sealed manifest.
   */
  readonly live: boolean
  /** Known once hashing has ended. Already checked against the ticket's root or the owner's signature. */
  readonly root: Uint8Array | undefined
  /** The owner's signature of the root, for whoever passes the share on. */
  readonly signature: Uint8Array | undefined
  /** The owner keeps it to certain peers, one download or a time, which only it can watch over: not to be passed on. */
  readonly exclusive: boolean
}

/** Why a provider could not give a range. */
export type RangeFailure = 'changed' | 'unreadable' | 'unknown'

export interface ReadOptions extends RunOptions {
  /**
   * Where the bytes go, as long as all ranges together; left out, they come in memory of their own. After a failure
   * something may still be written there.
   */
  readonly into?: Uint8Array | undefined
}

export interface ReadOutcome {
  /** The asked ranges, one after the other; a range that failed is left as zeros. */
  readonly bytes: Uint8Array
  readonly failed: readonly {
    readonly index: number
    readonly reason: RangeFailure
    readonly message: string
  }[]
}

/** Which parts of the sealed manifest a provider holds. */
export interface Holdings {
  has(range: EntryRange): boolean
}

export interface PeerSession extends AsyncDisposable {
  /** Peer id as text. */
  readonly peer: string
  /** Address in use, for people. */
  readonly address: string
  /** True when the peer is the one that the ticket names. */
  readonly owner: boolean
  readonly share: ShareDescription
  /** Smoothed round-trip time in ms, undefined before the first measurement. */
  readonly roundTripMs: number | undefined
  /** Content that may be asked for and not be here yet, so that the link is never idle. */
  readonly windowBytes: number
  /** Resolves once, when the link is gone; never rejects. */
  readonly closed: Promise<Error | undefined>
  /** The encoded root object; its BLAKE3 was checked. */
  root(options?: RunOptions): Promise<Uint8Array>
  /** Encoded pages by number, in the order asked; each was checked against the hash given. */
  pages(
    pages: readonly { readonly number: number; readonly hash: Uint8Array }[],
    options?: RunOptions,
  ): AsyncIterable<{ readonly number: number; readonly bytes: Uint8Array }>
  /** The packed node list of a large file (see manifest/nodes.ts); checked against `blob`. */
  nodeList(entry: number, blob: Uint8Array, options?: RunOptions): Promise<Uint8Array>
  /** The chunk records of some nodes; each checked against its hash. */
  nodes(
    entry: number,
    nodes: readonly { readonly index: number; readonly hash: Uint8Array }[],
    options?: RunOptions,
  ): Promise<ChunkRecords[]>
  /** The live stream, from its beginning. Only on a live share, once a session. */
  follow(options?: RunOptions): AsyncIterable<LiveEvent>
  /**
   * Sub-chunks of ranges: each range is cut again with a small average (see blobs/chunker/sub-chunks.ts), and the
   * packed list (u16 length, 16-byte truncated hash) of each is returned in order.
   */
  subChunks(ranges: readonly EntryRange[], options?: RunOptions): Promise<Uint8Array[]>
  /** Content. At most `maxReadBytes` a call; the caller bounds how many calls are under way. The bytes are not verified here. */
  read(ranges: readonly EntryRange[], options?: ReadOptions): Promise<ReadOutcome>
  /**
   * Tells an honest provider that these ranges did not match their hashes: it reads them again itself and answers
   * whether its file has changed ('changed'), or is fine ('fine': then the bytes were spoilt on the way or by a liar).
   */
  recheck(ranges: readonly EntryRange[], options?: RunOptions): Promise<'changed' | 'fine'>
  /** What the peer holds; the owner holds all. Updated as the peer tells. */
  readonly holdings: Holdings
  /** Tells the provider that all has arrived (this is what `--once` counts). */
  finished(): Promise<void>
  /** Tells the owner that this receiver serves what it has at these addresses; the owner passes them on to others. */
  serve(addresses: readonly string[]): Promise<void>
  /**
   * Others that serve this share, whenever the owner learns of more; at most `maxExchangedPeers` are told. They are
   * believed for nothing but having been there: every one of them proves the secret for itself.
   */
  others(options?: RunOptions): AsyncIterable<readonly PeerAddresses[]>
}

/** Where a peer can be dialled. */
export interface PeerAddresses {
  /** Peer id as text. */
  readonly peer: string
  /** Multiaddrs without the peer id. */
  readonly addresses: readonly string[]
}
