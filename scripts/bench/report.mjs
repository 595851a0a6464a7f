// Medians and tables. A ratio is ferry's time divided by another's: below 1, ferry was faster.

export function median(values) {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b)
  if (known.length === 0) return undefined
  const middle = known.length >> 1
  return known.length % 2 === 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2
}

/** Runs of one contender → one figure of each kind: the median, but of peaks of memory the highest, for they are limits. */
export function summarize(runs) {
  const names = new Set(runs.flatMap((run) => Object.keys(run)))
  const values = (name) => runs.map((run) => run[name]).filter((value) => value !== undefined)
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      name.endsWith('PeakRssBytes') ? Math.max(...values(name)) : median(values(name)),
    ]),
  )
}

const absent = '–'
export const formatSeconds = (value) => (value === undefined ? absent : `${value.toFixed(2)} s`)
export const formatMebibytes = (value) =>
  value === undefined ? absent : `${(value / 2 ** 20).toFixed(value < 2 ** 27 ? 1 : 0)} MiB`
export const formatRatio = (value) => (value === undefined ? absent : value.toFixed(2))

/** Undefined when either is. */
export function divide(value, by) {
  return value === undefined || by === undefined ? undefined : value / by
}

/** Rows of cells as text with aligned columns; the first column reads from the left. */
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

/** The same rows as a table of Markdown. */
export function formatMarkdown([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** One workload: every contender, and what only ferry tells. On a disk the time until all is on it is beside the time of the client. */
export function workloadRows({ summaries }, { onDisk }) {
  const ferry = summaries.ferry
  const rows = [
    [
      '',
      'time',
      ...(onDisk ? ['on disk after'] : []),
      'ferry takes',
      'wire',
      'share',
      'receive',
      'peak share',
      'peak receive',
    ],
  ]
  for (const [name, figures] of Object.entries(summaries)) {
    const isFerry = name === 'ferry'
    const ratio = onDisk
      ? divide(ferry?.totalSeconds, figures.durableSeconds)
      : divide(ferry?.totalSeconds, figures.totalSeconds)
    rows.push([
      name,
      formatSeconds(figures.totalSeconds),
      ...(onDisk ? [formatSeconds(figures.durableSeconds)] : []),
      ferry && !isFerry ? `${formatRatio(ratio)} ×` : '',
      formatMebibytes(figures.wireBytes),
      isFerry ? formatSeconds(figures.shareSeconds) : '',
      isFerry ? formatSeconds(figures.receiveSeconds) : '',
      isFerry ? formatMebibytes(figures.sharePeakRssBytes) : '',
      isFerry ? formatMebibytes(figures.receivePeakRssBytes) : '',
    ])
  }
  return rows
}

/** A row for each workload, a column for each contender: seconds. */
export function timeRows(workloads, { onDisk }) {
  const names = [...new Set(workloads.flatMap(({ summaries }) => Object.keys(summaries)))]
  const rows = [['seconds', ...names]]
  for (const { title, summaries } of workloads)
    rows.push([
      title,
      ...names.map((name) => {
        const figures = summaries[name]
        const value = onDisk && name !== 'ferry' ? figures?.durableSeconds : figures?.totalSeconds
        return value === undefined ? absent : value.toFixed(2)
      }),
    ])
  return rows
}

/** A row for each goal: what is asked, what was measured, and whether they agree. */
export function goalRows(judged) {
  return [
    ['', 'measured', 'goal', ''],
    ...judged.map(({ title, measured, goal, verdict }) => [title, measured, goal, verdict]),
  ]
}
