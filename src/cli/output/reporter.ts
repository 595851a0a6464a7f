/**
 * Everything a running command tells: to people as lines and a live view on stderr, to programs as JSON lines on stdout,
 * or nothing with --quiet. Commands call this and print nothing themselves, except results on stdout.
 */
import type { ItemEvent, Snapshot } from '../../progress/events.ts'
import type { SnapshotSource } from '../../progress/snapshot-source.ts'
import type { FerryError } from '../../shared/errors.ts'
import { reportError } from '../../jobs/job.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatCount, formatPlural } from '../../shared/units.ts'
import type { CommandEnd } from '../end-hooks.ts'
import type { GlobalOptions } from '../global-options.ts'
import { formatError } from '../print-error.ts'
import type { Terminal } from '../terminal.ts'
import type { JsonType, SummaryExtra } from './json-lines.ts'
import { itemFields, jsonLine, peerFields, progressFields, summaryFields } from './json-lines.ts'
import type { LogFile } from './log-file.ts'
import { createLiveRegion } from './live-region.ts'
import { createPeerWatch } from './peer-watch.ts'
import { renderJob, renderPlain } from './render.ts'

export interface Reporter {
  /** Watches this job from now on: looks at it whenever it changes, and now and then when it does not. */
  watch(source: SnapshotSource): Promise<void>
  item(item: ItemEvent): void
  warning(message: string): void
  /** A line for people; it stays. Not shown with --quiet or --json. */
  say(line: string): void
  /** A line of JSON; only with --json. */
  emit(type: JsonType, fields: object): void
  /** Text for stdout, with the live view out of the way. */
  out(text: string): void
  /** A line for `--log-file` alone. */
  log(line: string): void
  /** Ends the live view, lists what failed, and writes the summary line. Once. */
  finish(exitCode: number, extra?: SummaryExtra): void
  /** As `finish`, and shows the error itself. */
  fail(error: FerryError, exitCode: number): void
  /** What was told when it ended. */
  readonly end: CommandEnd
  /** Stops drawing while a question is asked; the function returned goes on. */
  pause(): () => void
}

/** Progress lines of --json at most twice a second. */
const jsonIntervalMs = 500
/** The live view moves on its own too: spinner, idle time, speed. */
const frameMs = 100
/** Failures listed at the end; -v lists all that were kept. */
const maxFailuresListed = 20

