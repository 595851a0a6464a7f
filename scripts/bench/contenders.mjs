// Those who are measured. Each brings `source` into the empty (or old) folder `result`, and returns how long it took.
// Servers that always run in real life (sshd, the rsync daemon) are started before the clock; ferry's own two
// processes are both inside of it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describeExit, runProcess } from '../../dist/test/support/process.js'
import { parseSummary, sealedPattern, startReceive, startShare } from '../../dist/test/support/ferry.js'
import { startInetd } from '../../dist/test/support/inetd.js'
import { isInstalled } from '../../dist/test/support/servers.js'
import { startSshd } from '../../dist/test/support/sshd.js'

export const contenders = [
  { name: 'ferry', needs: [], start: startFerry },
  { name: 'rsync daemon', needs: ['rsync'], start: startRsyncDaemon },
  { name: 'rsync over ssh', needs: ['rsync', 'ssh', 'sshd'], start: startRsyncOverSsh },
  { name: 'scp', needs: ['scp', 'sshd'], start: startScp },
  { name: 'tar over ssh', needs: ['tar', 'ssh', 'sshd'], start: startTarOverSsh },
  { name: 'cp -a', needs: ['cp'], start: startCopy },
]

/** The programs that a contender lacks. */
export function missingPrograms(contender) {
  return contender.needs.filter((program) => !isInstalled(program))
}

/** @returns what `start` promises: run one transfer, and stop the server. */
function prepared(run, server) {
  return {
    run,
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]()
    },
  }
}

/** Runs a client to its end and fails loudly; the time is that of the client's process. */
async function timed(command, args, options) {
  const exit = await runProcess(command, args, options)
  if (exit.code !== 0) throw new Error(`${command} failed: ${describeExit(exit)}`)
  return { totalSeconds: exit.seconds }
}

async function startFerry() {
  return prepared(async ({ source, result, scratch, hasOld }) => {
    const started = performance.now()
    const seconds = () => (performance.now() - started) / 1000
    const share = await startShare({
      home: join(scratch, 'share-home'),
      paths: [source],
      args: ['--json'],
    })
    try {
      const ticketSeconds = seconds()
      const hashed = share.waitFor(sealedPattern).then(seconds, () => undefined)
      const received = await startReceive({
        home: join(scratch, 'receive-home'),
        ticket: share.ticket,
        into: dirname(result),
        args: ['--json', ...(hasOld ? ['--overwrite', 'always'] : [])],
      }).exit
      const totalSeconds = seconds()
      if (received.code !== 0)
        throw new Error(
          `ferry receive failed: ${describeExit(received)}\n--- share\n${share.stderr.slice(-4000)}`,
        )
      const summary = parseSummary(received)
      return {
        ticketSeconds,
        shareSeconds: await hashed,
        receiveSeconds: received.seconds,
        totalSeconds,
        shareCpuSeconds: share.cpuSeconds,
        receiveCpuSeconds: received.cpuSeconds,
        sharePeakRssBytes: share.peakRssBytes,
        receivePeakRssBytes: received.peakRssBytes,
        contentBytesFetched: summary.bytes.fetched,
      }
    } finally {
      await share[Symbol.asyncDispose]()
    }
  })
}

async function startRsyncDaemon({ scratch, source }) {
  mkdirSync(scratch, { recursive: true })
  const config = join(scratch, 'rsyncd.conf')
  const owner = process.getuid?.() === 0 ? ['uid = 0', 'gid = 0'] : []
  const lines = [...owner, 'use chroot = no', '[bench]', `path = ${source}`, 'read only = yes', '']
  writeFileSync(config, lines.join('\n'))
  const daemon = await startInetd('rsync', ['--daemon', `--config=${config}`])
  return prepared(
    ({ result }) => timed('rsync', ['-a', `rsync://127.0.0.1:${daemon.port}/bench/`, `${result}/`]),
    daemon,
  )
}

async function startRsyncOverSsh() {
  const sshd = await startSshd()
  const shell = ['ssh', ...sshd.options, '-p', sshd.port].join(' ')
  return prepared(
    ({ source, result }) =>
      timed('rsync', ['-a', '-e', shell, `${sshd.user}@${sshd.host}:${source}/`, `${result}/`]),
    sshd,
  )
}

async function startScp() {
  const sshd = await startSshd()
  const options = [...sshd.options, '-P', String(sshd.port), '-q', '-r', '-p']
  return prepared(
    ({ source, result }) => timed('scp', [...options, `${sshd.user}@${sshd.host}:${source}/.`, `${result}/`]),
    sshd,
  )
}

async function startTarOverSsh() {
  const sshd = await startSshd()
  const options = [...sshd.options, '-p', String(sshd.port), `${sshd.user}@${sshd.host}`]
  return prepared(({ source, result }) => {
    // The folders are ours and hold no quotes; everything after "$@" is for ssh.
    const script = `set -o pipefail; ssh "$@" "tar -C '${source}' -cf - ." | tar -C '${result}' -xpf -`
    return timed('bash', ['-c', script, 'bash', ...options])
  }, sshd)
}

async function startCopy() {
  return prepared(({ source, result }) => timed('cp', ['-a', `${source}/.`, `${result}/`]))
}
