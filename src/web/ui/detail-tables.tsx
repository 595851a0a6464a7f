/** Files that are worked on, files that failed, and peers of one transfer. */
import type { PeerPicture, Snapshot } from '../../progress/events.ts'
import { shortAddress, shortPeer } from '../../shared/peer-name.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatCount, formatRate } from '../../shared/units.ts'
import { phaseWord } from '../model/words.ts'
import { Bar, Name } from './text.tsx'

/** More failures nobody reads one by one; `ferry status ID --json` has them all. */
const maxFailures = 200

export function ActiveFiles({ files }: { readonly files: Snapshot['active'] }): React.ReactElement | null {
  if (files.length === 0) return null
  return (
    <>
      <h3>Files in work</h3>
      <ul className="file-rows" aria-label="Files in work">
        {files.map(({ path, phase, done, total, rate }) => {
          const percent = total > 0 ? Math.min(99, Math.floor((done * 100) / total)) : undefined
          return (
            <li key={path}>
              <Name text={path} />
              <span className="muted">{phaseWord(phase)}</span>
              <Bar label={path} percent={percent} tone="active" />
              <span className="figure">{percent === undefined ? '' : `${percent}%`}</span>
              <span className="figure muted">{rate > 0 ? formatRate(rate) : formatBytes(total)}</span>
            </li>
          )
        })}
      </ul>
    </>
  )
}

export interface FailedFilesProps {
  readonly failures: Snapshot['failures']
  /** Of all, also those that are not listed. */
  readonly count: number
}

export function FailedFiles({ failures, count }: FailedFilesProps): React.ReactElement | null {
  if (count === 0) return null
  const shown = failures.slice(0, maxFailures)
  return (
    <>
      <h3 className="bad-text">Failed: {formatCount(count)}</h3>
      <ul className="failures" aria-label="Files that failed">
        {shown.map(({ path, error }) => (
          <li key={path}>
            <Name text={path} />
            <p>
              {escapeText(error.message)}
              {error.hint !== undefined && <span className="muted"> Next: {escapeText(error.hint)}</span>}
            </p>
          </li>
        ))}
      </ul>
      {count > shown.length && <p className="muted">and {formatCount(count - shown.length)} more</p>}
    </>
  )
}

export interface PeerRowsProps {
  readonly peers: readonly PeerPicture[]
  readonly isUpload: boolean
}

export function PeerRows({ peers, isUpload }: PeerRowsProps): React.ReactElement | null {
  if (peers.length === 0) return null
  return (
    <>
      <h3>Peers</h3>
      <div className="scroll">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Peer</th>
              <th scope="col">Address</th>
              <th scope="col">State</th>
              <th scope="col" className="right">
                {isUpload ? 'Sent' : 'Fetched'}
              </th>
              <th scope="col" className="right">
                Speed
              </th>
              <th scope="col" className="right">
                Round trip
              </th>
            </tr>
          </thead>
          <tbody>
            {peers.map(({ peer, address, state, bytes, rate, roundTripMs, message }) => (
              <tr key={`${peer} ${address}`}>
                <th scope="row">
                  <code title={escapeText(peer)}>{shortPeer(peer)}</code>
                </th>
                <td>{shortAddress(address)}</td>
                <td>
                  {state}
                  {message !== undefined && <span className="muted"> {escapeText(message)}</span>}
                </td>
                <td className="right figure">{formatBytes(bytes)}</td>
                <td className="right figure">{rate > 0 ? formatRate(rate) : '–'}</td>
                <td className="right figure">
                  {roundTripMs === undefined ? '–' : `${Math.round(roundTripMs)} ms`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}
