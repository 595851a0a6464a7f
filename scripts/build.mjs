// Compiles src and test into dist, bundles the command, and makes it executable. Runs on any Node, so that `npm ci` can call it.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
if (!existsSync(tsc)) {
  console.error('ferry: TypeScript is not installed, so nothing was built\n  hint: run npm ci first')
  process.exit(1)
}
// A test that was deleted or renamed must not live on in dist.
rmSync(join(root, 'dist'), { recursive: true, force: true })
const result = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.json')], {
  stdio: 'inherit',
  cwd: root,
})
if (result.status !== 0) process.exit(result.status ?? 1)
// The command is bundled into few files, packages included: reading some hundred modules one by one takes five times as
// long as running them. Native packages stay outside. Workers are files of their own, beside the chunk that starts them.
const { build } = await import('esbuild')
const source = (path) => join(root, 'dist', 'src', path)
await build({
  entryPoints: [source('cli/main.js'), source('blobs/worker/worker.js'), source('blobs/walk/walk-worker.js')],
  outdir: join(root, 'dist', 'bundle', 'cli'),
  entryNames: '[name]',
  chunkNames: 'chunk-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  external: ['koffi', '@napi-rs/blake-hash', 'blake3'],
  // Some packages are still CommonJS and ask for node's own modules at run time.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
  },
  legalComments: 'linked',
  logLevel: 'warning',
})
for (const command of [source('cli/main.js'), join(root, 'dist', 'bundle', 'cli', 'main.js')])
  chmodSync(command, 0o755)
