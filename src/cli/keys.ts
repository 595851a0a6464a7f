/**
 * Single keys while a job runs on a terminal. Nothing is read when standard input is not a terminal, belongs to
 * something else (a pipe, a share from stdin, a job of the shell in the foreground), or the live view is off.
 */
import { readFileSync } from 'node:fs'
import type { Terminal } from './terminal.ts'

export type KeyHandlers = Readonly<Record<string, () => void>>

export interface Keys extends Disposable {
  /** True when keys are read at all. */
  readonly active: boolean
  /** Leaves the terminal to a question; the function returned takes it back. */
  hold(): () => void
}

const suspendKey = '\u001a'
const none: Keys = { active: false, hold: () => () => undefined, [Symbol.dispose]: () => undefined }

export function watchKeys(
  terminal: Terminal,
  handlers: KeyHandlers,
  inForeground: () => boolean = isInForeground,
): Keys {
  const { stdin } = terminal.io
  const keys = Object.keys(handlers).filter((key) => key !== '\u0003')
  if (keys.length === 0 || !terminal.interactive || stdin.isTTY !== true || !stdin.setRawMode) return none
  let reading = false
  let held = false
  const onData = (data: Buffer | string): void => {
    const text = data.toString()
    if (text === suspendKey) suspend()
    else handlers[text]?.()
  }
  const stop = (): void => {
    if (!reading) return
    reading = false
    stdin.off('data', onData)
    stdin.setRawMode?.(false)
    stdin.pause()
  }
  // Whoever touches the terminal from the background is stopped by the system.
  const start = (): void => {
    if (reading || held || !inForeground()) return
    reading = true
    stdin.setRawMode?.(true)
    stdin.on('data', onData)
    stdin.resume()
  }
  // In raw mode Ctrl-Z arrives as a key; the shell must get its terminal back as it was.
  const suspend = (): void => {
    stop()
    process.kill(process.pid, 'SIGTSTP')
  }
  process.on('SIGCONT', start)
  start()
  return {
    get active(): boolean {
      return reading
    },
    hold() {
      held = true
      stop()
      return () => {
        held = false
        start()
      }
    },
    [Symbol.dispose](): void {
      process.off('SIGCONT', start)
      held = true
      stop()
    },
  }
}

/** Whether the terminal is this process group's; where the system does not tell, it is taken to be. */
function isInForeground(): boolean {
  try {
    // The name, in brackets, may hold anything; behind it are state, parent, group, session, terminal and its group.
    const [, , group, , , terminalGroup] = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return terminalGroup === '-1' || group === terminalGroup
  } catch {
    return true
  }
}
