/** What can be done with a job now, as buttons. */
import type { JobView } from '../../jobs/engine-types.ts'
import { quoteName } from '../../shared/terminal-text.ts'
import { titleOf } from '../model/words.ts'
import { limitChoices, limitOf } from '../model/limit-choices.ts'
import { usePage, type Page } from './page-context.ts'

export function askToStop({ api, act, confirm }: Page, job: JobView): void {
  const isShare = job.kind === 'share'
  const title = titleOf(job)
  confirm({
    title: isShare ? 'Stop sharing?' : 'Stop this transfer?',
    text: isShare
      ? `Nobody can fetch ${quoteName(title)} any more. The files stay as they are.`
      : `What has arrived of ${quoteName(title)} is kept, and can be continued.`,
    verb: isShare ? 'Stop sharing' : 'Stop it',
    onYes: () =>
      void (isShare
        ? act(() => api.removeShare(job.id), `${title} is not shared any more`)
        : act(() => api.cancel(job.id))),
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

export function LimitSelect({ job }: { readonly job: JobView }): React.ReactElement {
  const { api, act } = usePage()
  const { bytesPerSecond } = job.limits
  return (
    <label className="limit">
      Speed limit
      <select
        value={String(bytesPerSecond)}
        onChange={({ target }) =>
          void act(() => api.setLimits(job.id, { bytesPerSecond: limitOf(target.value) }))
        }
      >
        {limitChoices(bytesPerSecond).map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}
