/** A process's streams for tests of the command line: outputs are collected, the terminal's size is whatever is set. */
import { PassThrough, Writable } from 'node:stream'
import type { OutputStream, ProcessIo } from '../../src/cli/terminal.ts'

export interface FakeIo extends ProcessIo {
  readonly written: { out: string; err: string }
}

export interface FakeIoOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Both outputs are terminals of this width. */
  readonly columns?: number
  readonly rows?: number
  readonly stdin?: string
  readonly cwd?: string
}

export function createFakeIo(options: FakeIoOptions = {}): FakeIo {
  const written = { out: '', err: '' }
  const stream = (name: 'out' | 'err'): OutputStream => {
    const output = new Writable({
      write(chunk: Buffer, _encoding, done): void {
        written[name] += chunk.toString()
        done()
      },
    })
    if (options.columns === undefined) return output
    return Object.assign(output, { isTTY: true, columns: options.columns, rows: options.rows ?? 24 })
  }
  const stdin = new PassThrough()
  stdin.end(options.stdin ?? '')
  return {
    written,
    stdin,
    stdout: stream('out'),
    stderr: stream('err'),
    env: { LANG: 'C.UTF-8', TERM: 'xterm-256color', ...options.env },
    platform: 'linux',
    cwd: () => options.cwd ?? '/',
  }
}
