// What `ferry tui` costs while 10,000 files report 20,000 times a second: its share of a core and the delay of its event loop.
//   npm run build && node scripts/bench/tui.mjs [--seconds N] [--columns N] [--rows N] [--json]
// The engine stands in this process in place of its own: its counting is measured alone first, and told apart.
import { Writable, PassThrough } from 'node:stream'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'

process.env.NODE_ENV = 'production'
const { createTracker } = await import('../../dist/src/progress/tracker.js')
const { fakeJob, emptyBoard } = await import('../../dist/test/support/fake-board.js')
const { createFakeEngine } = await import('../../dist/test/support/fake-engine.js')
const { openTui } = await import('../../dist/bundle/cli/tui.mjs')

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    columns: { type: 'string', default: '200' },
    rows: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
})
const files = 10_000
const eventsPerSecond = 20_000
const reportsPerFile = 20
const underWay = 64
const fileBytes = 1_000_000
const batchMs = 10

/** Reports for so long; `onPicture` gets what a face of the engine would, ten times a second. */
async function report(seconds, onPicture) {
  const tracker = createTracker({ id: 't_1', kind: 'receive', name: 'Pictures' })
  tracker.sink.phase('fetch')
  tracker.sink.totals({ files, bytes: files * fileBytes, final: true })
  let next = 0
  let events = 0
  const begin = () => {
    const index = next++ % files
    return { item: tracker.sink.beginItem(`photos/2026/IMG_${index}.CR3`, 'fetch', fileBytes), reports: 0 }
  }
  const active = Array.from({ length: underWay }, begin)
  const loop = monitorEventLoopDelay({ resolution: 1 })
  loop.enable()
  const cpu = process.cpuUsage()
  const started = performance.now()
  let pictureAtMs = 0
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      const elapsedMs = performance.now() - started
      for (const due = (elapsedMs / 1000) * eventsPerSecond; events < due; events++) {
        const slot = events % underWay
        const file = active[slot]
        if (++file.reports < reportsPerFile) file.item.bytes((file.reports * fileBytes) / reportsPerFile)
        else {
          file.item.done()
          active[slot] = begin()
        }
      }
      if (elapsedMs - pictureAtMs >= 100) {
        pictureAtMs = elapsedMs
        onPicture(tracker.snapshots.current)
      }
      if (elapsedMs < seconds * 1000) return
      clearInterval(timer)
      resolve()
    }, batchMs)
  })
  const used = process.cpuUsage(cpu)
  const wallMs = performance.now() - started
  loop.disable()
  return {
    eventsPerSecond: Math.round((events * 1000) / wallMs),
    corePercent: ((used.user + used.system) / 1000 / wallMs) * 100,
    // What the timer of the measurement itself waits for is not delay.
    delayP50Ms: loop.percentile(50) / 1e6,
    delayP99Ms: loop.percentile(99) / 1e6,
  }
}

const seconds = Number(options.seconds)
// The code is compiled, then measured.
await report(2, () => undefined)
const counting = await report(seconds, () => undefined)

let written = 0
let frames = 0
const stdout = Object.assign(
  new Writable({
    write(chunk, _encoding, done) {
      written += chunk.length
      done()
    },
  }),
  { isTTY: true, columns: Number(options.columns), rows: Number(options.rows) },
)
const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin, ref() {}, unref() {} })
const engine = createFakeEngine({ ...emptyBoard, jobs: [fakeJob()] })
const end = openTui({
  engine,
  isPrivate: false,
  stdin,
  stdout,
  unicode: true,
  color: true,
  places: emptyBoard.places,
  remotes: [],
  folder: '/',
  copy: async () => undefined,
  open: undefined,
  qr: () => ({ lines: [], rows: 0, fits: false }),
  onRender: () => frames++,
})
// As it comes from the other process: as text.
const show = (snapshot) => engine.tell({ jobs: [JSON.parse(JSON.stringify(fakeJob({ snapshot })))] })
await report(2, show)
written = 0
frames = 0
const both = await report(seconds, show)
stdin.push(null)
await end

const result = {
  size: `${options.columns}x${options.rows}`,
  eventsPerSecond: both.eventsPerSecond,
  corePercent: both.corePercent,
  viewCorePercent: both.corePercent - counting.corePercent,
  delayP99Ms: both.delayP99Ms,
  delayP99WithoutViewMs: counting.delayP99Ms,
  framesPerSecond: frames / seconds,
  bytesPerFrame: Math.round(written / Math.max(1, frames)),
}
if (options.json) console.log(JSON.stringify(result))
else
  for (const [name, value] of Object.entries(result))
    console.log(`${name.padEnd(24)} ${typeof value === 'number' ? value.toFixed(1) : value}`)
process.exit(0)
