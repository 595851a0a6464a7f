// Compiles src and test into dist, bundles the command, makes it executable, and builds the web page. Runs on any Node, so that `npm ci` can call it.
//   node scripts/build.mjs [--if-needed]     --if-needed: not when nothing has changed since it was built last, as for `npx ferry`
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
if (!existsSync(tsc)) {
  console.error('ferry: TypeScript is not installed, so nothing was built\n  hint: run npm ci first')
  process.exit(1)
}
/** Written last, so that a build that was broken off does not count. */
const stamp = join(root, 'dist', '.built')

/** Folders count too: a file that is gone changes the time of its folder. */
function isUpToDate() {
  const builtMs = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs
  if (builtMs === undefined) return false
  const isOlder = (path) => statSync(join(root, path)).mtimeMs < builtMs
  const below = (folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, name))
  return (
    ['src', 'test', 'scripts'].every((folder) => isOlder(folder) && below(folder).every(isOlder)) &&
    readdirSync(root)
      .filter((name) => name.endsWith('.json'))
      .every(isOlder)
  )
}
if (process.argv.includes('--if-needed') && isUpToDate()) process.exit(0)

// A test that was deleted or renamed must not live on in dist.
rmSync(join(root, 'dist'), { recursive: true, force: true })
const result = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.json')], {
  stdio: 'inherit',
  cwd: root,
})
if (result.status !== 0) process.exit(result.status ?? 1)
// The command is bundled: finding and reading some hundred modules one by one takes five times as long as running them.
// What is not always needed lies in the same file and is only run when it is. Native packages stay outside, and workers
// are files of their own beside it.
const { build } = await import('esbuild')
const source = (path) => join(root, 'dist', 'src', path)
const shared = {
  outdir: join(root, 'dist', 'bundle', 'cli'),
  entryNames: '[name]',
  bundle: true,
  platform: 'node',
  target: 'node24',
  // The last two are native parts of ssh2, which does without them.
  external: ['koffi', '@napi-rs/blake-hash', 'blake3', 'cpu-features', '*.node'],
  // Names stay, for the stacks of -vv.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  legalComments: 'linked',
  logLevel: 'warning',
}
/** Ink awaits at its outermost level, which only ES modules can; and no other command should pay for React. */
const tuiApart = {
  name: 'tui-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/open-tui\.js$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './tui.mjs', external: true },
    ),
}
/** Ink loads them when DEV=true; they are not installed with ferry. */
const withoutDevtools = {
  name: 'without-devtools',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: 'without' }))
    onLoad({ filter: /.*/, namespace: 'without' }, () => ({ contents: 'export default {}' }))
  },
}
await build({
  ...shared,
  entryPoints: { tui: source('tui/open-tui.js') },
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  plugins: [withoutDevtools],
  define: { 'process.env.NODE_ENV': '"production"' },
  // What CommonJS packages ask for by name.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
})
await build({
  ...shared,
  entryPoints: { main: source('cli/main.js'), start: source('cli/start.js') },
  format: 'esm',
  external: ['./start.js', './run.js'],
  plugins: [tuiApart],
})
/** The clients of S3 and SSH are a third of the whole, and most commands never load them; see src/cli/start.ts. */
const clientsApart = {
  name: 'clients-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/(aws-client|ssh-library)\.js$/ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { path: `./${basename(path, '.js')}.cjs`, external: true },
    ),
}
// CommonJS, because only that can be loaded together with compiled code; see src/cli/compiled-code.ts.
await build({
  ...shared,
  entryPoints: {
    program: source('cli/run.js'),
    worker: source('blobs/worker/worker.js'),
    'walk-worker': source('blobs/walk/walk-worker.js'),
  },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  plugins: [clientsApart],
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
})
await build({
  ...shared,
  entryPoints: {
    'aws-client': source('sync/remotes/s3/aws-client.js'),
    'ssh-library': source('sync/remotes/sftp/ssh-library.js'),
  },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  // What it imports later on is loaded as everything else is.
  supported: { 'dynamic-import': false },
  // Its ES modules: what is not used of them can be left out.
  mainFields: ['module', 'main'],
})
for (const command of [source('cli/main.js'), join(root, 'dist', 'bundle', 'cli', 'main.js')])
  chmodSync(command, 0o755)
await import('./build-page.mjs')
writeFileSync(stamp, '')
