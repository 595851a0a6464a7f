/** Follows one transfer with the same client as terminals do; nothing while nobody sees the page. */
import { useEffect, useMemo, useState } from 'react'
import type { JobView } from '../../jobs/engine-types.ts'
import type { TransferProgress } from '../../progress/client/use-transfer-progress.ts'
import { useTransferProgress } from '../../progress/client/use-transfer-progress.ts'
import { progressEvent, type ProgressEvent } from '../../progress/progress-event.ts'
import type { Tone } from '../model/words.ts'
import { browserClock } from '../server/browser-clock.ts'
import { usePage } from './page-context.ts'

export function useJobProgress(id: string | undefined): TransferProgress<ProgressEvent> {
  const { api } = usePage()
  const isHidden = useIsHidden()
  const options = useMemo(
    () => ({
      open: (each: string) => api.progress(each),
      clock: browserClock,
      isHidden: () => document.hidden,
    }),
    [api],
  )
  return useTransferProgress(isHidden ? undefined : id, options)
}

/**
 * What to show of a transfer: what its own stream says, or, before and without that, what the stream of all jobs has
 * told; undefined before either.
 */
export function newestEvent(
  followed: TransferProgress<ProgressEvent>,
  job: JobView | undefined,
): ProgressEvent | undefined {
  const isOver = followed.status === 'idle' && job?.endedAtMs !== null
  return job && !(followed.progress && (followed.isConnected || isOver))
    ? progressEvent(job)
    : followed.progress
}

export function useIsHidden(): boolean {
  const [isHidden, setIsHidden] = useState(document.hidden)
  useEffect(() => {
    const look = (): void => setIsHidden(document.hidden)
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [])
  return isHidden
}

/** How the stream of one transfer stands. Behind its end there is nothing to be connected to. */
export function streamWords(progress: TransferProgress<ProgressEvent>): {
  readonly text: string
  readonly tone: Tone
} {
  if (progress.isConnected) return { text: 'live', tone: 'good' }
  if (progress.status === 'idle') return { text: 'ended', tone: 'quiet' }
  if (progress.status === 'disconnected') return { text: 'no connection', tone: 'bad' }
  return { text: progress.isPolling ? 'polling' : 'reconnecting…', tone: 'held' }
}
