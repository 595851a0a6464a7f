/** What the benchmark computes and reads from others: medians, ratios, goals and parsers. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { projectFolder } from '../support/ferry.ts'

type Figures = Readonly<Record<string, number | undefined>>
type Summaries = Readonly<Record<string, Figures>>

interface Judged {
  readonly title: string
  readonly measured: string
  readonly verdict: 'pass' | 'miss' | 'not measured'
}

/** The scripts are plain JavaScript outside of what is compiled, so the types are told here. */
async function load<Module>(name: string): Promise<Module> {
  return (await import(pathToFileURL(join(projectFolder, 'scripts', 'bench', name)).href)) as Module
}

const { median, summarize, divide, formatTable, formatMarkdown } = await load<{
  median(values: readonly (number | undefined)[]): number | undefined
  summarize(runs: readonly Figures[]): Figures
  divide(value: number | undefined, by: number | undefined): number | undefined
  formatTable(rows: readonly (readonly string[])[]): string
  formatMarkdown(rows: readonly (readonly string[])[]): string
}>('report.mjs')
const { judge } = await load<{ judge(record: unknown, options?: { missing?: boolean }): Judged[] }>(
  'goals.mjs',
)
const { countOpenedFiles, parseIperf, parseLoopbackBytes } = await load<{
  countOpenedFiles(log: string, folder: string): number
  parseIperf(text: string): { bytes: number; seconds: number; megabitsPerSecond: number }
  parseLoopbackBytes(text: string): number | undefined
}>('parsers.mjs')

const { fillSections } = await load<{
  fillSections(text: string, write: (name: string) => string): string
}>('sections.mjs')
const { drawScaling } = await load<{ drawScaling(record: unknown): string }>('scaling-plot.mjs')

test('the median is the middle of what is known, or between the two middles', () => {
  assert.equal(median([3, undefined, 1, 20]), 3)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([undefined]), undefined)
})

test('runs are summed up by their medians, but peaks of memory by the highest', () => {
  const runs = [
    { totalSeconds: 1, sharePeakRssBytes: 10 },
    { totalSeconds: 9, sharePeakRssBytes: 30, shareSeconds: 4 },
    { totalSeconds: 2, sharePeakRssBytes: 20 },
  ]
  assert.deepEqual(summarize(runs), { totalSeconds: 2, sharePeakRssBytes: 30, shareSeconds: 4 })
})

test('nothing is divided by what is not known', () => {
  assert.equal(divide(1, 4), 0.25)
  assert.equal(divide(undefined, 4), undefined)
  assert.equal(divide(1, undefined), undefined)
})

function memory(name: string, summaries: Summaries): unknown {
  return { memory: { workloads: [{ name, summaries }] } }
}

function verdictOf(record: unknown, title: string): Judged | undefined {
  return judge(record).find((judged) => judged.title === title)
}

test('a goal is passed at its limit and missed above it, and the figure tells which', () => {
  const large = (seconds: number): Judged | undefined =>
    verdictOf(
      memory('large', { ferry: { totalSeconds: seconds }, 'rsync over ssh': { totalSeconds: 4 } }),
      'one file of 1 GiB',
    )
  assert.deepEqual([large(2)?.verdict, large(2)?.measured], ['pass', '0.50'])
  assert.deepEqual([large(2.004)?.verdict, large(2.004)?.measured], ['miss', '0.501'])
})

test('a rate is passed from its limit on, and memory by the highest peak of all workloads', () => {
  const wire = (tls: number): string | undefined =>
    verdictOf(
      { figures: { wire: { ferryMegabytesPerSecond: 600, tlsMegabytesPerSecond: tls } } },
      'memory to memory, one connection',
    )?.verdict
  assert.deepEqual([wire(1000), wire(1001)], ['pass', 'miss'])
  const peaks = (bytes: number): string | undefined =>
    verdictOf(
      memory('tiny', { ferry: { sharePeakRssBytes: 1, receivePeakRssBytes: bytes } }),
      'highest peak of memory, either side',
    )?.verdict
  assert.deepEqual([peaks(250 * 2 ** 20), peaks(250 * 2 ** 20 + 1)], ['pass', 'miss'])
})

test('on a disk the time of others counts until their data is there', () => {
  const record = {
    disk: {
      workloads: [
        {
          name: 'large',
          summaries: {
            ferry: { totalSeconds: 3, durableSeconds: 3.1 },
            'rsync daemon': { totalSeconds: 1, durableSeconds: 3 },
          },
        },
      ],
    },
  }
  assert.equal(verdictOf(record, 'on disk: one file of 1 GiB')?.verdict, 'pass')
})

