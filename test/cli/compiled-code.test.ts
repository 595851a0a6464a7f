/** Kept code is taken up only when it is whole, one's own, and of this very file; the program runs in any case. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
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
function load(script: string, directory: string): { answer: number; wasKept: boolean; here: string } {
  const url = new URL('../../src/cli/compiled-code.js', import.meta.url).href
  const code = `
    import { loadScript } from ${JSON.stringify(url)}
    const { exports, wasKept, keep } = loadScript(${JSON.stringify(script)}, ${JSON.stringify(directory)}, 'x')
    console.log(JSON.stringify({ answer: exports.answer(), wasKept, here: exports.here }))
    if (!wasKept) keep()`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as { answer: number; wasKept: boolean; here: string }
}

/** The only file of the directory in which code is kept. */
function onlyFile(directory: string): string {
  const names = readdirSync(directory)
  assert.equal(names.length, 1)
  return join(directory, names[0] as string)
}

test('the second start takes up what the first has kept', async () => {
  await using folder = temporaryFolder()
  const script = folder.at('program.cjs')
  const cache = folder.at('cache', 'deep')
  writeFileSync(script, program(1))
  assert.deepEqual(load(script, cache), { answer: 1, wasKept: false, here: script })
  assert.equal(statSync(folder.at('cache')).mode & 0o777, 0o700)
  assert.equal(statSync(onlyFile(cache)).mode & 0o777, 0o600)
  assert.deepEqual(load(script, cache), { answer: 1, wasKept: true, here: script })
})

test('another program of the same length is compiled, not taken for the old one', async () => {
  await using folder = temporaryFolder()
  const script = folder.at('program.cjs')
  const cache = folder.at('cache')
  writeFileSync(script, program(1))
  load(script, cache)
  writeFileSync(script, program(2))
  utimesSync(script, 1, 1)
  assert.deepEqual(load(script, cache), { answer: 2, wasKept: false, here: script })
  assert.equal(load(script, cache).wasKept, true)
  onlyFile(cache)
})

test('two copies of the program do not push each other out, and old code goes', async () => {
  await using folder = temporaryFolder()
  const cache = folder.at('cache')
  writeFileSync(folder.at('one.cjs'), program(1))
  writeFileSync(folder.at('two.cjs'), program(2))
  load(folder.at('one.cjs'), cache)
  const first = onlyFile(cache)
  load(folder.at('two.cjs'), cache)
  assert.equal(load(folder.at('one.cjs'), cache).wasKept, true)
  assert.equal(load(folder.at('two.cjs'), cache).wasKept, true)
  utimesSync(first, 1, 1)
  writeFileSync(folder.at('three.cjs'), program(3))
  load(folder.at('three.cjs'), cache)
  assert.equal(existsSync(first), false)
  assert.equal(readdirSync(cache).length, 2)
})

const spoilers: [what: string, spoil: (keptAt: string) => void][] = [
  ['damaged in the middle', (path) => writeFileSync(path, flipped(readFileSync(path)))],
  ['cut off', (path) => writeFileSync(path, readFileSync(path).subarray(0, 300))],
  ['empty', (path) => writeFileSync(path, '')],
  ['writable by others', (path) => chmodSync(path, 0o666)],
  [
    'behind a link',
    (path) => (renameSync(path, `${path}.elsewhere`), symlinkSync(`${path}.elsewhere`, path)),
  ],
]

for (const [what, spoil] of spoilers)
  test(`kept code that is ${what} is not taken up, but made anew`, async () => {
    await using folder = temporaryFolder()
    const script = folder.at('program.cjs')
    const cache = folder.at('cache')
    writeFileSync(script, program(1))
    load(script, cache)
    spoil(onlyFile(cache))
    assert.deepEqual(load(script, cache), { answer: 1, wasKept: false, here: script })
    assert.equal(load(script, cache).wasKept, true)
  })

test('a place that cannot be written is no failure', async () => {
  await using folder = temporaryFolder()
  const script = folder.at('program.cjs')
  writeFileSync(script, program(1))
  assert.equal(load(script, folder.at('program.cjs', 'below a file')).wasKept, false)
})

function flipped(bytes: Buffer): Buffer {
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] as number) ^ 0xff
  return bytes
}

test('a part beside the program is loaded once, and kept with it', async () => {
  await using folder = temporaryFolder()
  const script = folder.at('program.cjs')
  const cache = folder.at('cache')
  writeFileSync(folder.at('part.cjs'), 'exports.count = (globalThis.loads = (globalThis.loads ?? 0) + 1)')
  writeFileSync(script, "exports.counts = () => [require('./part.cjs').count, require('./part.cjs').count]")
  const url = new URL('../../src/cli/compiled-code.js', import.meta.url).href
  const code = `
    import { loadScript } from ${JSON.stringify(url)}
    const { exports, keep } = loadScript(${JSON.stringify(script)}, ${JSON.stringify(cache)}, 'x', ['./part.cjs'])
    console.log(JSON.stringify(exports.counts()))
    keep()`
  for (let run = 0; run < 2; run++) {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
    })
    assert.equal(stdout, '[1,1]\n', stderr)
    assert.equal(readdirSync(cache).length, 2)
  }
})
