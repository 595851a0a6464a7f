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
    const ratio = divide(ferry?.totalSeconds, countedSeconds(name, figures, { onDisk }))
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

/** A row for each workload, a column for each contender: seconds, and ferry's as a part of those of both rsyncs. */
export function timeRows(workloads, { onDisk }) {
  const names = [...new Set(workloads.flatMap(({ summaries }) => Object.keys(summaries)))]
  const rivals = ['rsync over ssh', 'rsync daemon'].filter((name) => names.includes(name))
  const rows = [['seconds', ...names, ...rivals.map((name) => `÷ ${name}`)]]
  for (const { title, summaries } of workloads) {
    const timeOf = (name) => countedSeconds(name, summaries[name], { onDisk })
    rows.push([
      title,
      ...names.map((name) => formatRatio(timeOf(name))),
      ...rivals.map((name) => formatRatio(divide(timeOf('ferry'), timeOf(name)))),
    ])
  }
  return rows
}

/** On a disk others end with their data in the page cache: their time counts until it is on the disk, as ferry's does. */
function countedSeconds(name, figures, { onDisk }) {
  return onDisk && name !== 'ferry' ? figures?.durableSeconds : figures?.totalSeconds
}

/** What a workload costs ferry: processor time, memory, and bytes on the wire beside those of rsync over ssh. */
export function costRows(workloads) {
  const rows = [
    ['', 'processor, share', 'receive', 'peak memory, share', 'receive', 'wire', 'wire of rsync over ssh'],
  ]
  for (const { title, summaries } of workloads) {
    const { ferry } = summaries
    rows.push([
      title,
      formatSeconds(ferry?.shareCpuSeconds),
      formatSeconds(ferry?.receiveCpuSeconds),
      formatMebibytes(ferry?.sharePeakRssBytes),
      formatMebibytes(ferry?.receivePeakRssBytes),
      formatMebibytes(ferry?.wireBytes),
      formatMebibytes(summaries['rsync over ssh']?.wireBytes),
    ])
  }
  return rows
}

/** Where ferry's time goes, as seen from outside: the receive begins when the ticket is there. */
export function phaseRows(workloads) {
  const rows = [['', 'ticket after', 'all hashed after', 'receive runs', 'together']]
  for (const { title, summaries } of workloads) {
    const { ferry } = summaries
    rows.push([
      title,
      formatSeconds(ferry?.ticketSeconds),
      formatSeconds(ferry?.shareSeconds),
      formatSeconds(ferry?.receiveSeconds),
      formatSeconds(ferry?.totalSeconds),
    ])
  }
  return rows
}

/** A row for each link: what iperf3 and ferry carry. */
export function linkRows({ cases }) {
  const rows = [['50 ms of round trip', 'iperf3, six streams', 'ferry', 'ferry fills']]
  for (const { megabits, lossPercent, iperfMegabits, ferryMegabits } of cases)
    rows.push([
      `${megabits} Mbit/s${lossPercent ? `, ${lossPercent} % loss` : ''}`,
      `${iperfMegabits.toFixed(0)} Mbit/s`,
      `${ferryMegabits.toFixed(0)} Mbit/s`,
      `${formatRatio(ferryMegabits / iperfMegabits)} ×`,
    ])
  return rows
}

/** A row for each case at one place, a column for each contender: seconds, ferry's as a part of theirs, and what ferry sent. */
export function syncRows(cases) {
  const names = [...new Set(cases.flatMap(({ summaries }) => Object.keys(summaries)))]
  const rivals = names.filter((name) => name !== 'ferry')
  const rows = [['seconds', ...names, ...rivals.map((name) => `÷ ${name}`), 'ferry sent', 'peak']]
  for (const { title, summaries } of cases)
    rows.push([
      title,
      ...names.map((name) => formatRatio(summaries[name]?.totalSeconds)),
      ...rivals.map((name) =>
        formatRatio(divide(summaries.ferry?.totalSeconds, summaries[name]?.totalSeconds)),
      ),
      formatMebibytes(summaries.ferry?.sentBytes),
      formatMebibytes(summaries.ferry?.peakRssBytes),
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

/** A row for each size or number of files; growth is that of the time against what came before, 1 being in proportion. */
export function scalingRows({ points }) {
  const rows = [['', 'time', 'growth', 'processor, share', 'receive', 'peak memory, share', 'receive']]
  for (const [index, point] of points.entries())
    rows.push([
      point.title,
      formatSeconds(point.totalSeconds),
      index === 0 ? '' : formatRatio(slope(points[index - 1], point, 'totalSeconds')),
      formatSeconds(point.shareCpuSeconds),
      formatSeconds(point.receiveCpuSeconds),
      formatMebibytes(point.sharePeakRssBytes),
      formatMebibytes(point.receivePeakRssBytes),
    ])
  return rows
}

/** How steep a figure rises between two points on logarithmic scales: 1 in proportion, 0 not at all. */
export function slope(from, to, name) {
  return Math.log(to[name] / from[name]) / Math.log(to.value / from.value)
}
