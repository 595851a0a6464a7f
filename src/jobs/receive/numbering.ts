/**
 * Which numbers a receive counts entries by: those of the live session that it follows, or those of the sealed manifest;
 * and what they are on other sessions.
 */
import type { EntryRange, PeerSession } from '../../node/session.ts'
import { sealedNumber, type LiveEnd } from './receive-live.ts'

export interface Numbering {
  /** The present pass follows a live session. */
  readonly live: boolean
  /** A pass begins over what this session tells. */
  begin(session: PeerSession): void
  /** The live session has told everything. */
  end(end: LiveEnd): void
  /** The same range on another session; undefined when that cannot be told. */
  translate(session: PeerSession, range: EntryRange): EntryRange | undefined
  numberOn(session: PeerSession, number: number): number
}

export function createNumbering(): Numbering {
  let followed: PeerSession | undefined
  let ended: LiveEnd | undefined

  function translate(session: PeerSession, range: EntryRange): EntryRange | undefined {
    if (session === followed || (!followed && !session.share.live)) return range
    // Another live session may count otherwise; a sealed one does so in a known way once all is told.
    if (!followed || session.share.live || !ended) return undefined
    const entry = sealedNumber(range.entry, ended.dropped)
    return entry === undefined ? undefined : { ...range, entry }
  }

  return {
    get live() {
      return followed !== undefined
    },
    begin(session) {
      followed = session.share.live ? session : undefined
      ended = undefined
    },
    end(end) {
      ended = end
    },
    translate,
    numberOn: (session, entry) => translate(session, { entry, offset: 0, length: 0 })?.entry ?? entry,
  }
}
