/** Remotes with a name, with real servers: tried out, synced to, and no secret of the environment in anything that is said. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { parseJsonLines, runFerry } from '../support/ferry.ts'
import { setStage, type Stage } from '../support/journey.ts'
import { describeExit, type Exit } from '../support/process.ts'
import { startS3, type S3Server } from '../support/s3/start-s3.ts'
import { type Sshd, sshdSkipReason, startSshd } from '../support/sshd.ts'

function runnerOf(stage: Stage, env: Record<string, string>) {
  return async (...args: readonly string[]): Promise<Exit> =>
    await runFerry(args, { home: stage.senderHome, cwd: stage.path, env })
}

function awsOf(server: S3Server, change: Partial<S3Server['credentials']> = {}): Record<string, string> {
  const { accessKeyId, secretAccessKey } = { ...server.credentials, ...change }
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: server.region,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

/** The home folder of the stage knows the server, and nothing else. */
function knowHost(stage: Stage, sshd: Sshd): void {
  mkdirSync(`${stage.senderHome}/.ssh`, { recursive: true, mode: 0o700 })
  writeFileSync(`${stage.senderHome}/.ssh/known_hosts`, readFileSync(sshd.knownHostsFile))
}

test('a bucket: added, tried out, synced to by its name, and settings of the project count', async () => {
  await using stage = setStage()
  await using server = await startS3()
  server.bucket('photos')
  const ferry = runnerOf(stage, awsOf(server))
  const added = await ferry(
    'remote',
    'add',
    'site',
    's3',
    '--bucket',
    'photos',
    '--prefix',
    'www',
    '--endpoint',
    server.endpoint,
  )
  assert.equal(added.code, 0, describeExit(added))
  const empty = await ferry('remote', 'test', 'site')
  assert.equal(empty.code, 0, describeExit(empty))
  assert.match(empty.stdout, /s3:\/\/photos\/www/)
  stage.write('src/a.txt', 'a')
  stage.write('src/b.o', 'b')
  stage.write('.ferry.toml', '[sync]\nexclude = ["*.o"]\n')
  const synced = await ferry('sync', '-a', 'src/', 'site:')
  assert.equal(synced.code, 0, describeExit(synced))
  assert.equal(server.content('photos', 'www/a.txt').toString(), 'a')
  assert.throws(() => server.content('photos', 'www/b.o'))
  const full = await ferry('remote', 'test', 'site', '--json')
  const summary = parseJsonLines(full.stdout).at(-1) ?? assert.fail(describeExit(full))
  const { kind, entries, delta, links } = summary['remote'] as Record<string, unknown>
  assert.deepEqual({ kind, entries, delta, links }, { kind: 'folder', entries: 1, delta: true, links: false })
  const missing = await ferry('remote', 'test', 's3://nobody-has-this', '--config', '/dev/null')
  assert.notEqual(missing.code, 0)
})

test('a server: added, tried out, synced to by its name', { skip: sshdSkipReason }, async () => {
  await using stage = setStage()
  await using sshd = await startSshd()
  knowHost(stage, sshd)
  mkdirSync(stage.at('there'))
  const ferry = runnerOf(stage, {})
  const added = await ferry(
    ...[
      'remote',
      'add',
      'box',
      'sftp',
      '--host',
      sshd.host,
      '--port',
      String(sshd.port),
      '--user',
      sshd.user,
    ],
    ...['--identity-file', sshd.keyFile, '--path', stage.at('there')],
  )
  assert.equal(added.code, 0, describeExit(added))
  const tried = await ferry('remote', 'test', 'box')
  assert.equal(tried.code, 0, describeExit(tried))
  assert.match(tried.stdout, /0 entries at the top/)
  assert.match(tried.stdout, /yes {2}permission bits are kept/)
  stage.write('src/a.txt', 'a')
  const synced = await ferry('sync', '-a', 'src/', 'box:deep')
  assert.equal(synced.code, 0, describeExit(synced))
  assert.deepEqual(
    readdirSync(stage.at('there', 'deep')).filter((name) => name !== '.ferry'),
    ['a.txt'],
  )
  writeFileSync(`${stage.senderHome}/.ssh/known_hosts`, '')
  const unknown = await ferry('remote', 'test', 'box')
  assert.equal(unknown.code, 5, describeExit(unknown))
})

test('no secret is in anything that is said or kept', { skip: sshdSkipReason }, async () => {
  await using stage = setStage()
  await using server = await startS3()
  await using sshd = await startSshd()
  knowHost(stage, sshd)
  server.bucket('photos')
  stage.write('src/a.txt', 'a')
  const secrets = {
    ...awsOf(server, { secretAccessKey: 'CANARYsecret/key+1' }),
    AWS_SESSION_TOKEN: 'CANARYtoken',
    AWS_ENDPOINT_URL: server.endpoint,
    FERRY_SSH_PASSWORD: 'CANARYpassword',
    FERRY_SSH_PASSPHRASE: 'CANARYpassphrase',
  }
  const ferry = runnerOf(stage, secrets)
  const place = `${sshd.user}@${sshd.host}`
  const lines: readonly (readonly [args: readonly string[], code: number])[] = [
    [['remote', 'test', 's3://photos'], 5],
    [['sync', 'src/', 's3://photos/x'], 5],
    [['sync', 's3://photos/x', 'into'], 5],
    [['remote', 'test', `sftp://${place}:${sshd.port}/`], 5],
    [['sync', 'src/', `sftp://${place}:${sshd.port}/x`], 5],
    [['sync', 'src/', `sftp://me:CANARYurl@${sshd.host}/x`], 2],
    [['sync', 'src/', 's3://AKIACANARY:CANARYurl@photos/x'], 2],
    [['sync', 'src/', `me:CANARYurl@${sshd.host}:x`], 2],
    [['sync', 'src/', 's3://photos', '--s3-endpoint', 'http://me:CANARYurl@127.0.0.1'], 2],
    [['sync', 'src/', 's3://photos', '--secret-access-key', 'CANARYoption'], 2],
    [['remote', 'add', 'x', 's3', '--secret-access-key=CANARYoption'], 2],
    [['config', 'set', 'aws.secret_access_key', 'CANARYset'], 2],
    [['config', 'list'], 0],
    [['doctor', '--no-dht', '--local'], 0],
  ]
  for (const [args, code] of lines) {
    // Both ways of telling at once: lines of JSON, and the error with its causes and stacks.
    const exit = await ferry(...args, '--json', '-vv')
    const what = args.join(' ').replaceAll(/CANARY\w+/g, '…')
    assert.doesNotMatch(exit.stdout + exit.stderr, /CANARY/, what)
    assert.equal(exit.code, code, `${what}: ${describeExit(exit)}`)
  }
  for (const name of readdirSync(stage.senderHome, { recursive: true, withFileTypes: true })) {
    const path = `${name.parentPath}/${name.name}`
    if (name.isFile() && existsSync(path)) assert.ok(!readFileSync(path).includes('CANARY'), path)
  }
})
