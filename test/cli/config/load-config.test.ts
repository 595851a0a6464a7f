/** Files of settings as they are read, and that for every setting the command line wins, then environment, project, user. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { findCommand } from '../../../src/cli/command-table.ts'
import { applyConfig } from '../../../src/cli/config/apply-config.ts'
import { configPlaces } from '../../../src/cli/config/config-paths.ts'
import { configKeys } from '../../../src/cli/config/keys.ts'
import type { Config } from '../../../src/cli/config/load-config.ts'
import { loadConfig } from '../../../src/cli/config/load-config.ts'
import { noConfig } from '../../../src/cli/config/no-config.ts'
import type { SettingValue } from '../../../src/cli/config/value-kinds.ts'
import { createFakeIo } from '../../support/fake-io.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function setStage() {
  const folder = temporaryFolder()
  const home = folder.at('home')
  const cwd = folder.at('project', 'deep')
  for (const path of [home, cwd]) mkdirSync(path, { recursive: true })
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode: 0o600 })
  }
  return {
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    at: folder.at,
    home,
    cwd,
    user: (text: string) => write(folder.at('home', 'config.toml'), text),
    remotes: (text: string) => write(folder.at('home', 'remotes.toml'), text),
    project: (text: string) => write(folder.at('project', '.ferry.toml'), text),
    async load(env: Record<string, string> = {}, file?: string): Promise<Config> {
      const places = { env: { FERRY_HOME: home, ...env }, platform: 'linux', cwd, file } as const
      return await loadConfig(places, { project: true })
    },
  }
}

/** For every setting four values: TOML of the user and of the project, the environment's text, words of the command line. */
const samples: Readonly<Record<string, readonly [string, string, string, readonly string[]]>> = {
  'api.listen': ['8000', '', '', ['--listen-on', '127.0.0.1:8001']],
  'node.listen': ['["u:1"]', '', 'e:1,e:2', ['--listen', 'c:1']],
  'node.announce': ['["u:1"]', '', 'e:1', ['--announce', 'c:1']],
  'node.bootstrap': ['["u"]', '', 'e', ['--bootstrap', 'c']],
  'node.dht': ['false', '', 'true', ['--no-dht']],
  'node.local': ['true', '', 'no', ['--local']],
  'transfer.upload_jobs': ['2', '', '3', ['-j', '4']],
  'transfer.download_jobs': ['2', '', '3', ['--jobs=4']],
  'transfer.bwlimit': ['"20MB/s"', '', '0', ['--bwlimit', '1.5MB']],
  'sync.jobs': ['2', '3', '4', ['-j', '5']],
  'sync.bwlimit': ['"20MB/s"', '100', '0', ['--bwlimit', '1.5MB']],
  'sync.delta_threshold': ['"1MiB"', '2000000', '3Mi', ['--delta-threshold', '4M']],
  'sync.block_size': ['"64KiB"', '131072', '256Ki', ['-B', '1M']],
  'sync.whole_file': ['true', 'false', '', ['--whole-file']],
  'sync.exclude': ['["*.user"]', '["*.a", "*.b"]', '', ['--exclude', '*.cli']],
  'sync.max_size': ['"1GB"', '"1MB"', '', ['--max-size', '5']],
  'sync.min_size': ['10', '20', '', ['--min-size', '5']],
  'sync.checksum': ['true', 'true', '', ['--no-checksum']],
  'sync.fail_on_conflict': ['true', 'true', '', ['--no-fail-on-conflict']],
  'sync.one_file_system': ['true', 'true', '', ['--no-one-file-system']],
  'sync.modify_window': ['2', '', '', ['--modify-window', '1']],
  'sync.dry_run': ['true', '', '', ['--no-dry-run']],
  'sync.delete': ['true', '', '', ['--no-delete']],
  'sync.max_delete': ['7', '', '', ['--max-delete', '8']],
  'sync.backup': ['true', '', '', ['--no-backup']],
  'sync.backup_dir': ['"old"', '', '', ['--backup-dir', 'other']],
  'sync.sidecar': ['false', '', '', ['--sidecar']],
  'ui.color': ['"always"', '', '1', ['--color=auto']],
  'ui.progress': ['"spinner"', '', 'detail', ['--progress', 'none']],
}

