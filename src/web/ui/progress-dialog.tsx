/** Opens after a start, shows nothing but this transfer, and closes itself two seconds after it is complete. */
import { useEffect } from 'react'
import { escapeText } from '../../shared/terminal-text.ts'
import { kindWords, titleOf } from '../model/words.ts'
import { browserClock } from '../server/browser-clock.ts'
import { Modal } from './modal.tsx'
import { usePage, usePageState } from './page-context.ts'
import { TransferProgress } from './transfer-progress.tsx'
import { newestEvent, streamWords, useJobProgress } from './use-job-progress.ts'

export const closeAfterMs = 2000

export interface ProgressDialogProps {
  readonly id: string
  readonly onClose: () => void
}

export function ProgressDialog({ id, onClose }: ProgressDialogProps): React.ReactElement {
  const { api, act } = usePage()
  const job = usePageState().jobs.find((each) => each.id === id)
  const followed = useJobProgress(id)
  const { error } = followed
  const progress = newestEvent(followed, job)
  const isDone = progress?.state === 'done'
  const hasEnded = isDone || progress?.state === 'failed' || progress?.state === 'cancelled'
  useEffect(() => (isDone ? browserClock.after(closeAfterMs, onClose) : undefined), [isDone, onClose])
  const title = job ? `${kindWords[job.kind]} ${escapeText(titleOf(job))}` : 'Starting'
  return (
    <Modal title={title} className="progress-dialog" onClose={onClose}>
      {progress ? (
        <TransferProgress event={progress} job={job} connection={streamWords(followed)} />
      ) : (
        <p className="muted">{error ? escapeText(error.message) : 'Waiting for the first sign of it…'}</p>
      )}
      <footer className="buttons end">
        {isDone && <span className="muted">Closes in 2 s</span>}
        {!hasEnded && job?.canCancel && job.kind !== 'share' && (
          <button type="button" onClick={() => void act(() => api.cancel(id))}>
            Stop
          </button>
        )}
        <button type="button" className="main-button" onClick={onClose}>
          {hasEnded ? 'Close' : 'Go on in the list'}
        </button>
      </footer>
    </Modal>
  )
}
