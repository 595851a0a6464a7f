/** How a failure is shown: what failed, why, what to do next. A stack only when asked for twice (-vv). */
import type { FerryError } from '../shared/errors.ts'
import { escapeText } from '../shared/terminal-text.ts'
import type { Terminal } from './terminal.ts'

/** Causes of causes; deeper ones say nothing new. */
const maxCauses = 4

/** The lines for stderr, each ended. Text from outside is escaped, line breaks of messages are kept as such. */
export function formatError(error: FerryError, verbosity: number, palette?: Terminal['palette']): string {
  const bad = palette?.bad ?? ((text: string) => text)
  const dim = palette?.dim ?? ((text: string) => text)
  const [first = '', ...more] = error.message.split('\n').map(escapeText)
  const lines = [`${bad('ferry:')} ${first}`, ...more.map((line) => `  ${line}`)]
  if (verbosity >= 1) {
    for (const cause of causesOf(error)) lines.push(dim(`  cause: ${escapeText(cause.message)}`))
  }
  if (error.hint) lines.push(...error.hint.split('\n').map((line) => `  hint: ${escapeText(line)}`))
  if (error.code === 'E_INTERNAL') {
    lines.push('  hint: this is a bug in ferry; please report it with the output of the same command and -vv')
  }
  if (verbosity >= 2 && error.stack) {
    lines.push(
      ...error.stack
        .split('\n')
        .slice(1)
        .map((line) => dim(escapeText(line))),
    )
    for (const cause of causesOf(error)) {
      lines.push(...(cause.stack ?? '').split('\n').map((line) => dim(`  ${escapeText(line)}`)))
    }
  }
  return `${lines.join('\n')}\n`
}

function causesOf(error: Error): Error[] {
  const causes: Error[] = []
  for (let cause = error.cause; cause instanceof Error && causes.length < maxCauses; cause = cause.cause) {
    causes.push(cause)
  }
  return causes
}
