/**
 * `ferry share --separate A B C`: a share and a ticket for each path, served by one process. What fails for one does not end
 * the others; there is no live view, since there is no one thing to look at.
 */
import type { Ferry, ShareJob } from '../../jobs/ferry.ts'
import { reportError } from '../../jobs/job.ts'
import type { ShareOptions, ShareTicket } from '../../jobs/types.ts'
import { toFerryError } from '../../shared/errors.ts'
import { escapeText, quoteName } from '../../shared/terminal-text.ts'
import { formatBytes, formatPlural } from '../../shared/units.ts'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import { watchInterrupts } from '../interrupts.ts'
import { peerFields, progressFields } from '../output/json-lines.ts'
import { createPeerWatch } from '../output/peer-watch.ts'
import type { Session } from '../session.ts'

/** Lines of progress of one share are so far apart. */
const progressIntervalMs = 500

/** Runs until all of them have ended, or the user stops them. `tell` shows one ticket. */
export async function shareSeparately(
  session: Session,
  ferry: Ferry,
  paths: readonly string[],
  options: ShareOptions,
  tell: (ticket: ShareTicket) => void,
): Promise<number> {
  const { reporter, terminal } = session
  let stopped: number | undefined
  const jobs: ShareJob[] = paths.map((path) => ferry.share([path], options))
  using stack = new DisposableStack()
  const stop = (exitCode: number): void => {
    stopped ??= exitCode
    for (const job of jobs) void job.cancel('Stopped by the user')
  }
  stack.use(watchInterrupts(stop))
  terminal.onBrokenPipe(() => stop(exitCodes.brokenPipe))
  for (const job of jobs) reporter.emit('start', { id: job.id, kind: 'share' })
  // One after the other, so that tickets stand in the order of the paths.
  const telling = tellTickets(jobs, tell)
  const watching = jobs.map((job) => watch(session, job))
  const codes = await Promise.all(jobs.map(async (job, index) => endOf(session, job, paths[index] as string)))
  await Promise.all([telling, ...watching])
  const failed = codes.filter((code) => code !== exitCodes.ok)
  const [firstFailure = exitCodes.ok] = failed
  const exitCode =
    stopped ?? (failed.length > 0 && failed.length < codes.length ? exitCodes.someFailed : firstFailure)
  reporter.finish(exitCode, { shares: jobs.length, failedShares: failed.length })
  if (stopped === undefined) reporter.say(`  ${formatPlural(jobs.length, 'share')} ended`)
  else if (stopped !== exitCodes.brokenPipe)
    reporter.say('  Stopped. The tickets work again when the same paths are shared again')
  return exitCode
}

async function tellTickets(jobs: readonly ShareJob[], tell: (ticket: ShareTicket) => void): Promise<void> {
  for (const job of jobs) {
    const ticket = await job.ticket.catch(() => undefined)
    if (ticket) tell(ticket)
  }
}

/** Peers as lines; with `--json` the progress of each share under its id. */
async function watch({ reporter }: Session, job: ShareJob): Promise<void> {
  const peers = createPeerWatch()
  let shownAtMs = -Infinity
  const sealing = job.sealed.then(
    ({ files, bytes }) =>
      reporter.say(
        `  Shared   ${escapeText(job.progress.current.name)}   ${formatPlural(files, 'file')}, ${formatBytes(bytes)}`,
      ),
    () => undefined,
  )
  for await (const snapshot of job.progress) {
    for (const { peer, line } of peers.changes(snapshot)) {
      reporter.emit('peer', peerFields(job.id, peer))
      if (line !== '') reporter.say(`  ${escapeText(snapshot.name)}: ${line}`)
    }
    const isEnd = snapshot.state !== 'running' && snapshot.state !== 'paused'
    if (!isEnd && performance.now() - shownAtMs < progressIntervalMs) continue
    shownAtMs = performance.now()
    reporter.emit('progress', progressFields(snapshot))
  }
  await sealing
}

/** The exit code of one share; what it failed with is said. */
async function endOf({ reporter }: Session, job: ShareJob, path: string): Promise<number> {
  try {
    const { failed } = await job.result
    return failed.count > 0 ? exitCodes.someFailed : exitCodes.ok
  } catch (caught) {
    const error = toFerryError(caught, `Cannot share ${quoteName(path)}`)
    if (error.code !== 'E_CANCELLED') {
      reporter.emit('error', { id: job.id, error: reportError(error) })
      reporter.warning(error.message)
    }
    return exitCodeOf(error)
  }
}
