/** Everything of one transfer. */
import type { JobView } from '../../jobs/engine-types.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatCount } from '../../shared/units.ts'
import { momentText, savingsOf } from '../model/figures.ts'
import { formatRoute } from '../model/routes.ts'
import { isDryRun, kindWords, stateWord, titleOf } from '../model/words.ts'
import { FailedFiles, ActiveFiles, PeerRows } from './detail-tables.tsx'
import { JobActions, LimitSelect } from './job-actions.tsx'
import { usePageState } from './page-context.ts'
import { SpeedGraph } from './speed-graph.tsx'
import { Chip, Name } from './text.tsx'
import { Figure, TransferProgress } from './transfer-progress.tsx'
import { newestEvent, streamWords, useJobProgress } from './use-job-progress.ts'

export function TransferDetails({ job }: { readonly job: JobView }): React.ReactElement {
  const { series, nowMs } = usePageState()
  const { word, tone } = stateWord(job)
  // A run that began again is followed anew: its last event ended the stream.
  const followed = useJobProgress(job.id)
  const event = newestEvent(followed, job)
  const { snapshot } = job
  return (
    <section className="details" aria-labelledby="details-title">
      <header className="details-head">
        <a className="back" href={formatRoute({ screen: 'transfers' })} aria-label="Back to the list">
          ←
        </a>
        <h2 id="details-title">
          <Name text={titleOf(job)} />
        </h2>
        {isDryRun(job) && <Chip tone="held" text="dry run" />}
        <Chip tone={tone} text={word} />
      </header>
      <JobActions job={job} />
      {event && <TransferProgress event={event} job={job} connection={streamWords(followed)} />}
      <SpeedGraph lines={[{ label: '', series: series.get(job.id) ?? [] }]} nowMs={nowMs} />
      <dl className="figures savings">
        {savingsOf(job).map(({ label, text }) => (
          <Figure key={label} name={label}>
            {text}
          </Figure>
        ))}
      </dl>
      {snapshot.sync && <SyncPlan job={job} />}
      <ActiveFiles files={snapshot.active} />
      <FailedFiles failures={snapshot.failures} count={snapshot.files.failed} />
      <PeerRows peers={snapshot.peers} isUpload={job.kind === 'share'} />
      {snapshot.warnings.length > 0 && (
        <>
          <h3>Warnings</h3>
          <ul className="warnings">
            {snapshot.warnings.map((warning, index) => (
              <li key={index}>{escapeText(warning)}</li>
            ))}
          </ul>
        </>
      )}
      <h3>About it</h3>
      <dl className="about">
        <Figure name="Kind">{kindWords[job.kind]}</Figure>
        <Figure name="From">{job.from.map(escapeText).join(', ')}</Figure>
        {job.to !== null && <Figure name="To">{escapeText(job.to)}</Figure>}
        <Figure name="Started">
          {momentText(job.startedAtMs)}
          {job.attempts > 1 && `, run ${job.attempts}`}
        </Figure>
        <Figure name="Id">
          <code>{job.id}</code>
        </Figure>
      </dl>
      {job.canCancel && <LimitSelect job={job} />}
    </section>
  )
}

function SyncPlan({ job }: { readonly job: JobView }): React.ReactElement | null {
  const { sync } = job.snapshot
  if (!sync) return null
  const { plan, planned } = sync
  const rows = [
    ['new', plan.new],
    ['changed', plan.changed],
    ['attributes', plan.attributes],
    ['to delete', plan.delete],
    ['unchanged', plan.same],
    ['passed over', plan.skipped],
  ] as const
  return (
    <>
      <h3>Plan{planned ? '' : ' (so far)'}</h3>
      <dl className="figures">
        {rows.map(([name, count]) => (
          <Figure key={name} name={name}>
            {formatCount(count)}
          </Figure>
        ))}
      </dl>
    </>
  )
}