for (const key of configKeys) {
  test(`${key.name}: command line before environment before project before user's file`, async () => {
    await using stage = setStage()
    const [user, project, environment, words] = samples[key.name] as (typeof samples)[string]
    const [section, name] = key.name.split('.') as [string, string]
    const variable = key.env ?? (key.name === 'ui.color' ? 'NO_COLOR' : undefined)
    const commands = key.commands.filter((each) => each === '*' || findCommand(each))
    assert.ok(commands.length > 0, 'some command reads it')
    for (const commandName of commands.map((each) => (each === '*' ? 'share' : each))) {
      const valueWith = async (env: Record<string, string>, said: readonly string[]): Promise<unknown> => {
        const config = await stage.load(env)
        const io = createFakeIo({ cwd: stage.cwd })
        const host = {
          io,
          version: '1',
          config: () => noConfig,
          action: () => undefined,
          onFailure: () => undefined,
          onEnd: () => undefined,
        }
        const command = await (findCommand(commandName) as NonNullable<ReturnType<typeof findCommand>>).load(
          host,
        )
        // The settings of a daemon are for the command that runs it.
        const read = command.commands.find((each) => each.name() === 'run') ?? command
        read
          .action(() => undefined)
          .exitOverride()
          .parse([...said, 'x', 'y'].slice(0, said.length + argumentsOf(commandName)), { from: 'user' })
        applyConfig(read, commandName, config)
        return read.getOptionValue(key.option)
      }
      const kept = (value: SettingValue | undefined): unknown =>
        key.toOption?.(value as SettingValue) ?? value
      const read = (text: string): unknown => kept(key.kind.fromToml(JSON.parse(text)))
      stage.user('')
      stage.project('')
      const preset = await valueWith({}, [])
      stage.user(`[${section}]\n${name} = ${user}\n`)
      assert.deepEqual(await valueWith({}, []), read(user), 'user')
      assert.notDeepEqual(read(user), preset)
      if (key.inProject) {
        stage.project(`[${section}]\n${name} = ${project}\n`)
        const expected = key.isAppended
          ? [...(read(project) as string[]), ...(read(user) as string[])]
          : read(project)
        assert.deepEqual(await valueWith({}, []), expected, 'project')
      }
      const env = variable === undefined ? {} : { [variable]: environment }
      if (variable !== undefined) {
        const expected = key.name === 'ui.color' ? 'never' : kept(key.kind.fromText(environment))
        assert.deepEqual(await valueWith(env, []), expected, 'environment')
      }
      const said = await valueWith(env, words)
      stage.user('')
      stage.project('')
      const alone = await valueWith({}, words)
      if (key.isAppended) assert.deepEqual((said as string[])[0], (alone as string[])[0], 'command line')
      else assert.deepEqual(said, alone, 'command line')
    }
  })
}

function argumentsOf(name: string): number {
  return ['verify', 'diff', 'sync'].includes(name) ? 2 : ['doctor', 'daemon'].includes(name) ? 0 : 1
}