test('each link has a goal of its own', () => {
  const cases = [
    { name: '200', ferryMegabits: 90, iperfMegabits: 100 },
    { name: '200/0.5', ferryMegabits: 90, iperfMegabits: 100 },
  ]
  const verdict = (title: string): string | undefined => verdictOf({ links: { cases } }, title)?.verdict
  assert.deepEqual(
    [verdict('50 ms, 200 Mbit/s'), verdict('50 ms, 200 Mbit/s, 0.5 % loss'), verdict('50 ms, 1 Gbit/s')],
    ['pass', 'miss', 'not measured'],
  )
})

test('a goal without a figure is not measured, never passed', () => {
  assert.ok(judge({}).every(({ verdict }) => verdict === 'not measured'))
  assert.deepEqual(judge({}, { missing: false }), [])
})

test('tables have aligned columns, as text and as Markdown', () => {
  const rows = [
    ['', 'time'],
    ['ferry', '1 s'],
  ]
  assert.equal(formatTable(rows), '       time\nferry   1 s')
  assert.equal(formatMarkdown(rows), '|  | time |\n|---|---|\n| ferry | 1 s |')
})

test('the bytes of the loopback interface are found among those of others', () => {
  const text =
    'Inter-|   Receive   |  Transmit\n face |bytes    packets|bytes\n  eth0: 7 1 0 0 0 0 0 0 9 1\n    lo: 4242 12 0 0 0 0 0 0 4242 12\n'
  assert.equal(parseLoopbackBytes(text), 4242)
  assert.equal(parseLoopbackBytes('Inter-|\n'), undefined)
})

test('opened files are told from opened folders, other files, and ends of calls', () => {
  const log = [
    '7 openat(AT_FDCWD, "/data/tree", O_RDONLY|O_DIRECTORY) = 3',
    '7 openat(AT_FDCWD, "/data/tree/folder", O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY) = 4',
    '8 openat(AT_FDCWD, "/data/tree/folder/one.bin", O_RDONLY|O_CLOEXEC <unfinished ...>',
    '7 open("/data/tree/two.bin", O_RDONLY) = 5',
    '8 <... openat resumed>) = 6',
    '8 openat(AT_FDCWD, "/data/tree-home/store.db", O_RDWR) = 7',
  ]
  assert.equal(countOpenedFiles(log.join('\n'), '/data/tree'), 2)
})

test('iperf3 is read at the receiving end, and its errors are errors', () => {
  const received = { bytes: 125_000_000, seconds: 2 }
  assert.deepEqual(parseIperf(JSON.stringify({ end: { sum_received: received } })), {
    ...received,
    megabitsPerSecond: 500,
  })
  assert.throws(() => parseIperf('{"error":"unable to connect","end":{}}'), /unable to connect/)
})

test('sections are filled, and again, and what stands around them stays', () => {
  const text =
    'a\n<!-- figures: one -->\nold\n<!-- end of figures -->\nb\n<!-- figures: two-b -->\n<!-- end of figures -->\n'
  const filled = fillSections(text, (name) => `new ${name}`)
  assert.equal(
    filled,
    'a\n<!-- figures: one -->\nnew one\n<!-- end of figures -->\nb\n<!-- figures: two-b -->\nnew two-b\n<!-- end of figures -->\n',
  )
  assert.equal(
    fillSections(filled, (name) => `new ${name}`),
    filled,
  )
  assert.equal(fillSections('none', String), 'none')
})

test('a section without an end, or with one behind the next, is told', () => {
  const start = '<!-- figures: one -->'
  assert.throws(() => fillSections(`${start} text`, String), /one has no end/)
  assert.throws(() => fillSections(`${start}${start}<!-- end of figures -->`, String), /one has no end/)
})

test('flat means that neither the highest peak nor its growth is too much', () => {
  const point = (value: number, share: number, receive: number): Figures => ({
    value,
    sharePeakRssBytes: share * 2 ** 20,
    receivePeakRssBytes: receive * 2 ** 20,
  })
  const verdicts = (...points: readonly Figures[]): readonly unknown[] =>
    ['highest peak of memory, 1 to 16 GiB', 'growth of that peak, 1 to 16 GiB'].map(
      (title) => verdictOf({ scaling: { series: { size: { points } } } }, title)?.verdict,
    )
  assert.deepEqual(verdicts(point(1, 200, 100), point(16, 220, 110)), ['pass', 'pass'])
  assert.deepEqual(verdicts(point(1, 200, 100), point(4, 251, 100), point(16, 200, 130)), ['miss', 'miss'])
  assert.deepEqual(verdicts(point(1, 200, 100)), ['pass', 'not measured'])
})

test('the plot has a mark for each figure of each chart, and no number that is none', () => {
  const points = [1, 4, 16].map((value) => ({
    value,
    totalSeconds: value,
    shareCpuSeconds: value,
    receiveCpuSeconds: value,
    sharePeakRssBytes: 2 ** 27,
    receivePeakRssBytes: 2 ** 27,
  }))
  const svg = drawScaling({ series: { size: { points } } })
  const inLegend = 3
  assert.equal(svg.match(/class="mark /g)?.length, inLegend + 3 * 5)
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/)
})
