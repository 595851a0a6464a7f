// The places that `ferry sync` is measured against others with: an SFTP server and an S3 server. Each says who can write
// there, and how: a contender uploads a tree into `target`, and downloads it again.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeExit, runProcess } from '../../dist/test/support/process.js'
import { ferryCommand, parseSummary } from '../../dist/test/support/ferry.js'
import { isInstalled } from '../../dist/test/support/servers.js'
import { startSshd } from '../../dist/test/support/sshd.js'
import { startRgw } from '../../dist/test/support/s3/rgw.js'

export const placeNames = ['sftp', 's3']

/** @returns what `skipReason` explains, or a place with its server running; to be disposed of. */
export async function startPlace(name, folder) {
  mkdirSync(folder, { recursive: true })
  const needs = name === 'sftp' ? ['sshd', 'sftp', 'rsync', 'rclone'] : ['radosgw', 'rclone']
  const missing = needs.filter((program) => !isInstalled(program))
  if (missing.length > 0)
    return {
      skipReason: `${missing.join(', ')} not installed`,
      async [Symbol.asyncDispose]() {},
    }
  return name === 'sftp' ? await startSftpPlace(folder) : await startS3Place(folder)
}

/** Runs a client to its end and fails loudly; the time is that of the client's process. */
async function timed(command, args, options) {
  const exit = await runProcess(command, args, options)
  if (exit.code !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${describeExit(exit)}`)
  return { exit, totalSeconds: exit.seconds }
}

/** `ferry sync` with a home of its own, where its cache stays from run to run. */
async function ferrySync(from, to, { home, env = {}, args = [] }) {
  const { exit, totalSeconds } = await timed(
    process.execPath,
    [ferryCommand, 'sync', '-a', '--json', ...args, from, to],
    {
      env: {
        PATH: process.env.PATH,
        HOME: home,
        FERRY_HOME: home,
        LANG: 'C.UTF-8',
        XDG_CACHE_HOME: '/tmp/ferry-test-cache',
        ...env,
      },
    },
  )
  const { bytes } = parseSummary(exit)
  return {
    totalSeconds,
    sentBytes: bytes.sent ?? bytes.fetched,
    peakRssBytes: exit.peakRssBytes,
    cpuSeconds: exit.cpuSeconds,
  }
}

const only = ({ totalSeconds }) => ({ totalSeconds })

async function startSftpPlace(folder) {
  const sshd = await startSshd()
  const address = `${sshd.user}@${sshd.host}`
  const shell = ['ssh', ...sshd.options, '-p', sshd.port].join(' ')
  const rcloneEnv = {
    ...process.env,
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_BENCH_TYPE: 'sftp',
    RCLONE_CONFIG_BENCH_HOST: sshd.host,
    RCLONE_CONFIG_BENCH_PORT: String(sshd.port),
    RCLONE_CONFIG_BENCH_USER: sshd.user,
    RCLONE_CONFIG_BENCH_KEY_FILE: sshd.keyFile,
    RCLONE_CONFIG_BENCH_KNOWN_HOSTS_FILE: sshd.knownHostsFile,
    // It would run md5sum on the server for each file, which takes it many times as long.
    RCLONE_CONFIG_BENCH_DISABLE_HASHCHECK: 'true',
  }
  const rclone = (...args) => timed('rclone', args, { env: rcloneEnv }).then(only)
  const ferryHome = (home) => {
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 })
    writeFileSync(
      join(home, '.ssh', 'config'),
      `Host *\n  IdentityFile ${sshd.keyFile}\n  UserKnownHostsFile ${sshd.knownHostsFile}\n`,
    )
    return { home }
  }
  const url = (target) => `sftp://${address}:${sshd.port}${target}/`
  const sftp = (home, command) => {
    const batch = join(home, 'batch')
    writeFileSync(batch, `${command}\n`)
    return timed('sftp', [...sshd.options, '-P', String(sshd.port), '-b', batch, address]).then(only)
  }
  let targets = 0
  return {
    title: 'SFTP (sshd)',
    contenders: [
      {
        name: 'ferry',
        upload: (tree, { home, target }) => ferrySync(`${tree}/`, url(target), ferryHome(home)),
        download: (into, { home, target }) => ferrySync(url(target), `${into}/`, ferryHome(home)),
      },
      {
        name: 'rsync over ssh',
        upload: (tree, { target }) =>
          timed('rsync', ['-a', '-e', shell, `${tree}/`, `${address}:${target}/`]).then(only),
        download: (into, { target }) =>
          timed('rsync', ['-a', '-e', shell, `${address}:${target}/`, `${into}/`]).then(only),
      },
      {
        name: 'rclone',
        upload: (tree, { target }) => rclone('sync', tree, `bench:${target}`),
        download: (into, { target }) => rclone('sync', `bench:${target}`, into),
      },
      {
        name: 'sftp',
        cases: ['first-large', 'get-large'],
        upload: (tree, { home, target }) => sftp(home, `put ${tree}/large.bin ${target}/large.bin`),
        download: (into, { home, target }) => sftp(home, `get ${target}/large.bin ${into}/large.bin`),
      },
    ],
    async freshTarget() {
      const target = join(folder, `target-${targets++}`)
      mkdirSync(target)
      return target
    },
    /** The server's folder is on this machine. */
    async fetch(target, into) {
      await timed('rsync', ['-a', '--exclude=/.ferry', `${target}/`, `${into}/`])
    },
    async removeTarget(target) {
      rmSync(target, { recursive: true })
    },
    [Symbol.asyncDispose]: () => sshd[Symbol.asyncDispose](),
  }
}

async function startS3Place() {
  // Every run of every contender stays there until the server's own rubbish is collected.
  const server = await startRgw(64 * 2 ** 30)
  // Its S3 client refuses to work with an authority of the user's own.
  const { AWS_CA_BUNDLE: _, ...env } = process.env
  const rcloneEnv = {
    ...env,
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_BENCH_TYPE: 's3',
    RCLONE_CONFIG_BENCH_PROVIDER: 'Ceph',
    RCLONE_CONFIG_BENCH_ENDPOINT: server.endpoint,
    RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: server.credentials.accessKeyId,
    RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
  }
  const rclone = (...args) => timed('rclone', args, { env: rcloneEnv }).then(only)
  const ferry = ({ home }) => ({
    home,
    env: {
      AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
    },
    args: ['--s3-endpoint', server.endpoint, '--s3-region', 'us-east-1'],
  })
  let targets = 0
  return {
    title: 'S3 (Ceph RADOS gateway)',
    contenders: [
      {
        name: 'ferry',
        upload: (tree, { home, target }) => ferrySync(`${tree}/`, `s3://${target}/`, ferry({ home })),
        download: (into, { home, target }) => ferrySync(`s3://${target}/`, `${into}/`, ferry({ home })),
      },
      {
        name: 'rclone',
        upload: (tree, { target }) => rclone('sync', tree, `bench:${target}`),
        download: (into, { target }) => rclone('sync', `bench:${target}`, into),
      },
      {
        name: 'rclone --fast-list --checksum',
        cases: ['first-small', 'again-large', 'again-small'],
        upload: (tree, { target }) => rclone('sync', '--fast-list', '--checksum', tree, `bench:${target}`),
      },
    ],
    async freshTarget() {
      const target = `bench-${targets++}`
      await rclone('mkdir', `bench:${target}`)
      return target
    },
    fetch: (target, into) => rclone('sync', '--exclude', '/.ferry/**', `bench:${target}`, into),
    removeTarget: (target) => rclone('purge', `bench:${target}`),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
