/** The screens beside the transfers: shares, peers and history, each a table that is asked anew while it is seen. */
import { shortAddress, shortPeer } from '../../shared/peer-name.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatCount, formatElapsed, formatPlural, formatRate } from '../../shared/units.ts'
import type { HistoryRow, JobView, ShareView } from '../../jobs/engine-types.ts'
import { momentText } from '../model/figures.ts'
import type { Tone } from '../model/words.ts'
import { kindWords, phaseWord } from '../model/words.ts'
import { askToStop } from './job-actions.tsx'
import { usePage, usePageState, useTable, type Table } from './page-context.ts'
import { Bar, Chip, Name } from './text.tsx'
import { TicketBox } from './ticket-box.tsx'

function Empty<Row>({
  table,
  text,
}: {
  readonly table: Table<Row>
  readonly text: string
}): React.ReactElement {
  if (table.error !== undefined) return <p className="error-box">{table.error}</p>
  return <p className="empty muted">{table.rows === undefined ? 'Asking the daemon…' : text}</p>
}

export function SharesScreen(): React.ReactElement {
  const { api, openStart } = usePage()
  const { jobs } = usePageState()
  const table = useTable(api.shares)
  const { rows = [] } = table
  return (
    <>
      <header className="screen-head">
        <h2>Shares</h2>
        <button type="button" className="main-button" onClick={() => openStart('share')}>
          Share…
        </button>
      </header>
      {rows.length === 0 && <Empty table={table} text="Nothing is shared." />}
      {rows.map((share) => (
        <ShareCard key={share.id} share={share} job={jobs.find(({ id }) => id === share.id)} />
      ))}
    </>
  )
}

function ShareCard({
  share,
  job,
}: {
  readonly share: ShareView
  readonly job: JobView | undefined
}): React.ReactElement {
  const page = usePage()
  const { state, phase, percent } = share
  const isServing = state === 'running' && phase === 'serve'
  const connected = share.peers.filter((peer) => peer.state === 'connected').length
  return (
    <article className="card" aria-label={`Share ${escapeText(share.name)}`}>
      <header className="card-head">
        <h3>
          <Name text={share.name} />
        </h3>
        <Chip
          tone={isServing ? 'good' : state === 'running' ? 'active' : 'held'}
          text={state === 'running' ? phaseWord(phase) : state}
        />
      </header>
      {!isServing && <Bar label={`Progress of ${share.name}`} percent={percent} tone="active" />}
      <p>
        {formatPlural(share.files, 'file')}, {formatBytes(share.bytes)} · {formatBytes(share.sentBytes)} sent
        {share.rate > 0 && ` at ${formatRate(share.rate)}`} · {formatPlural(connected, 'peer')} connected ·{' '}
        {share.expiresAtMs === null ? 'never expires' : `expires ${momentText(share.expiresAtMs)}`}
        {share.once && ' · ends with the first full download'}
      </p>
      <p className="muted">{share.paths.map(escapeText).join(', ')}</p>
      {share.ticket !== null && <TicketBox ticket={share.ticket} />}
      {job && (
        <div className="buttons">
          <button type="button" className="bad-button" onClick={() => askToStop(page, job)}>
            Stop sharing
          </button>
        </div>
      )}
    </article>
  )
}

export function PeersScreen(): React.ReactElement {
  const { api } = usePage()
  const table = useTable(api.peers)
  const { rows = [] } = table
  return (
    <>
      <header className="screen-head">
        <h2>Peers</h2>
      </header>
      {rows.length === 0 ? (
        <Empty table={table} text="No peers yet. Keep this open, and give somebody a ticket." />
      ) : (
        <div className="scroll">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Peer</th>
                <th scope="col">Address</th>
                <th scope="col">State</th>
                <th scope="col" className="right">
                  Down
                </th>
                <th scope="col" className="right">
                  Up
                </th>
                <th scope="col" className="right">
                  Round trip
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((peer) => (
                <tr key={`${peer.peer} ${peer.address}`}>
                  <th scope="row">
                    <code title={escapeText(peer.peer)}>{shortPeer(peer.peer)}</code>
                  </th>
                  <td>{shortAddress(peer.address)}</td>
                  <td>{peer.state}</td>
                  <td className="right figure">{amount(peer.downBytes, peer.downRate)}</td>
                  <td className="right figure">{amount(peer.upBytes, peer.upRate)}</td>
                  <td className="right figure">
                    {peer.roundTripMs === null ? '–' : `${Math.round(peer.roundTripMs)} ms`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}

const amount = (bytes: number, rate: number): string =>
  rate > 0 ? `${formatBytes(bytes)}, ${formatRate(rate)}` : formatBytes(bytes)

const outcomes: Readonly<Record<HistoryRow['outcome'], readonly [string, Tone]>> = {
  done: ['done', 'good'],
  failed: ['failed', 'bad'],
  cancelled: ['stopped', 'quiet'],
}

export function HistoryScreen(): React.ReactElement {
  const { api } = usePage()
  const table = useTable(api.history)
  const { rows = [] } = table
  return (
    <>
      <header className="screen-head">
        <h2>History</h2>
      </header>
      {rows.length === 0 ? (
        <Empty table={table} text="Nothing has ended yet." />
      ) : (
        <div className="scroll">
          <table className="plain history">
            <thead>
              <tr>
                <th scope="col">Ended</th>
                <th scope="col">What</th>
                <th scope="col">Outcome</th>
                <th scope="col" className="right">
                  Files
                </th>
                <th scope="col" className="right">
                  Size
                </th>
                <th scope="col" className="right">
                  Travelled
                </th>
                <th scope="col" className="right">
                  Not needed
                </th>
                <th scope="col" className="right">
                  Took
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={`${row.id} ${row.endedAtMs}`}>
                  <td className="figure">{momentText(row.endedAtMs)}</td>
                  <th scope="row">
                    <span className="muted">{kindWords[row.kind]}</span> <Name text={row.title} />
                    {row.error && <p className="bad-text small">{escapeText(row.error.message)}</p>}
                  </th>
                  <td>
                    <Chip tone={outcomes[row.outcome][1]} text={outcomes[row.outcome][0]} />
                  </td>
                  <td className="right figure">
                    {formatCount(row.files)}
                    {row.failedFiles > 0 && (
                      <span className="bad-text"> ({formatCount(row.failedFiles)} failed)</span>
                    )}
                  </td>
                  <td className="right figure">{formatBytes(row.bytes)}</td>
                  <td className="right figure">{formatBytes(row.transferredBytes)}</td>
                  <td className="right figure">{formatBytes(row.reusedBytes)}</td>
                  <td className="right figure">{formatElapsed(row.endedAtMs - row.startedAtMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}
