/** `ferry tui`: the full-screen view, of the daemon when one runs, and else of an engine that ends with it. */
import { spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import { Command } from 'commander'
import type { RemoteDefinition } from '../../jobs/types.ts'
import type { Engine } from '../../jobs/engine-types.ts'
import { FerryError } from '../../shared/errors.ts'
import { resolveDirectories } from '../../shared/directories.ts'
import type { Board, RemoteRow } from '../../tui/model/board.ts'
import { copyText } from '../clipboard.ts'
import { describeRemote } from '../config/describe-remote.ts'
import type { CommandHost } from '../command-host.ts'
import { findRunning } from '../daemon/access.ts'
import { sameOptions } from '../daemon/same-options.ts'
import { startPrivateDaemon } from '../daemon/private-daemon.ts'
import { exitCodes } from '../exit-codes.ts'
import { addGlobalOptions, addNetworkOptions, globalOptionsOf } from '../global-options.ts'
import { drawQr } from '../qr.ts'
import type { Terminal } from '../terminal.ts'
import { createTerminal } from '../terminal.ts'

export function tuiCommand(host: CommandHost): Command {
  const command = new Command('ferry tui')
    .description('Shows all transfers on the whole screen, and steers them; ? lists the keys.')
    .option('--ascii', 'draw with ASCII characters alone')
  addNetworkOptions(command)
  addGlobalOptions(command, 'query')
  command.addHelpText('after', helpAfter)
  return command.action((flags: { ascii?: boolean }) => host.action(() => tui(host, command, flags)))
}

const helpAfter = `
It shows the daemon when one runs. Otherwise jobs run as long as this is open, and go on when it is opened again.
Options of the network are for that case only.`

type LinkListener = (link: Board['link']) => void

async function tui(host: CommandHost, command: Command, flags: { ascii?: boolean }): Promise<number> {
  const { io } = host
  const { color, plain, json } = globalOptionsOf(command)
  const hint = 'to read the same in a script: ferry status --json'
  if (json) throw new FerryError('E_USAGE', 'Cannot show a screen as JSON', { hint })
  const isTerminal = io.stdin.isTTY === true && io.stdout.isTTY === true
  if (!isTerminal || plain || io.env['TERM'] === 'dumb')
    throw new FerryError('E_USAGE', 'Cannot show a full screen: this is not a terminal that can do it', {
      hint,
    })
  if (!host.loadTui) throw new FerryError('E_INTERNAL', 'Cannot show a full screen: it was not handed in')
  const terminal = createTerminal(io, { color, plain: false })
  const hasColor = terminal.palette.bold('x') !== 'x'
  let tellLink: LinkListener = () => undefined
  const onLink: LinkListener = (link) => tellLink(link)
  await using stack = new AsyncDisposableStack()
  const { engine, isPrivate, kill } = await findEngine(host, command, stack, onLink)
  // React looks at it once, when it is loaded.
  process.env['NODE_ENV'] = 'production'
  const { openTui } = await host.loadTui()
  const { logPath } = await import('../../daemon/runtime-files.ts')
  const config = host.config()
  const { stdin, stdout } = process
  const end = await openTui({
    engine,
    isPrivate,
    stdin,
    stdout,
    unicode: terminal.unicode && !flags.ascii,
    color: hasColor,
    places: {
      config: config.userFile,
      data: resolveDirectories(io.env).data,
      log: isPrivate ? 'none: there is no daemon' : logPath(io.env),
    },
    remotes: remoteRows([...config.remotes.values()]),
    folder: io.cwd(),
    copy: (text) => copyText(text, terminal),
    open: opener(terminal),
    qr(ticket, columns, rows) {
      const picture = drawQr(ticket, { columns, rows, color: hasColor })
      return { ...picture, lines: picture.lines.map((line) => stripVTControlCharacters(line)) }
    },
    watchLink: (listener) => void (tellLink = listener),
  })
  if (end === 'now') {
    kill()
    return exitCodes.interrupted
  }
  return exitCodes.ok
}

interface FoundEngine {
  readonly engine: Engine
  readonly isPrivate: boolean
  readonly kill: () => void
}

async function findEngine(
  host: CommandHost,
  command: Command,
  stack: AsyncDisposableStack,
  onLink: LinkListener,
): Promise<FoundEngine> {
  const running = await findRunning(host, { onLink })
  if (running) {
    stack.use(running.client)
    return { engine: running.client, isPrivate: false, kill: () => undefined }
  }
  const daemon = stack.use(await startPrivateDaemon(host, sameOptions(host, command), onLink))
  return { engine: daemon.client, isPrivate: true, kill: () => daemon.kill() }
}

function remoteRows(
  remotes: readonly { readonly name: string; readonly definition: RemoteDefinition }[],
): RemoteRow[] {
  return remotes
    .map(({ name, definition }) => ({ name, kind: definition.kind, place: describeRemote(definition) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** The desktop's own program; undefined where there is no desktop. */
function opener({ io: { env, platform } }: Terminal): ((path: string) => Promise<void>) | undefined {
  const program =
    platform === 'darwin'
      ? 'open'
      : platform === 'win32'
        ? 'explorer.exe'
        : env['DISPLAY'] || env['WAYLAND_DISPLAY']
          ? 'xdg-open'
          : undefined
  if (program === undefined) return undefined
  return (path) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, [path], { stdio: 'ignore', detached: true })
      child.once('error', () =>
        reject(new FerryError('E_NOT_FOUND', `Cannot open "${path}": ${program} is not there`)),
      )
      child.once('spawn', () => {
        child.unref()
        resolve()
      })
    })
}