/** `log`: where everything that happens is written too; it is closed with the end of the command. */
export function createReporter(terminal: Terminal, options: GlobalOptions, log?: LogFile): Reporter {
  const { palette } = terminal
  const people = !options.quiet && !options.json
  const animated = people && terminal.interactive && options.progress !== 'none'
  const lines = people && !terminal.interactive && options.progress !== 'none'
  const region = createLiveRegion(terminal)
  const peers = createPeerWatch()
  let source: SnapshotSource | undefined
  let shownAtMs = -Infinity
  let lastLine = ''
  let timer: NodeJS.Timeout | undefined
  let finished = false
  let paused = false
  let destination: string | undefined
  let failure: string | undefined
  const intervalMs = options.json ? jsonIntervalMs : lines ? options.statsIntervalMs : frameMs

  const err = (text: string): void => (animated ? region.print(text) : terminal.err(text))
  const emit = (type: JsonType, fields: object): void => {
    if (options.json) terminal.out(jsonLine(type, fields))
  }

  /** One sample, for whichever way of showing is on. */
  function show(): void {
    if (!source || finished || paused) return
    shownAtMs = performance.now()
    const snapshot = source.current
    if (options.json) {
      const line = JSON.stringify(progressFields(snapshot))
      if (line !== lastLine) emit('progress', progressFields(snapshot))
      lastLine = line
    } else if (lines) {
      const line = renderPlain(snapshot)
      // Waiting for somebody to connect can take days.
      if (line !== lastLine) terminal.err(`${clockTime(snapshot.atMs)} ${line}\n`)
      lastLine = line
    } else if (animated && (snapshot.state === 'running' || snapshot.state === 'paused')) {
      const { columns, rows, unicode } = terminal
      region.draw(
        renderJob(snapshot, { columns, rows, unicode, palette, compact: options.progress === 'spinner' }),
      )
    }
  }

  function tellPeers(next: Snapshot): void {
    for (const { peer, line } of peers.changes(next)) {
      emit('peer', peerFields(next.id, peer))
      if (line !== '') log?.write(line)
      if (people && line !== '' && (next.kind === 'share' || options.verbose > 0)) err(`  ${line}\n`)
    }
  }

  function close(): void {
    finished = true
    clearInterval(timer)
    if (animated) region.close()
  }

  function endLog(exitCode: number): void {
    const snapshot = source?.current
    if (snapshot) {
      const { done, failed } = snapshot.files
      const moved = formatBytes(snapshot.bytes.transferred)
      log?.write(
        `${snapshot.kind}: ${formatPlural(done, 'file')} done, ${failed} failed, ${moved} transferred, exit code ${exitCode}`,
      )
    }
    log?.[Symbol.dispose]()
  }

  function listFailures(): void {
    const snapshot = source?.current
    if (!snapshot || snapshot.files.failed === 0 || options.json) return
    const { failures, files } = snapshot
    const shown = options.verbose > 0 ? failures : failures.slice(0, maxFailuresListed)
    const list = shown.map(
      ({ path, error }) => `  ${palette.bad('!')} ${escapeText(path)}: ${escapeText(error.message)}\n`,
    )
    const more = files.failed - shown.length
    const rest = more > 0 ? `  ${palette.bad('!')} and ${formatCount(more)} more (-v lists more)\n` : ''
    terminal.err(`${formatPlural(files.failed, 'file')} failed:\n${list.join('')}${rest}`)
  }

  return {
    emit,
    async watch(next): Promise<void> {
      source = next
      // The first plain line comes after the first interval: short jobs need none.
      if (!lines) show()
      // A change may just have been shown.
      timer = setInterval(() => performance.now() - shownAtMs >= intervalMs * 0.9 && show(), intervalMs)
      timer.unref()
      for await (const snapshot of next) {
        tellPeers(snapshot)
        if (!lines && performance.now() - shownAtMs >= intervalMs) show()
      }
      if (options.json) show()
    },
    item(item): void {
      log?.write(`${item.phase} ${item.path}${item.error ? `: ${item.error.message}` : ''}`)
      if (options.json) emit('item', itemFields(source?.current.id ?? '', item))
      else if (people && (item.phase === 'failed' ? lines : options.verbose > 0)) {
        const reason = item.error ? `: ${escapeText(item.error.message)}` : ''
        err(`${lines ? clockTime(Date.now()) : ' '} ${item.phase} ${escapeText(item.path)}${reason}\n`)
      }
    },
    warning(message): void {
      log?.write(`warning: ${message}`)
      emit('warning', { message })
      if (people) err(`  ${palette.waiting('!')} ${escapeText(message)}\n`)
    },
    log: (line) => log?.write(line),
    say(line): void {
      if (people) err(`${line}\n`)
    },
    out(text): void {
      if (animated && terminal.io.stdout.isTTY) {
        region.close()
        terminal.out(text)
        show()
      } else terminal.out(text)
    },
    finish(exitCode, extra): void {
      if (finished) return
      close()
      const place = extra?.['destination'] ?? extra?.['to']
      if (typeof place === 'string') destination = place
      listFailures()
      emit('summary', summaryFields(source?.current, exitCode, extra))
      endLog(exitCode)
    },
    fail(error, exitCode): void {
      failure = error.message
      if (!finished) {
        close()
        listFailures()
      }
      log?.write(`error: ${error.message}`)
      endLog(exitCode)
      emit('error', { id: source?.current.id, error: reportError(error) })
      emit('summary', summaryFields(source?.current, exitCode, { error: reportError(error) }))
      terminal.err(formatError(error, options.verbose, palette))
    },
    get end(): CommandEnd {
      return { snapshot: source?.current, destination, error: failure }
    },
    pause(): () => void {
      paused = true
      if (animated) region.close()
      return () => {
        paused = false
        show()
      }
    },
  }
}

function clockTime(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8)
}
