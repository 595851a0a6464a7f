/** What a channel needs of whatever carries its bytes: a libp2p stream, or a lane. */
export interface Link {
  /** Begins to hand over what arrives. Called once. */
  open(handler: LinkHandler): void
  /** Queues bytes, which are the link's from now on. Throws when the link is gone. */
  send(bytes: Uint8Array): void
  /** More is queued than is good. */
  readonly isFull: boolean
  /** Resolves when the link is not full. Rejects when it ends. */
  drained(): Promise<void>
  /**
   * Queues a head and content behind it. Resolves when `content` may be changed by its owner and the link is not full.
   * Rejects when the link ends.
   */
  sendContent(head: Uint8Array, content: Uint8Array): Promise<void>
  /** Bytes queued and not yet taken by the system. */
  readonly queuedBytes: number
  /** Ends it well: what is queued is still sent. */
  close(): Promise<void>
  abort(error: Error): void
}

export interface LinkHandler {
  /** The bytes are only good during the call. */
  data(bytes: Uint8Array): void
  /** Where the next bytes are wanted; a link that can reads them to there, as many as fit. */
  space(): Uint8Array | undefined
  /** The other end says that it sends no more. */
  remoteEnded(): void
  /** The link is gone; the error when it did not end well. */
  closed(error: Error | undefined): void
}