test('loadConfig: whatever is wrong is told with file and line', async () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ['[node]\nlisten = "a"\n', /config\.toml:2": node\.listen must be a list of texts/],
    ['[node]\n\ndht = "yes"\n', /:3": node\.dht must be true or false/],
    ['[transfer]\nupload_jobs = 65\n', /:2": transfer\.upload_jobs: "65" is not a whole number from 1 to 64/],
    ['[transfer]\nupload_jobs = 1.5\n', /whole number/],
    [
      '[transfer]\nuploadjobs = 4\n',
      /:2": "transfer\.uploadjobs": there is no such setting \(did you mean transfer\.upload_jobs\?\)/,
    ],
    ['[transfers]\nx = 4\n', /:2": "transfers\.x": there is no such setting/],
    ['jobs = 4\n', /:1": "jobs": there is no such setting/],
    ['[ui]\nunits = "si"\n', /:2": "ui\.units": it is not supported yet/],
    ['[keys]\nquit = "x"\n', /not supported yet/],
    ['[ui]\ncolor = "blue"\n', /one of auto, always, never/],
    ['a = \n', /:1": not TOML/],
    ['[node]\n[node]\n', /config\.toml:\d": not TOML/],
    ['a = "CANARY\n', /:1": not TOML/],
    [`a = ${'['.repeat(50)}${']'.repeat(50)}\n`, /not TOML/],
    ['[remote.x]\nhost = "a"\n', /:1": remote x needs type/],
    ['[remote.x]\ntype = "ftp"\n', /:2": remote x needs type/],
    ['[remote.x]\ntype = "sftp"\n', /remote x: an SFTP remote needs a host/],
    [
      '[remote.x]\ntype = "sftp"\nhots = "a"\n',
      /:3": "hots": no setting of an sftp remote \(did you mean host\?\)/,
    ],
    ['[remote.x]\ntype = "s3"\nport = 1\n', /:3": "port": no setting of an s3 remote/],
    ['[remote.s3]\ntype = "s3"\n', /s3: already means something else/],
    ['[remote."a b"]\ntype = "s3"\n', /a name has 1 to 64 letters/],
    ['[remote.x]\ntype = "s3"\nendpoint = "https://me:CANARY@h"\n', /endpoint/],
    [
      '[remote.x]\ntype = "s3"\nsecret_access_key = "CANARY"\n',
      /:3": "secret_access_key" of remote x looks like a secret/,
    ],
    ['[remote.x]\ntype = "s3"\nprovider = "wasabi"\n', /wasabi needs a region, such as eu-central-1/],
    ['[sync]\npassword = "CANARY"\n', /looks like a secret/],
    ['remote = 1\n', /must be a table/],
    ['__proto__ = 1\n', /not TOML/],
    ['[node]\n__proto__ = 1\n', /not TOML/],
    ['constructor = 1\n', /not TOML|no such setting/],
  ]
  await using stage = setStage()
  for (const [text, pattern] of table) {
    stage.user(text)
    await assert.rejects(stage.load(), (error: Error & { code?: string; hint?: string }) => {
      assert.equal(error.code, 'E_USAGE')
      assert.match(error.message, pattern, text)
      return true
    })
  }
})

test('loadConfig: limits, text that is none, and files that are not there', async () => {
  await using stage = setStage()
  assert.equal((await stage.load()).settings.size, 0)
  stage.user(`# ${'x'.repeat(300_000)}`)
  await assert.rejects(stage.load(), /larger than 262144 bytes/)
  writeFileSync(stage.at('home', 'config.toml'), Buffer.of(0x61, 0xff))
  await assert.rejects(stage.load(), /not UTF-8/)
  await assert.rejects(stage.load({}, 'nowhere.toml'), /does not exist/)
  await assert.rejects(stage.load({ FERRY_CONFIG: '/nowhere' }), /does not exist/)
  await assert.rejects(stage.load({}, stage.home), /it is a folder/)
  await assert.rejects(
    stage.load({ FERRY_JOBS: 'many', FERRY_CONFIG: '/dev/null' }),
    /FERRY_JOBS: "many" is not a whole number/,
  )
})

test('loadConfig: --config before FERRY_CONFIG before the usual place', async () => {
  await using stage = setStage()
  stage.user('[transfer]\nupload_jobs = 1\n')
  writeFileSync(stage.at('env.toml'), '[transfer]\nupload_jobs = 2\n')
  writeFileSync(stage.at('project', 'deep', 'named.toml'), '[transfer]\nupload_jobs = 3\n')
  const jobs = (config: Config) => config.settings.get('transfer.upload_jobs')?.value
  assert.equal(jobs(await stage.load()), 1)
  assert.equal(jobs(await stage.load({ FERRY_CONFIG: stage.at('env.toml') })), 2)
  assert.equal(jobs(await stage.load({ FERRY_CONFIG: stage.at('env.toml') }, 'named.toml')), 3)
})

test('loadConfig: a project file can lead nothing elsewhere', async () => {
  await using stage = setStage()
  for (const [text, pattern] of [
    ['[remote.box]\ntype = "sftp"\nhost = "evil"\n', /may not define remotes/],
    ['[node]\nlisten = ["0.0.0.0:1"]\n', /node\.listen may not be set in a project file/],
    ['[ui]\ncolor = "never"\n', /may not be set in a project file/],
  ] as const) {
    stage.project(text)
    await assert.rejects(stage.load(), pattern)
  }
})

test('loadConfig: a project file of others is ignored, one that others can write is warned of', async () => {
  await using stage = setStage()
  stage.project('[node]\nlisten = ["0.0.0.0:1"]\n')
  chmodSync(stage.at('project', '.ferry.toml'), 0o666)
  const open = await stage.load()
  assert.equal(open.projectFile, undefined)
  assert.match(open.warnings.join(), /Ignored .*everyone can write to it/)
  stage.user('')
  chmodSync(stage.at('home', 'config.toml'), 0o620)
  assert.match((await stage.load()).warnings.join(), /Others can change your settings .*chmod 600/)
  chmodSync(stage.at('home', 'config.toml'), 0o640)
  assert.equal((await stage.load()).warnings.filter((each) => each.includes('Others')).length, 0)
})

test('loadConfig: the file of a person goes before the one that ferry writes', async () => {
  await using stage = setStage()
  stage.user('[remote.a]\ntype = "sftp"\nhost = "mine"\n')
  stage.remotes(
    '[remote.a]\ntype = "sftp"\nhost = "other"\n[remote.b]\ntype = "s3"\nprovider = "hetzner"\nregion = "fsn1"\n',
  )
  const { remotes } = await stage.load()
  assert.deepEqual(remotes.get('a')?.definition, {
    kind: 'sftp',
    host: 'mine',
    path: '',
    port: undefined,
    user: undefined,
    identityFile: undefined,
  })
  const b = remotes.get('b')?.definition
  assert.equal(b?.kind === 's3' && b.endpoint, 'https://fsn1.your-objectstorage.com')
  assert.deepEqual([remotes.get('a')?.isOwn, remotes.get('b')?.isOwn], [false, true])
  stage.remotes('[sync]\njobs = 1\n')
  await assert.rejects(stage.load(), /for remotes alone/)
  assert.equal(statSync(stage.at('home', 'remotes.toml')).mode & 0o777, 0o600)
})

test('configPlaces: a folder that is gone is no failure', () => {
  const io = createFakeIo()
  const gone = {
    ...io,
    cwd: () => {
      throw new Error('gone')
    },
  }
  const command = { commands: [], getOptionValue: () => undefined } as unknown as Parameters<
    typeof configPlaces
  >[0]
  assert.equal(configPlaces(command, gone).cwd, '/')
})
