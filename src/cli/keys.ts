/**
 * Single keys while a job runs on a terminal. Nothing is read when standard input is not a terminal, belongs to
 * something else (a pipe, a share from stdin), or the live view is off.
 */
import type { Terminal } from './terminal.ts'

export type KeyHandlers = Readonly<Record<string, () => void>>

const suspendKey = '\u001a'

export function watchKeys(terminal: Terminal, handlers: KeyHandlers): Disposable {
  const { stdin } = terminal.io
  const keys = Object.keys(handlers).filter((key) => key !== '\u0003')
  if (keys.length === 0 || !terminal.interactive || stdin.isTTY !== true || !stdin.setRawMode) {
    return { [Symbol.dispose]: () => undefined }
  }
  const onData = (data: Buffer | string): void => {
    const text = data.toString()
    if (text === suspendKey) return suspend()
    handlers[text]?.()
  }
  const raw = (on: boolean): void => void stdin.setRawMode?.(on)
  // In raw mode Ctrl-Z arrives as a key; the shell must get its terminal back as it was.
  const suspend = (): void => {
    raw(false)
    process.once('SIGCONT', () => raw(true))
    process.kill(process.pid, 'SIGTSTP')
  }
  raw(true)
  stdin.on('data', onData)
  stdin.resume()
  return {
    [Symbol.dispose](): void {
      stdin.off('data', onData)
      raw(false)
      stdin.pause()
    },
  }
}
