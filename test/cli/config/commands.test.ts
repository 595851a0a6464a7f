/** `ferry config`, `ferry remote` and `ferry providers`, from the command line to the files. */
import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { test } from 'node:test'
import { run } from '../../../src/cli/run.ts'
import { providers, storageClasses } from '../../../src/cli/providers.ts'
import { createFakeIo } from '../../support/fake-io.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function setStage() {
  const folder = temporaryFolder()
  return {
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    at: folder.at,
    config: folder.at('config.toml'),
    remotes: folder.at('remotes.toml'),
    async ferry(line: string | readonly string[], env: Record<string, string> = {}) {
      const io = createFakeIo({ env: { FERRY_HOME: folder.path, ...env }, cwd: folder.path })
      const code = await run(typeof line === 'string' ? line.split(' ') : line, '1.2.3', io)
      return { code, ...io.written, all: io.written.out + io.written.err }
    },
  }
}

const linesOf = (out: string): Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('config: set, get, list, unset, path; comments stay', async () => {
  await using stage = setStage()
  const { ferry } = stage
  writeFileSync(stage.config, '# mine\n[transfer]\nupload_jobs = 2 # two\n')
  assert.equal((await ferry('config set transfer.upload_jobs 5')).code, 0)
  assert.equal(readFileSync(stage.config, 'utf8'), '# mine\n[transfer]\nupload_jobs = 5 # two\n')
  assert.equal((await ferry('config get transfer.upload_jobs')).out, '5\n')
  assert.equal((await ferry('config get transfer.upload_jobs', { FERRY_JOBS: '7' })).out, '7\n')
  assert.equal((await ferry('config set node.listen a:1 b:2')).code, 0)
  assert.equal((await ferry('config get node.listen')).out, 'a:1\nb:2\n')
  const list = await ferry('config list', { FERRY_JOBS: '7' })
  assert.match(list.out, /^transfer\.upload_jobs +7 +FERRY_JOBS$/m)
  assert.match(list.out, /^node\.listen +\["a:1", "b:2"\] +.*config\.toml:6$/m)
  assert.match(list.out, /^node\.dht +# true +default$/m)
  assert.equal((await ferry('config')).out, (await ferry('config list')).out)
  const json = linesOf((await ferry('config --json')).out)
  assert.deepEqual(json.find((line) => line['key'] === 'transfer.upload_jobs')?.['value'], 5)
  assert.equal(json.at(-1)?.['type'], 'summary')
  assert.equal((await ferry('config unset transfer.upload_jobs')).code, 0)
  assert.equal((await ferry('config get transfer.upload_jobs')).out, '')
  assert.equal((await ferry('config path')).out, `${stage.config}\n`)
  assert.equal(
    (await ferry(['config', 'path', '--config', stage.at('x.toml')])).out,
    `${stage.at('x.toml')}\n`,
  )
  assert.deepEqual(readdirSync(stage.at()).toSorted(), ['config.toml'], 'nothing is left beside it')
})

test('config set: a new file is private, a link stays a link, and a shadowed setting is told', async () => {
  await using stage = setStage()
  assert.equal((await stage.ferry('config set ui.color never')).code, 0)
  assert.equal(statSync(stage.config).mode & 0o777, 0o600)
  mkdirSync(stage.at('dotfiles'))
  writeFileSync(stage.at('dotfiles', 'f.toml'), '', { mode: 0o640 })
  symlinkSync(stage.at('dotfiles', 'f.toml'), stage.at('link.toml'))
  const set = await stage.ferry(
    ['config', 'set', '--config', stage.at('link.toml'), 'transfer.upload_jobs', '3'],
    { FERRY_JOBS: '4' },
  )
  assert.equal(set.code, 0)
  assert.match(set.err, /FERRY_JOBS goes before your file, and says 4/)
  assert.ok(lstatSync(stage.at('link.toml')).isSymbolicLink())
  assert.match(readFileSync(stage.at('dotfiles', 'f.toml'), 'utf8'), /upload_jobs = 3/)
  assert.equal(statSync(stage.at('dotfiles', 'f.toml')).mode & 0o777, 0o640)
})

test('config: what cannot be is refused, and changes nothing', async () => {
  await using stage = setStage()
  const table: readonly (readonly [string, number, RegExp])[] = [
    ['config get transfer.uploadjobs', 2, /did you mean transfer\.upload_jobs\?/],
    ['config set ui.units si', 2, /not supported yet/],
    ['config set transfer.upload_jobs 99', 2, /Cannot set transfer\.upload_jobs: "99" is not a whole number/],
    ['config set transfer.upload_jobs 1 2', 2, /it takes one/],
    ['config set remote.x.host h', 2, /Cannot change remotes here/],
    ['config set aws.secret_access_key CANARY', 2, /looks like a secret/],
    ['config nothing', 2, /unknown command|too many arguments/],
    ['--config /nowhere share x', 3, /does not exist/],
    ['share x --config /nowhere', 3, /does not exist/],
  ]
  for (const [line, code, pattern] of table) {
    const ran = await stage.ferry(line)
    assert.equal(ran.code, code, `${line}: ${ran.all}`)
    assert.match(ran.err, pattern, line)
    assert.ok(!ran.all.includes('CANARY'), line)
  }
  assert.ok(!existsSync(stage.config))
  writeFileSync(stage.config, '[node]\nlisten = 1\n')
  const broken = await stage.ferry('config set node.dht false')
  assert.deepEqual([broken.code, readFileSync(stage.config, 'utf8')], [2, '[node]\nlisten = 1\n'])
  assert.match(broken.err, /config\.toml:2/)
  assert.equal(
    (await stage.ferry('store info')).code,
    2,
    'no command runs on settings that are not understood',
  )
  assert.equal((await stage.ferry('help')).code, 0)
})

test('config edit: opens the editor with its options, and checks what was written', async () => {
  await using stage = setStage()
  const script = stage.at('ed.sh')
  writeFileSync(script, '[ "$1" = --wait ] || exit 9\nprintf "[node]\\ndht = false\\n" >> "$2"\n')
  const edited = await stage.ferry('config edit', { EDITOR: `sh ${script} --wait` })
  assert.equal(edited.code, 0, edited.err)
  assert.match(readFileSync(stage.config, 'utf8'), /^# Settings of ferry[^]*dht = false/)
  const twice = await stage.ferry('config edit', { EDITOR: `sh ${script} --wait` })
  assert.deepEqual([twice.code, /not TOML/.test(twice.err)], [2, true])
  assert.match(
    (await stage.ferry('config edit', { VISUAL: 'false' })).err,
    /The editor "false" ended with a failure/,
  )
})

test('remote: add, ls, edit, rm', async () => {
  await using stage = setStage()
  const { ferry } = stage
  const add = await ferry('remote add box sftp --host box.example.org --user me --port 2222 --path data')
  assert.deepEqual([add.code, /box: is sftp:\/\/me@box\.example\.org:2222\/~\/data/.test(add.err)], [0, true])
  assert.equal(statSync(stage.remotes).mode & 0o777, 0o600)
  const { code } = await ferry(
    'remote add site s3 --bucket my-bucket --prefix site --provider hetzner --region fsn1 --profile me --path-style --storage-class STANDARD_IA',
  )
  assert.equal(code, 0)
  assert.equal(
    readFileSync(stage.remotes, 'utf8'),
    `# Written by "ferry remote"; secrets do not belong here.

[remote.box]
type = "sftp"
host = "box.example.org"
port = 2222
user = "me"
path = "data"

[remote.site]
type = "s3"
bucket = "my-bucket"
prefix = "site"
provider = "hetzner"
region = "fsn1"
profile = "me"
path_style = true
storage_class = "STANDARD_IA"
`,
  )
  assert.equal(
    (await ferry('remote ls')).out,
    'box:     sftp://me@box.example.org:2222/~/data\n' +
      'site:    s3://my-bucket/site (https://fsn1.your-objectstorage.com, fsn1)\n',
  )
  assert.equal((await ferry('remote edit box --unset port --host [::1]')).code, 2, 'brackets are for URLs')
  assert.equal((await ferry('remote edit box --unset port --host ::1')).code, 0)
  assert.match((await ferry('remote ls')).out, /^box: +sftp:\/\/me@\[::1\]\/~\/data$/m)
  const json = linesOf((await ferry('remote ls --json')).out)
  assert.deepEqual(
    json.filter((line) => line['type'] === 'remote').map(({ name, host, bucket }) => [name, host ?? bucket]),
    [
      ['box', '::1'],
      ['site', 'my-bucket'],
    ],
  )
  assert.equal((await ferry('remote rm box')).code, 0)
  assert.doesNotMatch((await ferry('remote ls')).out, /box/)
})

test('remote: what cannot be is refused, and no secret is taken or shown', async () => {
  await using stage = setStage()
  await stage.ferry('remote add box sftp --host h')
  writeFileSync(stage.config, '[remote.mine]\ntype = "sftp"\nhost = "h"\n')
  const table: readonly (readonly [string, number, RegExp])[] = [
    ['remote add box sftp --host h', 8, /there is one of that name/],
    ['remote add a/b sftp --host h', 2, /letters, digits/],
    ['remote add s3 s3', 2, /already means something else/],
    ['remote add x ftp', 2, /its type is s3 or sftp/],
    ['remote add x sftp', 2, /needs a host/],
    ['remote add x sftp --host h --bucket b', 2, /--bucket: it is for s3 remotes/],
    ['remote add x sftp --host h --port 0', 2, /--port: "0" is not a whole number/],
    ['remote add x s3 --provider nobody', 2, /one of aws, cloudflare/],
    ['remote add x s3 --provider cloudflare', 2, /cloudflare needs an account/],
    ['remote add x s3 --provider wasabi --region r --endpoint https://h', 2, /do not go together/],
    ['remote add x s3 --provider wasabi --region a.evil.example/', 2, /letters, digits and hyphens only/],
    ['remote add x s3 --endpoint ftp://h', 2, /http or https/],
    ['remote add x s3 --endpoint https://me:CANARY@h', 2, /without a user/],
    [
      'remote add x s3 --secret-access-key CANARY',
      2,
      /unknown option --secret-access-key[^]*not taken on the command line[^]*AWS_PROFILE/,
    ],
    ['remote add x s3 --secret-access-key=CANARY', 2, /unknown option --secret-access-key\n/],
    ['remote add x sftp --host h --password=CANARY', 2, /unknown option --password\n[^]*ssh-agent/],
    ['remote add x sftp --host h --passphrase CANARY', 2, /unknown option --passphrase/],
    ['remote edit box', 2, /Nothing to change/],
    ['remote edit box --unset port', 2, /it is not set/],
    ['remote edit bax --host h', 3, /did you mean box\?/],
    ['remote rm nobody', 3, /none of that name/],
    ['remote rm mine', 8, /config\.toml:1/],
    ['remote rm', 2, /missing required argument/],
  ]
  const before = readFileSync(stage.remotes, 'utf8')
  for (const [line, code, pattern] of table) {
    for (const more of ['', ' --json -vv']) {
      const ran = await stage.ferry(line + more)
      assert.equal(ran.code, code, `${line}: ${ran.all}`)
      assert.ok(!ran.all.includes('CANARY'), `${line}: ${ran.all}`)
      assert.match(ran.err, pattern, line)
    }
  }
  assert.equal(readFileSync(stage.remotes, 'utf8'), before)
})

test('providers: eleven stores and six storage classes', async () => {
  await using stage = setStage()
  const { out } = await stage.ferry('providers')
  assert.deepEqual([providers.length, storageClasses.length], [11, 6])
  for (const { name } of [...providers, ...storageClasses]) assert.match(out, new RegExp(`^  ${name} `, 'm'))
  const json = linesOf((await stage.ferry('providers --json')).out)
  assert.equal(json.filter((line) => line['type'] === 'provider').length, 11)
})
