/**
 * Fetches content from all providers at once. Whoever receives hands over one read request after the other; this
 * chooses a provider that has the bytes and has room in its window, asks another one when that fails, redials lost
 * links, and lets go of liars. It verifies nothing: who checks the chunks says `reportBad`.
 */
import type { RunOptions } from '../shared/options.ts'
import type { EntryRange, PeerSession, ReadOptions, ReadOutcome } from './session.ts'

/** Where sessions come from: see find-providers.ts. */
export interface ProviderSource extends AsyncDisposable {
  /**
   * A session with any provider that is not in `exclude` (peer ids): the one that answers first.
   * @throws E_UNREACHABLE when the time set for searching is over; E_REFUSED when the owner says no.
   */
  connect(options: FindRun): Promise<PeerSession>
  /** Remembers more places to look, such as others told by a session. */
  learn(peer: string, addresses: readonly string[]): void
}

export interface FindRun extends RunOptions {
  /** Peer ids that are not wanted. */
  readonly exclude?: ReadonlySet<string>
  /** One round over everyone who is known, without pauses or a search for others. */
  readonly once?: boolean
}

export interface FetchedRead extends ReadOutcome {
  /** Who gave the bytes; for `reportBad`. */
  readonly session: PeerSession
}

export type FetcherEvent =
  | { readonly type: 'connected'; readonly session: PeerSession }
  | { readonly type: 'lost'; readonly session: PeerSession; readonly error: Error | undefined }
  /** It sent wrong bytes and stands by them, or broke the protocol; it is not asked again. */
  | { readonly type: 'dropped'; readonly session: PeerSession; readonly reason: string }
  /** No provider is left; one is sought again in `delayMs`. */
  | { readonly type: 'redialling'; readonly attempt: number; readonly delayMs: number }
  /** Content bytes received from this session so far, at most 10 times a second. */
  | {
      readonly type: 'bytes'
      readonly session: PeerSession
      readonly bytes: number
      /** Requests for content that it answered, and how long they took, one after the other. */
      readonly requests: number
      readonly requestMs: number
    }

export interface FetcherOptions {
  readonly source: ProviderSource
  /**
   * The same range in the numbers that `session` uses (see `ShareDescription.live`), or undefined when it cannot be
   * asked there. Left out: every session counts as the caller does.
   */
  readonly translate?: (session: PeerSession, range: EntryRange) => EntryRange | undefined
  readonly onEvent?: (event: FetcherEvent) => void
  /** More providers than this are not sought. */
  readonly maxSessions?: number
}

export interface Fetcher extends AsyncDisposable {
  /** Sessions that are up. */
  readonly sessions: readonly PeerSession[]
  /**
   * A session that is up, the owner's first; waits for one while redialling goes on.
   * @throws E_UNREACHABLE, E_REFUSED, E_CANCELLED
   */
  session(options?: RunOptions): Promise<PeerSession>
  /**
   * At most `maxReadBytes` a call. Call it as often as there is work: what exceeds the windows waits its turn. A range
   * failed by one provider is asked of another one that has it; `failed` names what none could give.
   * @throws E_UNREACHABLE when nobody has been there for the time set for searching; E_REFUSED; E_CANCELLED
   */
  read(ranges: readonly EntryRange[], options?: ReadOptions): Promise<FetchedRead>
  /**
   * These ranges, as this session gave them, did not match their hashes. 'changed': the provider found that its file
   * has changed, nobody can be blamed. 'dropped': it stands by wrong bytes, and is not asked again; read once more.
   */
  reportBad(session: PeerSession, ranges: readonly EntryRange[]): Promise<'changed' | 'dropped'>
}
