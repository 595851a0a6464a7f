/** `ferry status [ID]`, `shares`, `peers`, `history`: what the daemon has, once or as it changes. */
import { Command } from 'commander'
import type { EngineClient } from '../../daemon/client.ts'
import type { JobView } from '../../jobs/engine-types.ts'
import { progressEvent } from '../../progress/progress-event.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatRate } from '../../shared/units.ts'
import type { CommandHost } from '../command-host.ts'
import { requireDaemon } from '../daemon/access.ts'
import { followJob } from '../daemon/job-source.ts'
import { historyTable, jobTable, peerTable, shareTable } from '../daemon/tables.ts'
import { exitCodes } from '../exit-codes.ts'
import { addGlobalOptions } from '../global-options.ts'
import { watchInterrupts } from '../interrupts.ts'
import { wholeNumber } from '../rsync-units.ts'
import { openSession, type Session } from '../session.ts'

type Ask = (engine: EngineClient, session: Session) => Promise<number>

/** Runs `ask` with the daemon, and lets go of it. */
function asking(host: CommandHost, command: Command, ask: Ask): void {
  host.action(async () => {
    const session = openSession(host, command)
    await using engine = await requireDaemon(host)
    return await ask(engine, session)
  })
}

/** Rows as JSON lines, or as a table; `empty` when there are none. */
function show(
  { options, reporter, terminal }: Session,
  type: 'job' | 'share' | 'connection' | 'ended',
  rows: readonly object[],
  text: (columns: number) => string,
  empty: string,
): number {
  if (options.json) for (const row of rows) reporter.emit(type, row)
  else if (rows.length > 0) reporter.out(text(terminal.columns))
  else reporter.say(`  ${empty}`)
  reporter.finish(exitCodes.ok)
  return exitCodes.ok
}

export function statusCommand(host: CommandHost): Command {
  const command = new Command('ferry status')
    .description('Jobs of the daemon, or one of them.')
    .argument('[ID]', 'a job')
    .option('-w, --watch', 'go on showing what changes')
  addGlobalOptions(command, 'job')
  return command.action((id: string | undefined, flags: { watch?: boolean }) =>
    asking(host, command, async (engine, session) => {
      if (id !== undefined) {
        const view = await engine.get(id)
        return flags.watch ? await watchJob(engine, session, view) : showJob(session, view)
      }
      const list = async (): Promise<number> => {
        const jobs = await engine.list()
        return show(
          session,
          'job',
          jobs,
          (columns) => jobTable(jobs, columns),
          'Nothing is being transferred.',
        )
      }
      return flags.watch ? await watchAll(engine, session) : await list()
    }),
  )
}

function showJob({ options, reporter }: Session, view: JobView): number {
  if (options.json) {
    reporter.emit('job', view)
    reporter.finish(exitCodes.ok)
    return exitCodes.ok
  }
  const { snapshot } = view
  const event = progressEvent(view)
  const { bytesPerSecond } = view.limits
  const lines = [
    `${view.id}  ${view.kind}  ${escapeText(view.title)}`,
    `state    ${view.state}, step ${snapshot.stepNumber} of ${snapshot.totalSteps} (${snapshot.step})`,
    `         ${escapeText(snapshot.message)}`,
    `done     ${event.progress}%, ${snapshot.files.done} of ${event.fileCount} files, ${event.totalSize}`,
    ...(view.state === 'running' && snapshot.rate > 0 ? [`speed    ${formatRate(snapshot.rate)}`] : []),
    ...(bytesPerSecond === null ? [] : [`limit    ${formatRate(bytesPerSecond)}`]),
    `from     ${view.from.map(escapeText).join(', ')}`,
    ...(view.to === null ? [] : [`to       ${escapeText(view.to)}`]),
    ...(view.ticket === null ? [] : [`ticket   ${view.ticket}`]),
    ...(snapshot.error === undefined ? [] : [`error    ${escapeText(snapshot.error.message)}`]),
    ...(snapshot.error?.hint === undefined ? [] : [`hint     ${escapeText(snapshot.error.hint)}`]),
  ]
  reporter.out(`${lines.join('\n')}\n`)
  return exitCodes.ok
}

