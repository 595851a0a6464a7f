/**
 * Which numbers a receive counts entries by: those of the live session that it follows, or those of the sealed manifest;
 * and what they are on other sessions.
 */
import { equalBytes } from '../../shared/bytes.ts'
import type { EntryRange, PeerSession } from '../../node/session.ts'
import { sealedNumber, type LiveEnd } from './receive-live.ts'

export interface Numbering {
  /** A pass begins over what this session tells. */
  begin(session: PeerSession): void
  /** The live session has told everything. */
  end(end: LiveEnd): void
  /** Whether a session can be asked anything in the present pass; a sender that began anew may count otherwise. */
  isKnownTo(session: PeerSession): boolean
  /** The same range on another session; undefined when that cannot be told. */
  translate(session: PeerSession, range: EntryRange): EntryRange | undefined
  numberOn(session: PeerSession, number: number): number
}

export function createNumbering(): Numbering {
  let followed: PeerSession | undefined
  let ended: LiveEnd | undefined
  /** Of the manifest that this pass is over, once it is known. */
  let root: Uint8Array | undefined

  const isKnownTo = (session: PeerSession): boolean =>
    session === followed ||
    (root !== undefined && session.share.root !== undefined && equalBytes(root, session.share.root))

  function translate(session: PeerSession, range: EntryRange): EntryRange | undefined {
    if (!isKnownTo(session)) return undefined
    if (session === followed || !ended) return range
    // A sealed session counts without what was dropped while the share was live.
    const entry = sealedNumber(range.entry, ended.dropped)
    return entry === undefined ? undefined : { ...range, entry }
  }

  return {
    begin(session) {
      followed = session.share.live ? session : undefined
      ended = undefined
      root = session.share.root
    },
    end(end) {
      ended = end
      root = end.root
    },
    isKnownTo,
    translate,
    numberOn: (session, entry) => translate(session, { entry, offset: 0, length: 0 })?.entry ?? entry,
  }
}
