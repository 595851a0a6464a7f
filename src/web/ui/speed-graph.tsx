/** Speeds of the last minutes as lines, and in words for who does not see them. */
import { formatDuration, formatRate } from '../../shared/units.ts'
import type { SpeedSeries } from '../model/speed-series.ts'
import { graphOf, spanOf, topOf } from '../model/speed-series.ts'

const width = 600
const height = 120

export interface SpeedLine {
  /** Such as `↓ receiving`; empty for the only one. */
  readonly label: string
  readonly series: SpeedSeries
}

export interface SpeedGraphProps {
  /** One or two. */
  readonly lines: readonly SpeedLine[]
  readonly nowMs: number
}

export function SpeedGraph({ lines, nowMs }: SpeedGraphProps): React.ReactElement {
  const top = topOf(lines.map(({ series }) => series))
  const spanMs = spanOf(
    lines.map(({ series }) => series),
    nowMs,
  )
  const span = formatDuration(spanMs)
  const figures = lines.map(({ label, series }) => {
    const peak = Math.max(0, ...series.map(({ rate }) => rate))
    return `${label && `${label} `}now ${formatRate(series.at(-1)?.rate ?? 0)}, highest ${formatRate(peak)}`
  })
  return (
    <figure className="graph">
      <figcaption>
        <span>Speed</span>
        <span className="muted">{figures.join(' · ')}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Speed of the last ${span}: ${figures.join('; ')}`}
      >
        {[0.25, 0.5, 0.75].map((part) => (
          <line key={part} className="grid" x1="0" x2={width} y1={height * part} y2={height * part} />
        ))}
        {lines.map(({ label, series }, index) => {
          const { line, area } = graphOf(series, { nowMs, spanMs, width, height, top })
          return (
            <g key={label} className={index === 0 ? '' : 'second'}>
              <path className="area" d={area} />
              <path className="line" d={line} vectorEffect="non-scaling-stroke" />
            </g>
          )
        })}
      </svg>
      <div className="axis muted" aria-hidden="true">
        <span>{span} ago</span>
        <span>{top > 1 ? `top ${formatRate(top)}` : ''}</span>
        <span>now</span>
      </div>
    </figure>
  )
}
