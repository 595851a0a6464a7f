/** How far one transfer is: bar, step and its description, six dots, figures, and how it ended. */
import type { JobView } from '../../jobs/engine-types.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytesOf, formatCount, formatDuration, formatRate } from '../../shared/units.ts'
import type { ProgressEvent } from '../../progress/progress-event.ts'
import type { Tone } from '../model/words.ts'
import { describeStep, isDryRun, stepDots } from '../model/words.ts'
import { Bar } from './text.tsx'
import { usePageState } from './page-context.ts'
import { TicketBox } from './ticket-box.tsx'

export interface TransferProgressProps {
  readonly event: ProgressEvent
  /** Of what the ticket, the kind of run and the steps are told; undefined as long as nothing is known of it. */
  readonly job: JobView | undefined
  /** How the connection stands, in words. */
  readonly connection: { readonly text: string; readonly tone: Tone }
}

export function TransferProgress({ event, job, connection }: TransferProgressProps): React.ReactElement {
  const { step, stepNumber, progress, state, kind, files, bytes, error, hint } = event
  const tone = toneOf(event)
  const reached = usePageState().reached.get(event.transferId)
  const ticket = job?.ticket ?? null
  const isDry = job !== undefined && isDryRun(job)
  const words = describeStep(step)
  const isServing = step === 'serving'
  const isUnknown = bytes.total === 0 && files.total === 0 && state === 'running'
  return (
    <div className={`transfer-progress ${tone}`}>
      <div className="progress-head">
        <span className="step-mark" aria-hidden="true">
          {tone === 'bad' ? '!' : tone === 'good' ? '✔' : ''}
        </span>
        <div>
          <strong className="step-label">
            {state === 'paused' ? 'Paused' : state === 'interrupted' ? 'Interrupted' : words.label}
          </strong>
          <span className="muted step-description">
            {state === 'running' && !isServing
              ? escapeText(event.message)
              : isDry && state === 'done'
                ? 'Nothing was changed: this was a dry run'
                : words.description}
          </span>
        </div>
        <span className="percent">{isUnknown ? '' : `${isServing ? 100 : progress}%`}</span>
      </div>
      <Bar label="Progress" percent={isServing ? 100 : isUnknown ? undefined : progress} tone={tone} />
      <ol className="steps" aria-label="Steps">
        {stepDots(kind, step, stepNumber, reached).map(({ label, state: dot }, index) => (
          <li key={index} className={dot} {...(dot === 'current' && { 'aria-current': 'step' as const })}>
            <span className="dot" aria-hidden="true" />
            <span className="dot-label">{label}</span>
            {dot === 'past' && <span className="only-heard"> (done)</span>}
          </li>
        ))}
      </ol>
      <dl className="figures">
        <Figure name="Files">
          {formatCount(files.done)} of {formatCount(files.total)}
          {files.failed > 0 && <em className="bad-text">{formatCount(files.failed)} failed</em>}
        </Figure>
        <Figure name="Size">{formatBytesOf(bytes.done, bytes.total)}</Figure>
        <Figure name="Speed">{state === 'running' && event.rate > 0 ? formatRate(event.rate) : '–'}</Figure>
        <Figure name="Time left">
          {state === 'running' && event.etaSeconds !== null ? formatDuration(event.etaSeconds * 1000) : '–'}
        </Figure>
      </dl>
      {error !== undefined && (
        <div className="error-box" role="alert">
          <strong>{escapeText(error)}</strong>
          {hint !== undefined && <p>Next: {escapeText(hint)}</p>}
        </div>
      )}
      {state === 'done' && (
        <div className="success-box">
          <strong>{escapeText(event.message)}</strong>
        </div>
      )}
      {ticket !== null && state !== 'failed' && state !== 'cancelled' && <TicketBox ticket={ticket} />}
      <p className={`connection-line ${connection.tone}`}>Connection: {connection.text}</p>
    </div>
  )
}

function toneOf({ state, step }: ProgressEvent): Tone {
  if (state === 'failed') return 'bad'
  if (state === 'done' || (state === 'running' && step === 'serving')) return 'good'
  if (state === 'paused' || state === 'interrupted') return 'held'
  return state === 'cancelled' ? 'quiet' : 'active'
}

export function Figure({
  name,
  children,
}: {
  readonly name: string
  readonly children: React.ReactNode
}): React.ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
