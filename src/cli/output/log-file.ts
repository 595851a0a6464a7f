/** `--log-file`: one line for each thing that was done, with the time, appended to what is there. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { toFerryError } from '../../shared/errors.ts'
import { escapeText, quoteName } from '../../shared/terminal-text.ts'

/** Behind its end nothing is written any more. */
export interface LogFile extends Disposable {
  /** Text from outside is escaped here. */
  write(line: string): void
}

/** @throws E_PERMISSION, E_NOT_FOUND … when it cannot be written to */
export function createLogFile(path: string): LogFile {
  let file: number | undefined
  try {
    file = openSync(path, 'a', 0o600)
  } catch (error) {
    throw toFerryError(error, `Cannot write the log file ${quoteName(path)}`)
  }
  return {
    write(line): void {
      if (file !== undefined) writeSync(file, `${stamp(new Date())} [${process.pid}] ${escapeText(line)}\n`)
    },
    [Symbol.dispose]() {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}

/** As rsync writes it: `2026/11/21 14:02:31`, local time. */
function stamp(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('/')
  return `${day} ${[now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':')}`
}
