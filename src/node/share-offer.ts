/**
 * What a share must be able to answer for peers to be served from it. The provider brings the questions, checked and
 * bounded; the share job (and, while it receives, the receive job) brings the answers. Nothing here knows a socket.
 */
import type { ChunkRecords } from '../blobs/chunk-records.ts'
import type { Throttle } from '../shared/throttle.ts'
import type { EntryRange, ReadOutcome } from './session.ts'

export type Awaitable<Value> = Value | Promise<Value>

/** Which numbers a question uses: those of the live stream, or those of the finished manifest. */
export type Numbering = 'live' | 'sealed'

export interface OfferDescription {
  /** Shown to receivers before anything else is known of the share. */
  readonly name: string
  /** True until the root is known. */
  readonly live: boolean
  readonly root: Uint8Array | undefined
  /** The owner's signature of the root (see root-signature.ts); 64 bytes, known together with it. */
  readonly signature: Uint8Array | undefined
  /** True when the owner decides who may fetch, or until when: whoever receives it must not serve it to others. */
  readonly exclusive: boolean
}

/** Why a peer that knows the secret is still not served. */
export type AdmissionRefusal = 'expired' | 'used-up' | 'not-allowed'

/** The live events so far, encoded, as one growing run of bytes (see blobs/live-log.ts). */
export interface LiveLogReader {
  /** At most `maxBytes` from `offset`; empty when there is no more yet, or no more at all. A new array each time. */
  read(offset: number, maxBytes: number): Uint8Array
  /** Bytes so far. */
  readonly length: number
  /** True once nothing will be added. */
  readonly ended: boolean
  /** Resolves when there are bytes behind `offset`, or the log has ended, or the signal fires; never rejects. */
  grown(offset: number, signal: AbortSignal): Promise<void>
}

/** What a receiver that serves already has, in sealed numbers (see `createHoldings`). */
export interface HoldingsSource {
  /** Rises with every change. */
  readonly version: number
  encode(): Uint8Array
  /** Resolves when `version` is above the one given, or the signal fires; never rejects. */
  changed(version: number, signal: AbortSignal): Promise<void>
}

export interface ShareOffer {
  /** Public name of the share: `shareIdOf(secret)`. */
  readonly id: Uint8Array
  /** 16 bytes. Stays in this process. */
  readonly secret: Uint8Array
  describe(): OfferDescription
  /** Undefined when the peer may fetch now. Asked once a session, after the peer has proved the secret. */
  admit(peer: string): AdmissionRefusal | undefined
  /**
   * Content passes it before it leaves. While it is paused no content is answered and everything else is: receivers
   * wait, dial again when they think the link dead, and go on.
   */
  readonly throttle?: Throttle | undefined
  /** The encoded root object; undefined while live. */
  root(): Awaitable<Uint8Array | undefined>
  page(number: number): Awaitable<Uint8Array | undefined>
  /** Packed node list of a large file, by its sealed number. */
  nodeList(entry: number): Awaitable<Uint8Array | undefined>
  /** Records of some nodes of a large file, in the order asked; undefined when one is not there. */
  nodes(entry: number, indexes: readonly number[]): Awaitable<readonly ChunkRecords[] | undefined>
  /** The live log, kept until the offer is withdrawn, for those who began to follow it. */
  readonly live: LiveLogReader | undefined
  /**
   * Content of at most `maxReadBytes` into `into`, which is as long: ranges in the order asked, those that fail left as
   * zeros. Must not reject for what is wrong with a file.
   */
  read(
    ranges: readonly EntryRange[],
    numbering: Numbering,
    into: Uint8Array<SharedArrayBuffer>,
  ): Promise<ReadOutcome>
  subChunks(ranges: readonly EntryRange[], numbering: Numbering): Promise<readonly Uint8Array[]>
  /** Reads and hashes these ranges again, against what the share promised. */
  recheck(ranges: readonly EntryRange[], numbering: Numbering): Promise<'changed' | 'fine'>
  /** Undefined when everything is here. */
  readonly holdings?: HoldingsSource | undefined
  /** A peer says that it has everything. */
  finished(peer: string): void
}
