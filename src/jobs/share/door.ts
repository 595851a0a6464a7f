/**
 * Who may come in, and when the share is over: expiry, `once`, the list of peers, and the count of complete downloads.
 * With `once` one peer at a time is let in, so that two who come together cannot both have it.
 */
import type { ShareRecord, ShareTable } from '../../blobs/store/store.ts'
import type { ProviderEvent } from '../../node/provider/provider.ts'
import type { AdmissionRefusal } from '../../node/share-offer.ts'
import type { ProgressSink } from '../../progress/events.ts'

/** The longest time that a timer takes; a share that lives longer is looked at again then. */
const maxTimerMs = 2 ** 31 - 1

export interface Door extends AsyncDisposable {
  /** Complete downloads ever. */
  readonly downloads: number
  /** Resolves when nobody can come in any more. */
  readonly ended: Promise<'once' | 'expired'>
  admit(peer: string): AdmissionRefusal | undefined
  finished(peer: string): void
  onEvent(event: ProviderEvent): void
  /** How much a whole download is, once known: who was given that much has had it, whether it says so or not. */
  setTotal(bytes: number): void
}

export interface DoorOptions {
  readonly record: ShareRecord
  readonly shares: ShareTable
  readonly progress: ProgressSink
  readonly nowMs?: () => number
}

/** True when somebody who knows the ticket may still be turned away. */
export function isExclusive({
  expiresAtMs,
  once,
  allow,
}: Pick<ShareRecord, 'expiresAtMs' | 'once' | 'allow'>): boolean {
  return expiresAtMs !== undefined || once || allow.length > 0
}

export function createDoor({ record, shares, progress, nowMs = Date.now }: DoorOptions): Door {
  const { promise: ended, resolve } = Promise.withResolvers<'once' | 'expired'>()
  const { expiresAtMs, once, allow } = record
  let { downloads } = record
  let total = Number.POSITIVE_INFINITY
  /** With `once`: who is inside. */
  let guest: string | undefined
  const done = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  const isExpired = (): boolean => expiresAtMs !== undefined && nowMs() >= expiresAtMs
  const watch = (): void => {
    if (expiresAtMs === undefined) return
    if (isExpired()) resolve('expired')
    else timer = setTimeout(watch, Math.min(maxTimerMs, expiresAtMs - nowMs()))
  }
  watch()

  function finished(peer: string): void {
    if (done.has(peer)) return
    done.add(peer)
    downloads = shares.countDownload(record.id)
    if (once) resolve('once')
  }

  return {
    ended,
    get downloads() {
      return downloads
    },
    admit(peer) {
      if (isExpired()) return 'expired'
      if (allow.length > 0 && !allow.includes(peer)) return 'not-allowed'
      if (!once) return undefined
      if (downloads > 0 || (guest !== undefined && guest !== peer)) return 'used-up'
      guest = peer
      return undefined
    },
    finished,
    onEvent({ type, peer, address, bytes, reason }) {
      const state = (
        {
          connected: 'connected',
          bytes: 'connected',
          finished: 'finished',
          disconnected: 'lost',
          refused: 'dropped',
        } as const
      )[type]
      progress.peer({
        peer,
        address,
        state: type === 'disconnected' && done.has(peer) ? 'finished' : state,
        bytes,
        message: reason,
      })
      if (type !== 'disconnected') return
      if (once && bytes >= total) finished(peer)
      // Who went before the end may come back, or leave the place to another.
      else if (guest === peer) guest = undefined
    },
    setTotal(bytes) {
      if (bytes > 0) total = bytes
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
    },
  }
}
