// What ferry wants to reach, and whether the figures of a run do. A goal reads one number out of a record of results
// (see results.mjs); one that the record does not hold is `not measured`, never passed.
import { divide } from './report.mjs'

const MiB = 2 ** 20

const find = (part, name) => part?.workloads.find((workload) => workload.name === name)?.summaries

/** ferry's figure divided by that of another, in the part `memory` or `disk` of a record. */
function ratio(
  title,
  part,
  workload,
  other,
  limit,
  { figure = 'totalSeconds', otherFigure = figure, unit = `× ${other}` } = {},
) {
  return {
    title,
    limit,
    unit,
    read(record) {
      const summaries = find(record[part], workload)
      return divide(summaries?.ferry?.[figure], summaries?.[other]?.[otherFigure])
    },
  }
}

/** The highest peak of either side over all workloads of all parts. */
function highestPeak(record) {
  const peaks = [record.memory, record.disk].flatMap(
    (part) =>
      part?.workloads.flatMap(({ summaries: { ferry } }) =>
        ferry ? sides.map((side) => ferry[side]) : [],
      ) ?? [],
  )
  return peaks.length === 0 ? undefined : Math.max(...peaks) / MiB
}

/** ferry's rate on a long link, divided by that of iperf3 with six streams. */
function link(title, name, limit) {
  return {
    title,
    limit,
    atLeast: true,
    unit: '× iperf3 -P 6',
    read({ links }) {
      const found = links?.cases.find((each) => each.name === name)
      return divide(found?.ferryMegabits, found?.iperfMegabits)
    },
  }
}

/** ferry's figure of a sync, alone or divided by that of another. */
function sync(title, place, name, limit, unit, { other, figure = 'totalSeconds', divisor = 1 } = {}) {
  return {
    title: `sync to ${place}: ${title}`,
    limit,
    unit,
    read({ sync: record }) {
      const at = record?.places.find((each) => each.name === place)
      const summaries = at?.cases.find((each) => each.name === name)?.summaries
      const own = divide(summaries?.ferry?.[figure], divisor)
      return other === undefined ? own : divide(own, summaries?.[other]?.[figure])
    },
  }
}

function syncGoals(place) {
  const rclone = { other: 'rclone' }
  return [
    sync('first upload of 1 GiB', place, 'first-large', 0.6, '× rclone', rclone),
    sync('first upload of 10,000 files', place, 'first-small', 0.6, '× rclone', rclone),
    sync('10,000 files, nothing changed', place, 'again-small', 0.3, '× rclone', rclone),
    sync('edited 1 GiB, sent', place, 'edited', 3, 'MiB', { figure: 'sentBytes', divisor: MiB }),
  ]
}

const sides = ['sharePeakRssBytes', 'receivePeakRssBytes']

/** Peaks of memory against size or number of files: the highest, and how much the last is above the first of a side. */
function flat(what, series, from) {
  const points = ({ scaling }) => scaling?.series[series]?.points.filter(({ value }) => value >= from) ?? []
  return [
    {
      title: `highest peak of memory, ${what}`,
      limit: 250,
      unit: 'MiB',
      read(record) {
        const peaks = points(record).flatMap((point) => sides.map((side) => point[side]))
        return peaks.length === 0 ? undefined : Math.max(...peaks) / MiB
      },
    },
    {
      title: `growth of that peak, ${what}`,
      limit: 1.2,
      unit: '× the first',
      read(record) {
        const [first, ...rest] = points(record)
        const last = rest.at(-1)
        return last && Math.max(...sides.map((side) => last[side] / first[side]))
      },
    },
  ]
}

const ssh = 'rsync over ssh'
const daemon = 'rsync daemon'
/** Others leave data in the page cache; their time counts until it is on the disk, as ferry's does. */
const onDisk = { otherFigure: 'durableSeconds', unit: '× rsync daemon + sync' }

