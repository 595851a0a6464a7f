/**
 * Questions that come up while a job runs: a passphrase, or whether a host key is right. Asked on the terminal alone, one
 * at a time, with the live view out of the way; what is hidden is not shown, not kept, and not in any history.
 */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { createSemaphore } from '../shared/concurrency.ts'
import { FerryError } from '../shared/errors.ts'
import { escapeText } from '../shared/terminal-text.ts'
import type { Session } from './session.ts'

export type Ask = (question: string, hidden: boolean) => Promise<string>

/** Undefined when nobody is there to answer: no terminal, `--json`, or `-q`. */
export function askerOf({ terminal, reporter, options }: Session): Ask | undefined {
  const { stdin, stderr } = terminal.io
  if (stdin.isTTY !== true || stderr.isTTY !== true || options.json || options.quiet) return undefined
  const one = createSemaphore(1)
  return async (question, hidden) => {
    const release = await one.acquire()
    const resume = reporter.pause()
    // With an output that swallows everything, nothing that is typed is echoed.
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
    const input = createInterface({
      input: stdin,
      output: hidden ? silent : stderr,
      terminal: true,
      historySize: 0,
    })
    const stopped = Promise.withResolvers<never>()
    input.on('SIGINT', () => stopped.reject(new FerryError('E_CANCELLED', 'Stopped at a question')))
    input.on('close', () => stopped.reject(new FerryError('E_CANCELLED', 'The question was not answered')))
    stopped.promise.catch(() => undefined)
    const text = `  ${escapeText(question.trimEnd())} `
    try {
      if (hidden) stderr.write(text)
      return await Promise.race([input.question(hidden ? '' : text), stopped.promise])
    } finally {
      input.close()
      if (hidden) stderr.write('\n')
      resume()
      release()
    }
  }
}
