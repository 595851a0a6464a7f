/**
 * The two outputs of a command and what they can do. Results go to stdout, everything else to stderr. A reader that has
 * gone away (EPIPE) is not an error of ours: writing to it stops, and whoever asked is told.
 */
import type { Readable, Writable } from 'node:stream'

export type ColorMode = 'auto' | 'always' | 'never'

export interface OutputStream extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** What a command touches of its process; tests hand in their own. */
export interface ProcessIo {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown }
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** @throws when the folder is gone */
  cwd(): string
}

export interface TerminalOptions {
  readonly color: ColorMode
  /** No cursor movement, whatever the terminal can do. */
  readonly plain: boolean
}

export type Paint = (text: string) => string

export interface Palette {
  readonly active: Paint
  readonly good: Paint
  readonly waiting: Paint
  readonly bad: Paint
  readonly dim: Paint
  readonly bold: Paint
}

export interface Terminal {
  readonly io: ProcessIo
  /** stderr can be redrawn in place. */
  readonly interactive: boolean
  readonly unicode: boolean
  readonly palette: Palette
  /** Cells of a line of stderr. */
  readonly columns: number
  readonly rows: number
  out(text: string): void
  err(text: string): void
  /** Called once when the reader of stdout has gone. */
  onBrokenPipe(callback: () => void): void
  readonly brokenPipe: boolean
}

const fallbackColumns = 80
const fallbackRows = 24

export function createTerminal(io: ProcessIo, options: TerminalOptions): Terminal {
  const { env, stdout, stderr } = io
  const dumb = env['TERM'] === 'dumb'
  const interactive = stderr.isTTY === true && !options.plain && !dumb && !isSet(env['CI'])
  const listeners: (() => void)[] = []
  let outBroken = false
  let errBroken = false
  stdout.on('error', () => {
    if (outBroken) return
    outBroken = true
    for (const listener of listeners) listener()
  })
  stderr.on('error', () => {
    errBroken = true
  })
  return {
    io,
    interactive,
    unicode: canShowUnicode(io),
    palette: createPalette(wantsColor(io, options.color, dumb)),
    get columns(): number {
      return stderr.columns ?? fallbackColumns
    },
    get rows(): number {
      return stderr.rows ?? fallbackRows
    },
    out(text): void {
      if (!outBroken) stdout.write(text)
    },
    err(text): void {
      if (!errBroken) stderr.write(text)
    },
    onBrokenPipe(callback): void {
      if (outBroken) callback()
      else listeners.push(callback)
    },
    get brokenPipe(): boolean {
      return outBroken
    },
  }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false'
}

function wantsColor(io: ProcessIo, mode: ColorMode, dumb: boolean): boolean {
  if (mode !== 'auto') return mode === 'always'
  // https://no-color.org: any value but the empty one.
  if (io.env['NO_COLOR'] !== undefined && io.env['NO_COLOR'] !== '') return false
  if (isSet(io.env['FORCE_COLOR'])) return true
  return io.stderr.isTTY === true && !dumb
}

function canShowUnicode({ env, platform }: ProcessIo): boolean {
  if (platform === 'win32') return isSet(env['WT_SESSION']) || env['TERM_PROGRAM'] === 'vscode'
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  return env['TERM'] !== 'linux' && /utf-?8/i.test(locale)
}

function createPalette(color: boolean): Palette {
  // Only the sixteen named colours, so that the user's theme decides what they look like.
  const paint =
    (open: number, close: number): Paint =>
    (text) =>
      color && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return {
    active: paint(36, 39),
    good: paint(32, 39),
    waiting: paint(33, 39),
    bad: paint(31, 39),
    dim: paint(2, 22),
    bold: paint(1, 22),
  }
}
