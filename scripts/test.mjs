// `npm test`: builds, makes sure that the servers which tests need are there (as root it installs them from Debian's
// packages), then runs the unit tests, those against real servers, and
// those end to end. The last line is `N passed, N failed, N skipped`.
//   node scripts/test.mjs [unit|servers|e2e] [name…]     name: part of a test file's path
// With FERRY_REQUIRE_SERVERS=1 a server that cannot be had is a failure; otherwise tests that need it are skipped.
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [part, ...names] = process.argv.slice(2)
if (part !== undefined && !['unit', 'servers', 'e2e'].includes(part)) {
  console.error(`Unknown part "${part}"\n  hint: node scripts/test.mjs [unit|servers|e2e] [name…]`)
  process.exit(2)
}

/** Command → Debian package. */
const needed = {
  rsync: 'rsync',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  'ceph-mon': 'ceph-mon',
  'ceph-mgr': 'ceph-mgr',
  'ceph-osd': 'ceph-osd',
  ceph: 'ceph-common',
  radosgw: 'radosgw',
  chromium: 'chromium',
}

function isInstalled(command) {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
  return spawnSync('sh', ['-c', `command -v ${command}`], { env, stdio: 'ignore' }).status === 0
}

/** True when every server is there in the end. */
function installServers() {
  const missing = Object.keys(needed).filter((command) => !isInstalled(command))
  if (missing.length === 0) return true
  const packages = [...new Set(missing.map((command) => needed[command]))]
  if (process.getuid?.() === 0 && isInstalled('apt-get')) {
    console.log(`Installing ${packages.join(', ')} for the tests`)
    const apt = (args) =>
      spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=240', ...args], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      }).status
    if (apt(['update']) === 0 && apt(['install', '-y', '--no-install-recommends', ...packages]) === 0)
      return true
  }
  console.log(`Not here: ${packages.join(', ')}\n  hint: apt-get install ${packages.join(' ')}`)
  return false
}

/** A part that takes so long hangs outside of any test, whose own time is limited. */
const partTimeoutMs = 10 * 60_000

/** Runs test files; returns how many tests passed, failed and were skipped. */
function runFiles(name, files, concurrency) {
  console.log(`\n${name}: ${files.length} files`)
  const started = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'ferry-test-counts-'))
  const countsFile = join(folder, 'counts.json')
  const run = spawnSync(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${concurrency}`,
      '--test-timeout=120000',
      // A test that hangs is reported, and does not hold up the others.
      '--test-force-exit',
      '--test-reporter=./scripts/test-summary.mjs',
      '--test-reporter-destination=stdout',
      ...files,
    ],
    {
      stdio: 'inherit',
      cwd: root,
      env: { ...process.env, FERRY_TEST_COUNTS: countsFile },
      timeout: partTimeoutMs,
    },
  )
  let counts = { passed: 0, failed: 0, skipped: 0 }
  try {
    counts = JSON.parse(readFileSync(countsFile, 'utf8'))
  } catch {
    console.log(`The ${name} tests ended without a result (${run.signal ?? `exit code ${run.status}`})`)
  }
  rmSync(folder, { recursive: true, force: true })
  // A runner that fails without a failed test has found something wrong outside of the tests.
  if (run.status !== 0 && counts.failed === 0) counts.failed = 1
  console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return counts
}

const total = { passed: 0, failed: 0, skipped: 0 }
const add = (counts) => {
  for (const key of Object.keys(total)) total[key] += counts[key]
}
const finish = () => {
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exit(total.failed === 0 ? 0 : 1)
}

const build = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' })
if (build.status !== 0) {
  total.failed = 1
  finish()
}
if (part !== 'unit' && !installServers() && process.env.FERRY_REQUIRE_SERVERS === '1') total.failed++

const all = globSync('dist/test/**/*.test.js', { cwd: root })
  .sort()
  .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
/** Files run at once. End to end it is one: each runs several ferry processes, and moments to kill them should come as planned. */
const parts = [
  { name: 'unit', atOnce: 2, has: (file) => !/\/(?:servers|e2e)\//.test(file) },
  { name: 'servers', atOnce: 2, has: (file) => file.includes('/servers/') },
  { name: 'e2e', atOnce: 1, has: (file) => file.includes('/e2e/') },
]
for (const { name, atOnce, has } of parts) {
  const files = all.filter(has)
  if ((part === undefined || part === name) && files.length > 0) add(runFiles(name, files, atOnce))
}
if (total.passed + total.failed === 0) {
  console.log('No test has run, which is a failure')
  total.failed = 1
}
finish()
