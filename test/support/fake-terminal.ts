/** A terminal without a window: what is written to it goes through a real emulator, and what it shows can be read. */
import { PassThrough, Writable } from 'node:stream'
import headless from '@xterm/headless'

export interface FakeTerminal extends Disposable {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  /** Everything that was written. */
  readonly written: string
  /** The rows of the screen without what is blank behind them. */
  screen(): Promise<string>
  type(keys: string): void
  paste(text: string): void
  resize(columns: number, rows: number): void
}

export function createFakeTerminal(columns: number, rows: number): FakeTerminal {
  // A terminal's driver turns a line feed into both, also in raw mode.
  const emulator = new headless.Terminal({
    cols: columns,
    rows,
    allowProposedApi: true,
    scrollback: 0,
    convertEol: true,
  })
  let written = ''
  const stdout = Object.assign(
    new Writable({
      write(chunk: Buffer | string, _encoding, done) {
        const text = String(chunk)
        written += text
        emulator.write(text, done)
      },
    }),
    { isTTY: true, columns, rows },
  ) as unknown as NodeJS.WriteStream
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
  }) as unknown as NodeJS.ReadStream & PassThrough

  return {
    stdin,
    stdout,
    get written(): string {
      return written
    },
    async screen(): Promise<string> {
      await new Promise<void>((resolve) => emulator.write('', resolve))
      const { active } = emulator.buffer
      const lines = Array.from(
        { length: emulator.rows },
        (_, row) => active.getLine(active.baseY + row)?.translateToString(true, 0, emulator.cols) ?? '',
      )
      return `${lines.join('\n')}\n`
    },
    type: (keys) => void stdin.write(keys),
    paste: (text) => void stdin.write(`\u001b[200~${text}\u001b[201~`),
    resize(nextColumns, nextRows): void {
      Object.assign(stdout, { columns: nextColumns, rows: nextRows })
      emulator.resize(nextColumns, nextRows)
      stdout.emit('resize')
    },
    [Symbol.dispose]: () => emulator.dispose(),
  }
}