/** `limit` is the highest value that passes, or the lowest where `atLeast` is set. */
export const goals = [
  ratio('one file of 1 GiB', 'memory', 'large', ssh, 0.5),
  ratio('one file of 4 GiB', 'memory', 'huge', ssh, 0.4),
  ratio('10,000 files of 16 KiB', 'memory', 'small', ssh, 1),
  ratio('100,000 files of 1 KiB', 'memory', 'tiny', ssh, 1),
  ratio('mixed tree of 1 GiB', 'memory', 'mixed', ssh, 0.6),
  ratio('edited 1 GiB, time', 'memory', 'edited', ssh, 0.65),
  ratio('edited 1 GiB, bytes on the wire', 'memory', 'edited', ssh, 0.8, { figure: 'wireBytes' }),
  {
    title: 'memory to memory, one connection',
    limit: 0.6,
    atLeast: true,
    unit: '× node:tls, events',
    read: ({ figures }) =>
      divide(figures?.wire?.ferryMegabytesPerSecond, figures?.wire?.tlsMegabytesPerSecond),
  },
  {
    title: '4 KiB chunks over one connection',
    limit: 60_000,
    atLeast: true,
    unit: 'a second',
    read: ({ figures }) => figures?.wire?.piecesPerSecond,
  },
  {
    title: 'cut + hash, one core',
    limit: 1.3,
    atLeast: true,
    unit: 'GB/s',
    read: ({ figures }) => figures?.ingest?.oneWorkerGigabytesPerSecond,
  },
  {
    title: 'cut + hash, two workers',
    limit: 1.7,
    atLeast: true,
    unit: '× one',
    read: ({ figures }) =>
      divide(figures?.ingest?.twoWorkersGigabytesPerSecond, figures?.ingest?.oneWorkerGigabytesPerSecond),
  },
  {
    title: 'second share of 100,000 unchanged files',
    limit: 1.5,
    unit: 's',
    read: ({ figures }) => figures?.['second-share']?.secondSeconds,
  },
  {
    title: 'second share: files of the tree opened',
    limit: 0,
    unit: 'files',
    read: ({ figures }) => figures?.['second-share']?.openedFiles,
  },
  {
    title: 'ferry --version, more than an empty Node',
    limit: 80,
    unit: 'ms',
    read: ({ figures }) => figures?.['start-up']?.versionExtraMs,
  },
  {
    title: 'ferry --help, more than an empty Node',
    limit: 80,
    unit: 'ms',
    read: ({ figures }) => figures?.['start-up']?.helpExtraMs,
  },
  { title: 'highest peak of memory, either side', limit: 250, unit: 'MiB', read: highestPeak },
  ratio('on disk: one file of 1 GiB', 'disk', 'large', daemon, 1, onDisk),
  ratio('on disk: one file of 4 GiB', 'disk', 'huge', daemon, 1, onDisk),
  ratio('on disk: 10,000 files of 16 KiB', 'disk', 'small', daemon, 1, onDisk),
  ratio('on disk: 100,000 files of 1 KiB', 'disk', 'tiny', daemon, 1, onDisk),
  ratio('on disk: mixed tree of 1 GiB', 'disk', 'mixed', daemon, 1, onDisk),
  ratio('on disk: edited 1 GiB', 'disk', 'edited', daemon, 1, onDisk),
  link('50 ms, 200 Mbit/s', '200', 0.9),
  link('50 ms, 1 Gbit/s', '1000', 0.9),
  link('50 ms, 200 Mbit/s, 0.5 % loss', '200/0.5', 1),
  link('50 ms, 1 Gbit/s, 0.5 % loss', '1000/0.5', 1),
  ...['sftp', 's3'].flatMap(syncGoals),
  sync('edited 1 GiB, time', 'sftp', 'edited', 0.7, `× ${ssh}`, { other: ssh }),
  sync('edited 1 GiB, bytes on the wire', 'sftp', 'edited', 1, `× ${ssh}`, {
    other: ssh,
    figure: 'wireBytes',
  }),
  sync('put of 1 GiB', 'sftp', 'first-large', 1, '× sftp', { other: 'sftp' }),
  sync('get of 1 GiB', 'sftp', 'get-large', 1, '× sftp', { other: 'sftp' }),
  ...flat('1 to 16 GiB', 'size', 1),
  ...flat('10,000 to 1,000,000 files', 'count', 10_000),
]

/** Texts for a table. `missing` keeps goals that the record has no figure for. */
export function judge(record, { missing = true } = {}) {
  const judged = goals.map((goal) => {
    const value = goal.read(record)
    return {
      title: goal.title,
      measured: value === undefined ? '–' : formatValue(value, goal),
      goal: `${goal.atLeast ? '≥' : '≤'} ${formatNumber(goal.limit)} ${goal.unit}`,
      verdict: value === undefined ? 'not measured' : isReached(value, goal) ? 'pass' : 'miss',
    }
  })
  return missing ? judged : judged.filter(({ verdict }) => verdict !== 'not measured')
}

function isReached(value, { limit, atLeast }) {
  return atLeast ? value >= limit : value <= limit
}

function formatNumber(value, digits = 0) {
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: Math.max(digits, 2),
  })
}

/** With as many digits as it takes to see on which side of the limit it is. */
function formatValue(value, goal) {
  if (Number.isInteger(value)) return formatNumber(value)
  let digits = goal.limit < 10 ? 2 : 0
  while (digits < 6 && isReached(Number(value.toFixed(digits)), goal) !== isReached(value, goal)) digits++
  return formatNumber(Number(value.toFixed(digits)), digits)
}
