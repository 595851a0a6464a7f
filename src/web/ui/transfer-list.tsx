/** The table of jobs. On a narrow page each row becomes a card, and its figures go below its name. */
import type { JobView } from '../../jobs/engine-types.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatBytesOf, formatCount } from '../../shared/units.ts'
import { barPercent, connectedPeers, etaText, rateText } from '../model/figures.ts'
import { formatRoute } from '../model/routes.ts'
import { isDryRun, kindWords, stateWord, titleOf } from '../model/words.ts'
import { usePage } from './page-context.ts'
import { Bar, Chip, Name } from './text.tsx'

export interface TransferListProps {
  readonly jobs: readonly JobView[]
  readonly selected: string | undefined
}

export function TransferList({ jobs, selected }: TransferListProps): React.ReactElement {
  if (jobs.length === 0) return <Welcome />
  return (
    <table className="transfers">
      <caption className="only-heard">Transfers, the newest first</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">State</th>
          <th scope="col">Progress</th>
          <th scope="col" className="right">
            Size
          </th>
          <th scope="col" className="right">
            Speed
          </th>
          <th scope="col" className="right">
            Time left
          </th>
          <th scope="col" className="right">
            Peers
          </th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <TransferRow key={job.id} job={job} isSelected={job.id === selected} />
        ))}
      </tbody>
    </table>
  )
}

function TransferRow({
  job,
  isSelected,
}: {
  readonly job: JobView
  readonly isSelected: boolean
}): React.ReactElement {
  const { word, tone } = stateWord(job)
  const { bytes, files } = job.snapshot
  const percent = barPercent(job)
  return (
    <tr className={isSelected ? 'selected' : ''}>
      <th scope="row">
        <a
          className="row-link"
          href={formatRoute({ screen: 'transfers', id: job.id })}
          {...(isSelected && { 'aria-current': 'true' as const })}
        >
          <span className="kind" aria-label={kindWords[job.kind]}>
            {{ share: '↑', receive: '↓', sync: '⇄' }[job.kind]}
          </span>
          <Name text={titleOf(job)} />
        </a>
      </th>
      <td>
        <Chip tone={tone} text={word} />
        {isDryRun(job) && <span className="muted small failed-count">dry run</span>}
        {files.failed > 0 && (
          <span className="bad-text small failed-count">{formatCount(files.failed)} failed</span>
        )}
      </td>
      <td className="progress-cell">
        <Bar label={`Progress of ${escapeText(titleOf(job))}`} percent={percent} tone={tone} />
        <span className="percent">{percent === undefined ? '' : `${percent}%`}</span>
      </td>
      <td className="right figure" data-label="Size">
        {job.endedAtMs === null && job.kind !== 'share' && bytes.total > 0
          ? formatBytesOf(bytes.done, bytes.total)
          : formatBytes(bytes.total)}
      </td>
      <td className="right figure" data-label="Speed">
        {rateText(job)}
      </td>
      <td className="right figure" data-label="Time left">
        {etaText(job)}
      </td>
      <td className="right figure" data-label="Peers">
        {job.endedAtMs === null ? connectedPeers(job) : '–'}
      </td>
    </tr>
  )
}

function Welcome(): React.ReactElement {
  const { openStart } = usePage()
  return (
    <section className="welcome">
      <h2>Nothing is being transferred</h2>
      <p className="muted">What you start here goes on when the page is closed.</p>
      <div className="choices">
        <button type="button" onClick={() => openStart('share')}>
          <strong>Send something</strong>
          <span>Choose files or a folder, and get a ticket to give away</span>
        </button>
        <button type="button" onClick={() => openStart('receive')}>
          <strong>Get something</strong>
          <span>Paste a ticket that you were given</span>
        </button>
        <button type="button" onClick={() => openStart('sync')}>
          <strong>Keep folders alike</strong>
          <span>A folder, a bucket, a server: only changes are sent</span>
        </button>
      </div>
    </section>
  )
}
