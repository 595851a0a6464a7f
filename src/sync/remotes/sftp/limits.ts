/** Limits on what an SSH server, its listings and the user's own ssh files may bring, each with its reason. */

const KiB = 1024
const MiB = 1024 * KiB

/** A known_hosts or config file beyond this is not one. */
export const maxSettingsFileBytes: number = 8 * MiB
/** `Include` within `Include`, as OpenSSH. */
export const maxIncludeDepth = 16
/** Jump hosts in a row, also those of the jump hosts themselves: beyond any network, below a loop's harm. */
export const maxJumps = 8
/** Times a passphrase or password is asked, as OpenSSH. */
export const maxPasswordTries = 3

/** From the dial to the login, without what the user takes to answer questions; a mute server is given up after it. */
export const connectTimeoutMs = 20_000
/** Without `ServerAliveInterval` a dead link is noticed after three of these. */
export const keepAliveMs = 15_000
export const keepAliveCount = 3

/** Connections to one server: more bring nothing, and many servers count them. */
export const maxConnections = 8
/** Calls under way on each connection before another one is opened. */
export const loadPerConnection = 6
/** Calls of a retry: a lost connection is made again that often, with growing pauses. */
export const connectionAttempts = 5
export const reconnectBaseMs = 500

/** Payload of one request where the server has not told its limit: what every server takes (RFC draft, 3). */
export const safeRequestBytes: number = 32 * KiB
/** Payload of one request at most, whatever the server offers: OpenSSH's own limit. */
export const maxRequestBytes = 261_120
/** Bytes of one file under way: twice the window that SSH itself allows, and what a resume after a crash distrusts. */
export const windowBytes: number = 4 * MiB
/** Requests' worth of bytes that one read of the content brings, and reads under way. */
export const requestsPerRead = 4
export const readsAhead = 4
/** Files that are written at once at most: round trips, not bytes, are what small files wait for. */
export const filesAtOnce = 48

/** A file this large is synced to the server's disk before it is named; smaller ones are written again in no time. */
export const fsyncFromBytes: number = 1 * MiB
/** Bytes of the end of a part that are read back before an upload goes on behind them. */
export const tailBytes: number = 256 * KiB
/** Places before the tail that are read back too, so that a hole left by a crash of the server is seen. */
export const sampleCount = 15
export const sampleBytes: number = 32 * KiB
/** Smaller parts are begun anew: reading back costs as much. */
export const leastResumeBytes: number = 6 * MiB

/** One copy request: the server answers nothing else on the connection meanwhile. */
export const copyRequestBytes: number = 64 * MiB
/** Copies under way. */
export const copiesAtOnce = 4

/** Folders that are read ahead of the one that is told. */
export const foldersAhead = 8
/** Requests for more names under way per folder. */
export const readdirsAtOnce = 3
/** Names in one folder: listings are sorted per folder, so a folder is held whole. */
export const maxFolderEntries = 5_000_000
/** Names in one answer; OpenSSH sends 100. Entries are told in batches of this size too. */
export const listBatch = 1000
/** Targets of links asked for at once. */
export const readlinksAtOnce = 32
/** A tidy end after a failure may take that long; a dead server must not hold up who wants to stop. */
export const cleanUpTimeoutMs = 5_000
/** Below this a delta costs more round trips than it saves bytes. */
export const leastDeltaBytes: number = 1 * MiB
/** A connection that is no longer needed has this long to be closed in an orderly way. */
export const farewellMs = 1_000
