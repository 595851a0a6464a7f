/** Limits on what comes over HTTP, each with its reason. */

/** The longest body that is asked for is a list of paths. */
export const maxBodyBytes: number = 64 * 1024
/** All headers of a request; ours need some hundred bytes. */
export const maxHeaderBytes: number = 16 * 1024
export const maxHeaders = 64
/** A whole request must have come by then; everything is on this computer. */
export const requestTimeoutMs = 15_000
export const headersTimeoutMs = 10_000
/** How often those two are looked at. */
export const timeoutCheckMs = 1000
/** Streams at once: far more than pages, terminals and scripts need, and each costs some kilobytes. */
export const maxStreams = 2000
/** All connections: the streams, and room for what is asked beside them. */
export const maxConnections: number = maxStreams + 200
/** Pictures of one stream are so far apart, or more: four a second are smooth. */
export const streamIntervalMs = 250
/** A stream with nothing to say says that it is there: well within the 30 s after which others give up. */
export const heartbeatMs = 15_000
/** Paths in one request. */
export const maxPaths = 1000
export const maxPathChars = 4096
export const maxTextChars = 1024
