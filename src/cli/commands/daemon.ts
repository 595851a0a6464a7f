/** `ferry daemon run|start|stop|status|page|install-service`: the process that runs jobs for all faces. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, resolve } from 'node:path'
import { Command, Option } from 'commander'
import type { DaemonAddress } from '../../daemon/runtime-files.ts'
import type { Engine } from '../../jobs/engine-types.ts'
import { delay } from '../../shared/concurrency.ts'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatElapsed, formatPlural, formatRate } from '../../shared/units.ts'
import type { CommandHost } from '../command-host.ts'
import { daemonAddress } from '../config/value-kinds.ts'
import { definitionsOf } from '../config/load-config.ts'
import { findRunning, requireDaemon, startDaemon } from '../daemon/access.ts'
import { sameOptions } from '../daemon/same-options.ts'
import { serviceFile } from '../daemon/service-files.ts'
import { exitCodes } from '../exit-codes.ts'
import { addGlobalOptions, addNetworkOptions, networkOptionsOf } from '../global-options.ts'
import { watchInterrupts } from '../interrupts.ts'
import { openSession } from '../session.ts'

interface ListenFlags {
  readonly port?: number
  readonly socket?: string
  readonly ephemeral?: boolean
  /** What `api.listen` says: a port, or the path of a socket. */
  readonly listenOn?: number | string
}

export function daemonCommand(host: CommandHost): Command {
  const command = new Command('ferry daemon')
    .description('Runs jobs in the background, for terminals, pages and scripts.')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
  const run = withListening(
    new Command('run').description('run it in the foreground, until Ctrl-C'),
  ).addOption(new Option('--ephemeral', 'end when standard input ends, and tell nobody else').hideHelp())
  const start = withListening(new Command('start').description('start it in the background'))
  const stop = new Command('stop').description('save everything and end it; jobs go on when it starts again')
  const status = new Command('status').description('where it listens, and what it does')
  const page = new Command('page').description('the address of its web page, with the key in it')
  const install = new Command('install-service')
    .description('start it with your session (systemd, launchd)')
    .option('--print', 'only show what would be written')
  for (const each of [run, start]) addNetworkOptions(each)
  for (const each of [run, start, stop, status, page, install]) {
    addGlobalOptions(each, 'query')
    command.addCommand(each)
  }
  run.action((flags: ListenFlags) => host.action(() => runHere(host, run, flags)))
  start.action(() => host.action(() => startBehind(host, start)))
  stop.action(() => host.action(() => stopIt(host, stop)))
  status.action(() => host.action(() => showStatus(host, status)))
  page.action(() => host.action(() => showPage(host, page)))
  install.action((flags: { print?: boolean }) => host.action(() => installService(host, install, flags)))
  return command
}

function withListening(command: Command): Command {
  return command
    .option('--port <n>', 'port on 127.0.0.1; 0 is any free one (default: 7877)', portNumber)
    .option('--socket <path>', 'listen on this Unix socket in place of a port')
    .addOption(new Option('--listen-on <addr>').argParser(daemonAddress.fromText).hideHelp())
}

/** @throws E_USAGE when it is no port */
function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new FerryError('E_USAGE', `Cannot use "${text.slice(0, 20)}" as a port`)
  return port
}

async function runHere(host: CommandHost, command: Command, flags: ListenFlags): Promise<number> {
  const { port, socket, ephemeral = false } = flags
  if (port !== undefined && socket !== undefined)
    throw new FerryError('E_USAGE', 'Cannot listen on a port and a socket: choose one')
  const session = openSession(host, command)
  const { reporter } = session
  const [{ runDaemon }, { defaultPort }, { runtimeDirectory }] = await Promise.all([
    import('../../daemon/run-daemon.ts'),
    import('../../daemon/listen.ts'),
    import('../../daemon/runtime-files.ts'),
  ])
  const { listenOn = defaultPort } = flags
  const place = port ?? socket ?? listenOn
  const address: DaemonAddress =
    typeof place === 'number' ? { port: place } : { socketPath: resolve(host.io.cwd(), place) }
  const { promise: stopped, resolve: stop } = Promise.withResolvers<number>()
  using stack = new DisposableStack()
  stack.use(watchInterrupts(stop))
  if (ephemeral) endWithInput(host, () => stop(exitCodes.ok))
  await using ferry = session.openFerry(networkOptionsOf(command))
  await using daemon = await runDaemon({
    ferry,
    version: host.version,
    remotes: definitionsOf(host.config()),
    address,
    runtimeDirectory: ephemeral ? undefined : runtimeDirectory(host.io.env),
    // The answer goes out first.
    onShutdown: () => setImmediate(() => stop(exitCodes.ok)),
  })
  const { info, token, engine } = daemon
  // To the parent alone: it holds the other end of the pipe.
  if (ephemeral) reporter.out(`${JSON.stringify({ ...info, token })}\n`)
  else reporter.emit('daemon', info)
  reporter.say(`  The daemon listens on ${placeOf(info.address)}`)
  if (host.onContent) void tellContent(engine, host.onContent)
  const exitCode = await stopped
  reporter.finish(exitCodes.ok)
  reporter.say('  Stopping; what was not done goes on when the daemon starts again')
  // To be told to end is how a daemon ends.
  return exitCode === exitCodes.interrupted ? exitCode : exitCodes.ok
}

function endWithInput({ io: { stdin } }: CommandHost, end: () => void): void {
  stdin.once('end', end)
  stdin.once('close', end)
  stdin.resume()
}

