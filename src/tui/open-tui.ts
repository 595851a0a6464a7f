/**
 * The full-screen view of an engine, from start to end. It draws and steers; jobs run in the engine's own process, so that
 * neither waits for the other. Whoever calls it has found the engine, and set NODE_ENV before this file is loaded, since
 * React decides by that what it is.
 */
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { render } from 'ink'
import { createElement } from 'react'
import type { Engine } from '../jobs/engine-types.ts'
import type { Clock } from '../shared/clock.ts'
import type { TerminalControl } from './app.tsx'
import { App } from './app.tsx'
import { createBoardStore } from './board-store.ts'
import { completePath } from './complete-path.ts'
import { createController } from './controller.ts'
import type { Board, Places, RemoteRow } from './model/board.ts'
import { runEffect } from './run-effect.ts'
import type { DrawOptions } from './screens/draw-screen.ts'

export interface TuiOptions extends Pick<DrawOptions, 'qr'> {
  readonly engine: Engine
  /** The engine ends with this view. */
  readonly isPrivate: boolean
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly unicode: boolean
  readonly color: boolean
  readonly places: Places
  readonly remotes: readonly RemoteRow[]
  /** The folder that paths are relative to; absolute. */
  readonly folder: string
  readonly copy: (text: string) => Promise<string | undefined>
  /** Shows a folder on the desktop; undefined when there is none. */
  readonly open: ((path: string) => Promise<void>) | undefined
  /** Given what to call when the link to a daemon breaks or is back. */
  readonly watchLink?: ((listener: (link: Board['link']) => void) => void) | undefined
  readonly clock?: Clock
  readonly wallClock?: () => number
  /** Frames a second at most; default 30. */
  readonly maxFps?: number
  readonly onRender?: (() => void) | undefined
}

/** `now`: the user has asked twice; nothing more is waited for. */
export type TuiEnd = 'left' | 'now'

/** Frames are few: the board changes at most ten times a second, and keys should answer at once. */
const maxFps = 30
const fallback = { columns: 80, rows: 24 }

/** Resolves when the user has left, or the terminal is gone. */
export async function openTui(options: TuiOptions): Promise<TuiEnd> {
  const { engine, stdin, stdout, unicode, color, folder, open } = options
  const absolute = (path: string): string =>
    resolve(
      folder,
      path.replace(/^~(?=\/|$)/, () => homedir()),
    )
  await using store = createBoardStore(options)
  options.watchLink?.((link) => store.setLink(link))
  const size = (): { columns: number; rows: number } => ({
    columns: stdout.columns || fallback.columns,
    rows: stdout.rows || fallback.rows,
  })
  using controller = createController({
    store,
    color,
    frame: { ...size(), unicode },
    canOpen: open !== undefined,
    qr: options.qr,
    folder,
    absolute,
  })
  // Before Ink looks at the new size, so that it never draws an old frame into a new window.
  const resized = (): void => controller.resize(size().columns, size().rows)
  stdout.on('resize', resized)
  let control: TerminalControl | undefined
  let end: TuiEnd = 'left'
  const leave = (now: boolean): void => {
    end = now ? 'now' : 'left'
    control?.exit()
  }
  controller.onEffect((effect) => {
    void runEffect(effect, {
      engine,
      copy: options.copy,
      open: open ?? (() => Promise.resolve()),
      complete: (text) => completePath(text, absolute),
      say: (text, tone) => controller.say(text, tone),
      completed: (text, choices) => controller.completed(text, choices),
      quit: leave,
      suspend: () => void control?.suspend(stopProcess),
      // Gives the screen back and takes it again, which draws all of it.
      redraw: () => void control?.suspend(() => undefined),
    })
  })
  const app = render(createElement(App, { controller, onControl: (next) => void (control = next) }), {
    stdin,
    stdout,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: options.maxFps ?? maxFps,
    exitOnCtrlC: false,
    // What is read aloud is `ferry status`; lines of a screen are no text.
    isScreenReaderEnabled: false,
    // Also in CI: whoever asks for a full screen on a terminal gets one.
    interactive: true,
    ...(options.onRender && { onRender: options.onRender }),
  })
  const gone = (): void => leave(false)
  stdin.once('end', gone)
  stdout.once('error', gone)
  try {
    await app.waitUntilExit()
  } finally {
    stdout.off('resize', resized)
    stdin.off('end', gone)
    stdout.off('error', gone)
  }
  return end
}

/** Ctrl-Z: the shell has the terminal until `fg`. */
async function stopProcess(): Promise<void> {
  const continued = new Promise<void>((done) => process.once('SIGCONT', () => done()))
  process.kill(process.pid, 'SIGTSTP')
  await continued
}