/** Until it ends; its exit code is that of the job. Ctrl-C ends the looking, not the job. */
async function watchJob(engine: EngineClient, { reporter }: Session, first: JobView): Promise<number> {
  const stop = new AbortController()
  using stack = new DisposableStack()
  stack.use(watchInterrupts(() => stop.abort()))
  const source = followJob(engine, first, stop.signal)
  await reporter.watch(source)
  const { state, snapshot } = source.view
  const exitCode =
    state === 'failed' || state === 'cancelled'
      ? exitCodes.failure
      : snapshot.files.failed > 0
        ? exitCodes.someFailed
        : exitCodes.ok
  reporter.finish(exitCode, { state })
  reporter.say(`  ${escapeText(snapshot.message)}`)
  return exitCode
}

async function watchAll(engine: EngineClient, { options, reporter }: Session): Promise<number> {
  const stop = new AbortController()
  using stack = new DisposableStack()
  stack.use(watchInterrupts(() => stop.abort()))
  const seen = new Map<string, string>()
  for await (const { jobs } of engine.changes({ signal: stop.signal })) {
    for (const view of jobs) {
      if (options.json) {
        reporter.emit('job', view)
        continue
      }
      const { percent, phase } = view.snapshot
      // One that is served has no end to be near to.
      const word = phase === 'serve' ? 'serving' : phase
      const part = phase === 'serve' ? '' : `${percent}%  `
      const line = `${view.id}  ${view.state === 'running' ? word : view.state}  ${part}${escapeText(view.title)}`
      if (seen.get(view.id) !== line) reporter.out(`${line}\n`)
      seen.set(view.id, line)
    }
  }
  reporter.finish(exitCodes.ok)
  return exitCodes.ok
}

export function sharesCommand(host: CommandHost): Command {
  const command = new Command('ferry shares')
    .description('What the daemon offers, and ending that.')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
  const list = addGlobalOptions(new Command('list').description('all shares (default)'), 'query')
  list.action(() =>
    asking(host, list, async (engine, session) => {
      const shares = await engine.shares()
      return show(session, 'share', shares, (columns) => shareTable(shares, columns), 'Nothing is shared.')
    }),
  )
  const remove = new Command('rm').description('stop a share and forget it').argument('<ID...>', 'shares')
  addGlobalOptions(remove, 'query').action((ids: string[]) =>
    asking(host, remove, async (engine, { reporter }) => {
      for (const id of ids) {
        await engine.removeShare(id)
        reporter.say(`  Stopped ${escapeText(id)}; its ticket works again when the same is shared again`)
      }
      reporter.finish(exitCodes.ok)
      return exitCodes.ok
    }),
  )
  return command.addCommand(list, { isDefault: true }).addCommand(remove)
}

export function peersCommand(host: CommandHost): Command {
  const command = addGlobalOptions(
    new Command('ferry peers').description('Peers of the daemon’s jobs.'),
    'query',
  )
  return command.action(() =>
    asking(host, command, async (engine, session) => {
      const peers = await engine.peers()
      return show(session, 'connection', peers, (columns) => peerTable(peers, columns), 'No peers.')
    }),
  )
}

export function historyCommand(host: CommandHost): Command {
  const command = new Command('ferry history')
    .description('Jobs of the daemon that have ended, newest first.')
    .option('-n, --limit <n>', 'so many (default: 100)', wholeNumber(1))
  addGlobalOptions(command, 'query')
  return command.action(({ limit }: { limit?: number }) =>
    asking(host, command, async (engine, session) => {
      const rows = await engine.history({ limit })
      return show(session, 'ended', rows, (columns) => historyTable(rows, columns), 'Nothing has ended yet.')
    }),
  )
}
