// Compiles src and test into dist, and makes the command executable. Runs on any Node, so that `npm ci` can call it.
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
const command = join(root, 'dist', 'src', 'cli', 'main.js')
if (existsSync(command)) chmodSync(command, 0o755)
