/** What `ferry sync` says: changes as rsync's lines on stdout, the plan and the sum on stderr, all of it as JSON lines. */
import type { SyncChange, SyncOptions, SyncPlan, SyncResult } from '../../jobs/sync/types.ts'
import type { ItemEvent, Snapshot } from '../../progress/events.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatCount, formatElapsed, formatPlural, formatRate } from '../../shared/units.ts'
import type { Session } from '../session.ts'

export interface SyncLineOptions {
  /** Times that `-i` was given. */
  readonly itemize: number
  readonly dryRun: boolean
  readonly stats: boolean
  /** What has been sent of a file is kept when the sync is stopped. */
  readonly partial: boolean
}

export interface SyncLines {
  readonly listeners: Pick<
    SyncOptions,
    'onChange' | 'onPlan' | 'onMeaning' | 'onItem' | 'onWarning' | 'tellAll'
  >
  begin(id: string): void
  /** The summary, once. */
  end(result: SyncResult, snapshot: Snapshot, exitCode: number): void
  /** For who has stopped it. */
  stopped(snapshot: Snapshot): string
}

export function createSyncLines(
  { reporter, terminal, options }: Session,
  { itemize, dryRun, stats, partial }: SyncLineOptions,
): SyncLines {
  const { palette, unicode } = terminal
  const showsChanges = !options.quiet && !options.json && (itemize > 0 || options.verbose > 0)
  const onTerminal = terminal.io.stdout.isTTY === true
  let id = ''
  let isMeaningSaid = false

  function sayMeaning(meaning: string): void {
    if (!dryRun || isMeaningSaid) return
    isMeaningSaid = true
    reporter.say(`  Dry run: ${meaning}`)
  }

  function changed(change: SyncChange): void {
    reporter.emit('item', { id, ...change, bytes: change.size })
    reporter.log(change.line ?? change.reason ?? change.path)
    if (!showsChanges) return
    const line = itemize > 0 ? change.line : change.nameLine
    if (line !== undefined) reporter.out(`${escapeText(line)}${onTerminal ? detailOf(change) : ''}\n`)
    else if (change.reason !== undefined && options.verbose > 1)
      reporter.out(`${escapeText(change.reason)}\n`)
  }

  function planned(plan: SyncPlan): void {
    const { counts, bytes, deltaBytes, meaning } = plan
    reporter.emit('plan', { id, ...counts, bytes, deltaBytes, meaning, dryRun })
    reporter.say(`  Plan: ${countsText(plan)}${toSendText(plan)}`)
  }

  return {
    listeners: {
      onChange: changed,
      onPlan: planned,
      tellAll: itemize > 1 || options.verbose > 1,
      onMeaning: sayMeaning,
      onItem(item: ItemEvent): void {
        if (item.phase !== 'failed') return
        reporter.item(item)
      },
      onWarning: (message) => reporter.warning(message),
    },
    begin(jobId): void {
      id = jobId
    },
    end(result, snapshot, exitCode): void {
      const { done, bytes, failed, plan, source, keptByMaxDelete, abortedUploads, from, to } = result
      reporter.log(`sent ${bytes.sent} bytes, saved ${bytes.saved} bytes, ${failed.count} failed`)
      reporter.finish(exitCode, {
        from,
        to,
        dryRun,
        plan: { ...plan.counts, bytes: plan.bytes },
        files: {
          done: done.new + done.changed,
          total: plan.counts.new + plan.counts.changed,
          had: done.same,
          failed: failed.count,
        },
        bytes: { total: bytes.written, ...bytes, fetched: bytes.sent, reused: bytes.saved },
        done,
        source,
        keptByMaxDelete,
        abortedUploads,
      })
      if (stats && !options.json) reporter.out(statsText(result, snapshot))
      const actions = done.new + done.changed + done.attributes + done.delete
      const isWhole = failed.count === 0
      const mark = isWhole ? palette.good(unicode ? '✔' : '*') : palette.waiting('!')
      const amount = bytesText(result)
      const time = formatElapsed(snapshot.elapsedMs)
      if (abortedUploads > 0)
        reporter.say(
          `  ${formatPlural(abortedUploads, 'abandoned upload')} ${dryRun ? 'would be ' : ''}thrown away`,
        )
      if (keptByMaxDelete > 0)
        reporter.say(
          `  ${palette.waiting('!')} Deletions stopped due to --max-delete limit (${formatCount(keptByMaxDelete)} skipped)`,
        )
      if (dryRun)
        reporter.say(
          `  ${mark} ${formatPlural(actions, 'action')} would be done · ${amount}; nothing was written`,
        )
      else if (actions === 0 && isWhole) reporter.say(`  ${mark} nothing to do in ${time} · ${amount}`)
      else reporter.say(`  ${mark} ${formatPlural(actions, 'action')} in ${time} · ${amount}`)
    },
    stopped({ percent, sync, files, bytes }): string {
      const where = files.final && bytes.total > 0 ? ` at ${percent}%` : ''
      const isKept = partial && sync !== undefined && sync.sentBytes > 0
      const next = isKept ? `${formatBytes(sync.sentBytes)} was sent and is kept; to` : 'To'
      return `  Stopped${where}. ${next} go on, run the same command again`
    },
  }
}

