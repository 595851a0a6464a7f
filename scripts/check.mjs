// Types, lint, format and architecture, side by side where they do not need each other. Prints only what is wrong.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = (name) => join(root, 'node_modules', '.bin', name)

function run(title, command, args) {
  const started = performance.now()
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (output += data))
    child.on('close', (status) => {
      const ok = status === 0
      console.log(`${ok ? 'ok  ' : 'FAIL'} ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
      if (!ok) console.log(output)
      resolve(ok)
    })
  })
}

const [formatted, built, pageTyped] = await Promise.all([
  run('format', bin('biome'), ['format', '.']),
  run('types', process.execPath, [join(root, 'scripts', 'build.mjs')]),
  // The page has types of its own: those of a browser.
  run('types of the page', bin('tsc'), ['-p', join(root, 'src', 'web', 'tsconfig.json')]),
])
// Both read what the build has made: the examples import the compiled library, and the test of the architecture is compiled.
const results = await Promise.all([
  run('lint', bin('oxlint'), ['--type-aware', '--deny-warnings', 'src', 'test', 'scripts', 'examples']),
  run('architecture', process.execPath, ['--test', join(root, 'dist', 'test', 'architecture.test.js')]),
])
process.exit(formatted && built && pageTyped && results.every(Boolean) ? 0 : 1)
