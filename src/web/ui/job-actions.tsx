/** What can be done with a job now, as buttons. */
import type { JobView } from '../../jobs/engine-types.ts'
import { quoteName } from '../../shared/terminal-text.ts'
import { usePage, type Page } from './page-context.ts'

export function askToStop({ api, act, confirm }: Page, job: JobView): void {
  const isShare = job.kind === 'share'
  confirm({
    title: isShare ? 'Stop sharing?' : 'Stop this transfer?',
    text: isShare
      ? `Nobody can fetch ${quoteName(job.title)} any more. The files stay as they are.`
      : `What has arrived of ${quoteName(job.title)} is kept, and can be continued.`,
    verb: isShare ? 'Stop sharing' : 'Stop it',
    onYes: () => void act(() => (isShare ? api.removeShare(job.id) : api.cancel(job.id)), 'Stopped'),
  })
}

export function JobActions({ job }: { readonly job: JobView }): React.ReactElement {
  const page = usePage()
  const { api, act } = page
  return (
    <div className="buttons">
      {job.canPause && (
        <button type="button" onClick={() => void act(() => api.pause(job.id))}>
          Pause
        </button>
      )}
      {job.canResume && (
        <button type="button" className="main-button" onClick={() => void act(() => api.resume(job.id))}>
          Resume
        </button>
      )}
      {job.canRetry && (
        <button type="button" onClick={() => void act(() => api.retry(job.id))}>
          {job.state === 'done' ? 'Run again' : 'Retry'}
        </button>
      )}
      {job.canCancel && (
        <button type="button" className="bad-button" onClick={() => askToStop(page, job)}>
          {job.kind === 'share' ? 'Stop sharing' : 'Stop'}
        </button>
      )}
    </div>
  )
}

/** Choices of bytes a second; all others come from the command line. */
const limits: readonly (readonly [string, number | null])[] = [
  ['no limit', null],
  ['100 kB/s', 100_000],
  ['500 kB/s', 500_000],
  ['1 MB/s', 1_000_000],
  ['5 MB/s', 5_000_000],
  ['20 MB/s', 20_000_000],
  ['100 MB/s', 100_000_000],
]

export function LimitChoice({ job }: { readonly job: JobView }): React.ReactElement {
  const { api, act } = usePage()
  const { bytesPerSecond } = job.limits
  const isKnown = limits.some(([, rate]) => rate === bytesPerSecond)
  return (
    <label className="limit">
      Speed limit
      <select
        value={String(bytesPerSecond)}
        disabled={!job.canCancel}
        onChange={({ target }) =>
          void act(() =>
            api.setLimits(job.id, { bytesPerSecond: target.value === 'null' ? null : Number(target.value) }),
          )
        }
      >
        {!isKnown && (
          <option value={String(bytesPerSecond)}>{Math.round((bytesPerSecond ?? 0) / 1000)} kB/s</option>
        )}
        {limits.map(([text, rate]) => (
          <option key={text} value={String(rate)}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}