/** The sum of what all jobs have dealt with. */
async function tellContent(engine: Engine, tell: (bytes: number) => void): Promise<void> {
  for await (const { jobs } of engine.changes())
    for (const { snapshot } of jobs) tell(snapshot.bytes.done + snapshot.bytes.transferred)
}

function placeOf(address: DaemonAddress): string {
  return 'port' in address
    ? `http://127.0.0.1:${address.port}`
    : `the socket ${escapeText(address.socketPath)}`
}

async function startBehind(host: CommandHost, command: Command): Promise<number> {
  const { reporter } = openSession(host, command)
  const { info, client, isNew } = await startDaemon(host, sameOptions(host, command))
  await client[Symbol.asyncDispose]()
  reporter.emit('daemon', { ...info, isNew })
  reporter.finish(exitCodes.ok)
  const verb = isNew ? 'The daemon runs' : 'The daemon was running already'
  reporter.say(`  ${verb}: process ${info.pid}, ${placeOf(info.address)}`)
  return exitCodes.ok
}

/** How long a daemon may take to save and close everything. */
const stopTimeoutMs = 30_000
const lookEveryMs = 50

async function stopIt(host: CommandHost, command: Command): Promise<number> {
  const { reporter } = openSession(host, command)
  const found = await findRunning(host)
  if (!found) {
    reporter.finish(exitCodes.ok)
    reporter.say('  No daemon is running')
    return exitCodes.ok
  }
  const { client, info } = found
  await using engine = client
  await engine.shutdown()
  for (let waitedMs = 0; isAlive(info.pid); waitedMs += lookEveryMs) {
    if (waitedMs >= stopTimeoutMs)
      throw new FerryError('E_TIMEOUT', `Cannot stop the daemon: process ${info.pid} does not end`)
    await delay(lookEveryMs)
  }
  reporter.finish(exitCodes.ok)
  reporter.say('  Stopped. Its jobs go on with: ferry daemon start')
  return exitCodes.ok
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function showStatus(host: CommandHost, command: Command): Promise<number> {
  const { reporter, options } = openSession(host, command)
  await using engine = await requireDaemon(host)
  const status = await engine.status()
  const { runtimeDirectory, tokenPath } = await import('../../daemon/runtime-files.ts')
  const token = tokenPath(runtimeDirectory(host.io.env))
  reporter.emit('daemon', { ...status, address: engine.address, token })
  if (!options.json) {
    const { jobs, downRate, upRate, peers } = status
    const lines = [
      `process  ${status.pid}, ferry ${status.version}, for ${formatElapsed(Date.now() - status.startedAtMs)}`,
      `listens  ${placeOf(engine.address)}`,
      `token    ${escapeText(token)}`,
      `data     ${escapeText(status.directory)}`,
      `jobs     ${jobs.running} running, ${jobs.paused} paused, ${jobs.interrupted} interrupted`,
      `speed    down ${formatRate(downRate)}, up ${formatRate(upRate)}, ${formatPlural(peers, 'peer')}`,
    ]
    reporter.out(`${lines.join('\n')}\n`)
  }
  reporter.finish(exitCodes.ok)
  return exitCodes.ok
}

/** To stdout and nowhere else: whoever has the address may steer everything. */
async function showPage(host: CommandHost, command: Command): Promise<number> {
  const { reporter, options } = openSession(host, command)
  await using engine = await requireDaemon(host)
  const { address } = engine
  if (!('port' in address))
    throw new FerryError(
      'E_USAGE',
      'Cannot show a page: the daemon listens on a socket, which no browser opens',
      {
        hint: 'start it with a port: ferry daemon stop; ferry daemon start --port 7877',
      },
    )
  const { readToken, runtimeDirectory } = await import('../../daemon/runtime-files.ts')
  const url = `${placeOf(address)}/#token=${readToken(runtimeDirectory(host.io.env))}`
  reporter.emit('daemon', { address, page: url })
  if (!options.json) reporter.out(`${url}\n`)
  reporter.finish(exitCodes.ok)
  return exitCodes.ok
}

async function installService(
  host: CommandHost,
  command: Command,
  flags: { print?: boolean },
): Promise<number> {
  const { reporter } = openSession(host, command)
  const { env, platform } = host.io
  const { logPath } = await import('../../daemon/runtime-files.ts')
  const { XDG_CONFIG_HOME: config } = env
  const kept = ['FERRY_HOME', 'FERRY_STORE', 'FERRY_CONFIG', 'FERRY_LISTEN'].flatMap((name) => {
    const value = env[name]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  const file = serviceFile({
    platform,
    home: env['HOME'] ?? homedir(),
    configHome: config !== undefined && isAbsolute(config) ? config : undefined,
    command: [process.execPath, process.argv[1] ?? 'ferry', 'daemon', 'run', '--plain'],
    environment: Object.fromEntries(kept),
    log: logPath(env),
  })
  if (!file)
    throw new FerryError('E_USAGE', `Cannot install a service on ${platform}: not supported yet`, {
      hint: 'run "ferry daemon start" when you log in',
    })
  if (flags.print) {
    reporter.out(file.text)
    return exitCodes.ok
  }
  try {
    mkdirSync(dirname(file.path), { recursive: true })
    writeFileSync(file.path, file.text)
  } catch (error) {
    throw toFerryError(error, `Cannot write "${file.path}"`)
  }
  reporter.finish(exitCodes.ok, { path: file.path, activate: file.activate })
  reporter.say(`  Wrote ${escapeText(file.path)}. Now run:\n`)
  for (const line of file.activate) reporter.say(`      ${line}`)
  return exitCodes.ok
}
