/** Kept code is taken up only when it is whole, one's own, and of this very file; the program runs in any case. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { temporaryFolder } from '../support/temporary-folder.ts'

const program = (answer: number): string =>
  `exports.answer = () => ${answer}; exports.sep = require('node:path').sep; exports.here = __filename`

/** In a process of its own: within one, V8 remembers what it has compiled. */
function load(script: string, keptAt: string): { answer: number; wasKept: boolean; here: string } {
  const url = new URL('../../src/cli/compiled-code.js', import.meta.url).href
  const code = `
    import { loadScript } from ${JSON.stringify(url)}
    const { exports, wasKept, keep } = loadScript(${JSON.stringify(script)}, ${JSON.stringify(keptAt)})
    console.log(JSON.stringify({ answer: exports.answer(), wasKept, here: exports.here }))
    if (!wasKept) keep()`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as { answer: number; wasKept: boolean; here: string }
}

test('the second start takes up what the first has kept', async () => {
  await using folder = temporaryFolder()
  const script = join(folder.path, 'program.cjs')
  const keptAt = join(folder.path, 'cache', 'deep', 'x.code')
  writeFileSync(script, program(1))
  assert.deepEqual(load(script, keptAt), { answer: 1, wasKept: false, here: script })
  assert.equal(statSync(keptAt).mode & 0o777, 0o600)
  assert.equal(statSync(join(folder.path, 'cache')).mode & 0o777, 0o700)
  assert.deepEqual(load(script, keptAt), { answer: 1, wasKept: true, here: script })
  assert.deepEqual(readdirSync(join(keptAt, '..')), ['x.code'])
})

test('another program of the same length is compiled, not taken for the old one', async () => {
  await using folder = temporaryFolder()
  const script = join(folder.path, 'program.cjs')
  const keptAt = join(folder.path, 'x.code')
  writeFileSync(script, program(1))
  load(script, keptAt)
  writeFileSync(script, program(2))
  utimesSync(script, 1, 1)
  assert.deepEqual(load(script, keptAt), { answer: 2, wasKept: false, here: script })
  assert.equal(load(script, keptAt).wasKept, true)
})

const spoilers: [what: string, spoil: (keptAt: string) => void][] = [
  ['damaged in the middle', (path) => writeFileSync(path, flipped(readFileSync(path)))],
  ['cut off', (path) => writeFileSync(path, readFileSync(path).subarray(0, 300))],
  ['empty', (path) => writeFileSync(path, '')],
  ['writable by others', (path) => chmodSync(path, 0o666)],
]

for (const [what, spoil] of spoilers)
  test(`kept code that is ${what} is not taken up, but made anew`, async () => {
    await using folder = temporaryFolder()
    const script = join(folder.path, 'program.cjs')
    const keptAt = join(folder.path, 'x.code')
    writeFileSync(script, program(1))
    load(script, keptAt)
    spoil(keptAt)
    assert.deepEqual(load(script, keptAt), { answer: 1, wasKept: false, here: script })
    assert.equal(load(script, keptAt).wasKept, true)
  })

test('kept code is not read through a link, and a place that cannot be written is no failure', async () => {
  await using folder = temporaryFolder()
  const script = join(folder.path, 'program.cjs')
  const keptAt = join(folder.path, 'x.code')
  writeFileSync(script, program(1))
  load(script, keptAt)
  symlinkSync(keptAt, join(folder.path, 'link.code'))
  assert.equal(load(script, join(folder.path, 'link.code')).wasKept, false)
  assert.equal(load(script, join(script, 'below a file')).wasKept, false)
})

function flipped(bytes: Buffer): Buffer {
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] as number) ^ 0xff
  return bytes
}
