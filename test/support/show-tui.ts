/** The full-screen view on a fake terminal, with a fake engine and clock. */
import { drawQr } from '../../src/cli/qr.ts'
import { openTui, type TuiEnd, type TuiOptions } from '../../src/tui/open-tui.ts'
import type { Board } from '../../src/tui/model/board.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { createFakeEngine, type FakeEngine } from './fake-engine.ts'
import { createFakeTerminal, type FakeTerminal } from './fake-terminal.ts'

export interface ShowOptions extends Partial<TuiOptions> {
  readonly board: Board
  readonly columns: number
  readonly rows: number
  /** Live through the speeds and the ended files of the board first, a second each. */
  readonly withHistory?: boolean
}

export interface ShownTui extends AsyncDisposable {
  readonly terminal: FakeTerminal
  readonly fake: FakeEngine
  readonly clock: FakeClock
  readonly end: Promise<TuiEnd>
  /** Types these keys one by one, and waits until they are drawn. */
  press(keys: string): Promise<void>
  /** What is on the screen when nothing is left to be drawn. */
  screen(): Promise<string>
  /** Waits until the screen shows this. */
  until(pattern: RegExp): Promise<string>
  /** Lets that much time pass, as the view sees it. */
  pass(ms: number): Promise<void>
}

const sampleMs = 100
const secondMs = 1000
const maxFps = 500
/** Longer than a frame takes. */
const frameMs = 6

export async function showTui(options: ShowOptions): Promise<ShownTui> {
  const { board, columns, rows } = options
  const terminal = createFakeTerminal(columns, rows)
  const fake = createFakeEngine(board)
  const clock = createFakeClock()
  const end = openTui({
    engine: fake,
    isPrivate: board.isPrivate,
    stdin: terminal.stdin,
    stdout: terminal.stdout,
    unicode: true,
    color: true,
    places: board.places,
    remotes: board.remotes,
    folder: '/home/me',
    copy: () => Promise.resolve('terminal'),
    open: undefined,
    qr: (ticket, qrColumns, qrRows) => drawQr(ticket, { columns: qrColumns, rows: qrRows, color: false }),
    maxFps,
    clock,
    wallClock: () => board.nowMs,
    ...options,
  })

  /** Frames come when they are ready; the screen is still when it was the same for longer than a frame takes. */
  async function screen(): Promise<string> {
    let before = ''
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, frameMs))
      const now = await terminal.screen()
      if (now === before) return now
      before = now
    }
  }

  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += sampleMs) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(sampleMs)
    }
    await new Promise((resolve) => setImmediate(resolve))
  }

  async function relive(): Promise<void> {
    const [job] = board.jobs
    if (!job) return
    const ended = (board.ended.get(job.id) ?? []).toReversed().map(({ path, bytes }) => ({
      path,
      phase: 'fetch' as const,
      done: 0,
      total: bytes,
      rate: 0,
    }))
    for (const rate of board.rates.down) {
      const active = [...job.snapshot.active, ...ended]
      fake.tell({ jobs: [{ ...job, snapshot: { ...job.snapshot, rate, active } }] })
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(secondMs)
    }
    fake.tell({ jobs: [job] })
  }

  if (options.withHistory) await relive()
  // What the engine answers first is noted, then shown.
  await pass(2 * sampleMs)
  return {
    terminal,
    fake,
    clock,
    end,
    screen,
    pass,
    async press(keys): Promise<void> {
      for (const key of keys) {
        terminal.type(key)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await screen()
    },
    async until(pattern): Promise<string> {
      for (;;) {
        const shown = await screen()
        if (pattern.test(shown)) return shown
        await pass(sampleMs)
      }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      terminal.stdin.push(null)
      await end
      terminal[Symbol.dispose]()
    },
  }
}
