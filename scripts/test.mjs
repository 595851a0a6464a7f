// `npm test`: builds, makes sure that the servers which tests need are there (as root it installs them from Debian's
// packages, otherwise it says what is skipped), then runs the unit part and the end-to-end part.
//   node scripts/test.mjs [unit|e2e] [name…]     name: part of a test file's path
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [part, ...names] = process.argv.slice(2)

/** Command → Debian package. */
const needed = { rsync: 'rsync', sshd: 'openssh-server', ssh: 'openssh-client' }

function isInstalled(command) {
  const path = `${process.env.PATH}:/usr/sbin:/sbin`
  return (
    spawnSync('sh', ['-c', `command -v ${command}`], { env: { ...process.env, PATH: path }, stdio: 'ignore' })
      .status === 0
  )
}

function installServers() {
  const missing = Object.keys(needed).filter((command) => !isInstalled(command))
  if (missing.length === 0) return
  const packages = [...new Set(missing.map((command) => needed[command]))]
  if (process.getuid?.() === 0 && isInstalled('apt-get')) {
    console.log(`Installing ${packages.join(', ')} for the tests`)
    const apt = (args) =>
      spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=240', ...args], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      }).status
    if (apt(['update']) === 0 && apt(['install', '-y', '--no-install-recommends', ...packages]) === 0) return
  }
  console.log(`Not here, so tests that need them are skipped: ${packages.join(', ')}`)
  console.log(`  hint: apt-get install ${packages.join(' ')}`)
}

const build = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' })
if (build.status !== 0) process.exit(1)
if (part !== 'unit') installServers()

const wanted = (file) => names.length === 0 || names.some((name) => file.includes(name))
const all = globSync('dist/test/**/*.test.js', { cwd: root }).sort()
const parts = {
  unit: all.filter((file) => !file.includes('/e2e/') && wanted(file)),
  e2e: all.filter((file) => file.includes('/e2e/') && wanted(file)),
}
let failed = false
for (const [name, files] of Object.entries(parts)) {
  if ((part !== undefined && part !== name) || files.length === 0) continue
  console.log(`\n${name}: ${files.length} files`)
  const concurrency = name === 'e2e' ? 1 : 2
  const run = spawnSync(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${concurrency}`,
      '--test-timeout=180000',
      `--test-reporter=${process.stdout.isTTY ? 'spec' : 'dot'}`,
      '--test-reporter-destination=stdout',
      '--test-reporter=./scripts/test-summary.mjs',
      '--test-reporter-destination=stdout',
      ...files,
    ],
    { stdio: 'inherit', cwd: root },
  )
  failed ||= run.status !== 0
}
process.exit(failed ? 1 : 0)
