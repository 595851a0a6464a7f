/** Limits on everything that comes from peers, tickets and the network, each with its reason. */

const KiB = 1024
const MiB = 1024 * KiB

// Tickets and addresses

/** Pasted text longer than this is no ticket, whatever is wrapped around one; refused before decoding. */
export const maxTicketInputChars: number = 4 * KiB
/** Fits a QR code of 22 terminal rows in its upper-case form. */
export const maxTicketChars = 195
/** Addresses that anyone may tell us of one peer: each costs a dial. */
export const maxAddressesPerPeer = 25
/** Ports at which a stray handshake means trouble (login, mail, name and file services), so they are never dialled. */
export const mailAndLoginPorts: ReadonlySet<number> = new Set([
  22, 23, 25, 53, 110, 135, 139, 143, 445, 465, 587, 993, 995,
])
/** Providers that one search may bring. */
export const maxFoundPeers = 25
/** Peers that an owner tells a receiver of. */
export const maxExchangedPeers = 25

// Times

/** One address has this long to answer: beyond a slow satellite link, below a person's patience. */
export const addressDialTimeoutMs = 10_000
/** Each step of the conversation's beginning (hello, proof, answer). */
export const handshakeTimeoutMs = 10_000
/** While something is owed, this much must move … */
export const minProgressBytes: number = 32 * KiB
/** … in this time, or the link counts as dead. 1 KiB a second is slower than any modem in use. */
export const progressWindowMs = 30_000
/** A question that waits for news is answered after this time even if there is none. */
export const longPollMs = 20_000
/** A session in which nothing is asked for so long is closed; the receiver dials again when it needs more. */
export const idleTimeoutMs: number = 10 * 60_000

// Frames

/** A control message; the largest is a request for some thousand pages or nodes. */
export const maxControlBytes: number = 64 * KiB
/** One piece of content. Small enough that answers interleave, large enough that its header costs nothing. */
export const dataFrameBytes: number = 256 * KiB
/** Content asked for by one read. */
export const maxReadBytes: number = 2 * MiB
/** Ranges in one read: many small files, each a range. */
export const maxReadRanges = 4096
/** A manifest page, node list, or other object, as the longest answer item. */
export const maxObjectBytes: number = 16 * MiB
/** Items of one answer. */
export const maxAnswerItems = 1024
/** All items of one answer together. */
export const maxAnswerBytes: number = 32 * MiB
/** Pages of one request: they are held in memory together on both sides. */
export const maxPagesPerAsk = 16
/** Nodes of one request: 9 KiB each at most. */
export const maxNodesPerAsk = 512
/** Ranges of one request for sub-chunks, and what they cover: the provider reads and hashes all of it. */
export const maxSubChunkRanges: number = maxAnswerItems
export const maxSubChunkRangeBytes: number = 64 * MiB
/** Reasons of failed ranges are cut to this many characters. */
export const maxMessageChars = 500

// Lanes

/** Lanes of one conversation. */
export const maxLanes = 8
/** Content of one frame on a lane: a whole answer, which has the lane for itself. */
export const laneFrameBytes: number = maxReadBytes

// Windows

/** Content that a receiver keeps under way with one provider. More gains nothing below 1 Gbit/s × 60 ms. */
export const sessionWindowBytes: number = 8 * MiB
/** The same over a link with a long round trip, whose lanes together hold many packets on the way. */
export const longWindowBytes: number = 32 * MiB
/** Live events that a receiver lets a provider send ahead of it. */
export const followCreditBytes: number = 1 * MiB
/** Requests that a receiver may have under way; beyond it the provider closes the link. */
export const maxOutstandingRequests = 1024
/** Content that a receiver may have asked for at once: twice the window of an honest one. */
export const maxOutstandingBytes: number = 2 * longWindowBytes
/** Content read from disk but not yet sent, for a conversation and for each lane, … */
export const readAheadBytes: number = 4 * MiB
/** … and for all receivers together: this is what those that never read cost, until they are noticed. */
export const allReadAheadBytes: number = 256 * MiB

// Peers

/** Streams of one peer: one conversation, and one that replaces it after a broken link not yet noticed. */
export const maxSessionsPerPeer = 4
/** Conversations of one share, and of all shares together. */
export const maxSessionsPerShare = 64
export const maxSessions = 128
/** Conversations that have not yet proved anything. */
export const maxHandshakes = 32
/** Cheap requests that one session gets answered in a second; more wait. */
export const requestsPerSecond = 20_000
/** What a request that makes us read and hash again counts, in cheap ones. */
export const recheckCost = 500
/** Entries of a manifest that a holdings message may speak of. */
export const maxHoldingsEntries: number = 16 * 1024 * 1024
/** Files partly there that a holdings message names. */
export const maxPartialHoldings = 4096