/** `12.1 MB sent, 1.40 GB copied (99.1% saved)`: only where a person looks, since scripts read the lines. */
function detailOf({ kind, sentBytes, copiedBytes, size }: SyncChange): string {
  if (kind !== 'write') return ''
  if (copiedBytes === 0) return `  ${formatBytes(size)}`
  return `  ${formatBytes(sentBytes)} sent, ${formatBytes(copiedBytes)} copied there (${savedPart(size - sentBytes, size)} saved)`
}

function savedPart(saved: number, whole: number): string {
  return `${(Math.floor((Math.max(0, saved) / Math.max(1, whole)) * 1000) / 10).toFixed(1)}%`
}

function bytesText({ bytes, dryRun }: SyncResult): string {
  const sent = `${formatBytes(bytes.sent)} ${dryRun ? 'to send' : 'sent'}`
  if (bytes.saved === 0) return sent
  return `${sent}, ${formatBytes(bytes.saved)} reused (${savedPart(bytes.saved, bytes.written)} saved)`
}

/** What differs of a large file is known when it is its turn; before, only that it will not be more than the file. */
function toSendText({ bytes, deltaBytes }: SyncPlan): string {
  const parts = [
    bytes > deltaBytes ? formatBytes(bytes - deltaBytes) : '',
    deltaBytes > 0 ? `what differs of ${formatBytes(deltaBytes)}` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? '' : ` · ${parts.join(' and ')} to send`
}

function countsText({ counts }: SyncPlan): string {
  const parts = [
    [counts.changed, 'changed'],
    [counts.new, 'new'],
    [counts.attributes, 'with another mode or time'],
    [counts.delete, 'to delete'],
    [counts.skipped, 'passed over'],
  ] as const
  const said = parts.filter(([count]) => count > 0).map(([count, text]) => `${formatCount(count)} ${text}`)
  return [...said, `${formatCount(counts.same)} unchanged`].join(', ')
}

/** Figures as rsync names them, where it has them. */
function statsText({ plan, done, bytes, source, failed }: SyncResult, { elapsedMs }: Snapshot): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Number of files', formatCount(source.files)],
    ['Number of new names', formatCount(done.new)],
    ['Number of changed names', formatCount(done.changed)],
    ['Number of deleted names', formatCount(done.delete)],
    ['Number of failures', formatCount(failed.count)],
    ['Total file size', `${formatCount(source.bytes)} bytes`],
    ['Total transferred file size', `${formatCount(plan.bytes)} bytes`],
    ['Literal data', `${formatCount(bytes.sent)} bytes`],
    ['Matched data', `${formatCount(bytes.saved)} bytes`],
    ['Speed', formatRate(elapsedMs > 0 ? (bytes.sent * 1000) / elapsedMs : 0)],
  ]
  return `${rows.map(([name, value]) => `${name}: ${value}`).join('\n')}\n`
}
