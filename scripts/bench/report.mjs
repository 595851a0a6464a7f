// Medians and tables. Every table has one row a contender; ratios are times of others divided by ferry's, so that a
// figure above 1 means that ferry was faster.

export function median(values) {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b)
  if (known.length === 0) return undefined
  const middle = known.length >> 1
  return known.length % 2 === 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2
}

/** Runs of one contender → the median of every figure. */
export function mediansOf(runs) {
  const names = new Set(runs.flatMap((run) => Object.keys(run)))
  return Object.fromEntries([...names].map((name) => [name, median(runs.map((run) => run[name]))]))
}

const seconds = (value) => (value === undefined ? '–' : `${value.toFixed(2)} s`)
const mebibytes = (value) =>
  value === undefined ? '–' : `${(value / 2 ** 20).toFixed(value < 2 ** 27 ? 1 : 0)} MiB`

export function formatTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** One workload: total time, ratio, and what only ferry tells. */
export function formatWorkload(result) {
  const ferry = result.medians.ferry
  const rows = [['', 'total', 'ferry is', 'wire', 'share', 'receive', 'peak share', 'peak receive']]
  for (const [name, figures] of Object.entries(result.medians))
    rows.push([
      name,
      seconds(figures.totalSeconds),
      ferry && name !== 'ferry' ? `${(figures.totalSeconds / ferry.totalSeconds).toFixed(2)} ×` : '',
      mebibytes(figures.wireBytes),
      name === 'ferry' ? seconds(figures.shareSeconds) : '',
      name === 'ferry' ? seconds(figures.receiveSeconds) : '',
      name === 'ferry' ? mebibytes(figures.sharePeakRssBytes) : '',
      name === 'ferry' ? mebibytes(figures.receivePeakRssBytes) : '',
    ])
  return `\n${result.name}: ${result.title} (${result.files} files, ${mebibytes(result.bytes)}; median of ${result.runs})\n${formatTable(rows)}`
}

/** All workloads: one row each, one column a contender. */
export function formatRatios(results) {
  const names = [...new Set(results.flatMap((result) => Object.keys(result.medians)))].filter(
    (name) => name !== 'ferry',
  )
  const rows = [['time of others ÷ time of ferry', ...names]]
  for (const { name, medians } of results) {
    if (!medians.ferry) continue
    const ratio = (other) =>
      medians[other] ? (medians[other].totalSeconds / medians.ferry.totalSeconds).toFixed(2) : '–'
    rows.push([name, ...names.map(ratio)])
  }
  return rows.length > 1 ? `\n${formatTable(rows)}` : ''
}
