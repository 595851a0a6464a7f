/**
 * The ticket as people give it: as an argument, pasted with the whole command in front, in a file, or on standard input
 * (so that it does not show in the process list). What it means is for the parser to say.
 */
import { existsSync, openSync, readSync, closeSync, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { FerryError, toFerryError } from '../shared/errors.ts'
import { quoteName } from '../shared/terminal-text.ts'

/** Far longer than any ticket, with room for a pasted command around it. */
const maxInputBytes = 4096

/** `ferry receive TICKET DEST`, pasted whole behind `ferry receive`, leaves `TICKET DEST`. */
export function dropPastedCommand(words: readonly string[]): string[] {
  const [first = '', second = ''] = words
  if (/^(.*\/)?ferry$/.test(first) && ['receive', 'get', 'ls', 'verify', 'diff'].includes(second))
    return words.slice(2)
  return [...words]
}

/**
 * The ticket's text.
 * @throws E_USAGE when standard input or the file holds too much to be a ticket; E_IO … when it cannot be read.
 */
export async function readTicket(argument: string, stdin: Readable): Promise<string> {
  if (argument === '-') return await readAll(stdin)
  // A ticket never looks like a path that exists, unless somebody made a file of that name.
  if (/ferry1|ferry:/i.test(argument) || !isFile(argument)) return argument
  try {
    const file = openSync(argument, 'r')
    try {
      const buffer = Buffer.alloc(maxInputBytes + 1)
      return check(buffer.subarray(0, readSync(file, buffer)), quoteName(argument))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw toFerryError(error, `Cannot read the ticket from ${quoteName(argument)}`)
  }
}

/** Whether it names something on disk, and so is no ticket. */
export function isPath(argument: string): boolean {
  return argument !== '-' && !/ferry1|ferry:/i.test(argument) && existsSync(argument)
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

async function readAll(stdin: Readable): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of stdin as AsyncIterable<Buffer | string>) {
    const buffer = Buffer.from(part)
    bytes += buffer.byteLength
    parts.push(buffer)
    if (bytes > maxInputBytes) break
  }
  return check(Buffer.concat(parts), 'standard input')
}

function check(bytes: Uint8Array, where: string): string {
  if (bytes.byteLength > maxInputBytes) {
    throw new FerryError(
      'E_USAGE',
      `Cannot read a ticket from ${where}: it holds more than ${maxInputBytes} bytes`,
      {
        hint: 'give only the line that "ferry share" printed',
      },
    )
  }
  return Buffer.from(bytes).toString('utf8')
}
