import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parse } from 'smol-toml'
import { removeFromToml, setInToml } from '../../../src/cli/config/edit-toml.ts'
import { findPlaces, lineOf } from '../../../src/cli/config/toml-places.ts'
import { writeValue } from '../../../src/cli/config/value-kinds.ts'
import { FerryError } from '../../../src/shared/errors.ts'

const sample = `# my settings
top = "a # b" # not a comment in it
[sync] # what I like
  jobs = 4   # four
exclude = [
  "a]b", # first
  'c#d',
]
"quoted key" = """
[not.a.table]
x = 1
""" # long
bwlimit = "20MB/s"

[remote.box]
type = "sftp"
point = { x = 1, y = [2, { z = "}" }] }
[node]
dht = false`

test('findPlaces: the line of every key, whatever stands in the values', () => {
  const places = findPlaces(sample)
  const lines = (path: string[]) => lineOf(places, path)
  assert.deepEqual(
    places.entries.map(({ path, line }) => [path.join('.'), line]),
    [
      ['top', 2],
      ['sync.jobs', 4],
      ['sync.exclude', 5],
      ['sync.quoted key', 9],
      ['sync.bwlimit', 13],
      ['remote.box.type', 16],
      ['remote.box.point', 17],
      ['node.dht', 19],
    ],
  )
  assert.deepEqual(
    places.headers.map(({ path, line }) => [path.join('.'), line]),
    [
      ['sync', 3],
      ['remote.box', 15],
      ['node', 18],
    ],
  )
  assert.equal(lines(['remote', 'box', 'point', 'y']), 17)
  assert.equal(lines(['remote', 'box']), 15)
  assert.equal(lines(['remote', 'box', 'missing']), 15)
  assert.equal(lines(['nothing']), 1)
  for (const { valueStart, end, path } of places.entries)
    assert.doesNotThrow(() => parse(`v = ${sample.slice(valueStart, end)}`), path.join('.'))
})

test('setInToml: changes the value and leaves every other byte', () => {
  assert.equal(setInToml(sample, ['sync', 'jobs'], '8'), sample.replace('jobs = 4 ', 'jobs = 8 '))
  assert.equal(
    setInToml(sample, ['sync', 'exclude'], '["x"]'),
    sample.replace(/exclude = \[[^]*?\n\]\n/, 'exclude = ["x"]\n'),
  )
  assert.equal(setInToml(sample, ['node', 'local'], 'true'), `${sample}\nlocal = true\n`)
  assert.equal(
    setInToml(sample, ['sync', 'delete'], 'false'),
    sample.replace('bwlimit = "20MB/s"\n', 'bwlimit = "20MB/s"\ndelete = false\n'),
  )
  assert.equal(setInToml(sample, ['ui', 'color'], '"never"'), `${sample}\n\n[ui]\ncolor = "never"\n`)
  assert.equal(setInToml('', ['ui', 'color'], '"never"'), '[ui]\ncolor = "never"\n')
  assert.equal(setInToml('[ui]\r\n# c\r\n', ['ui', 'color'], '"x"'), '[ui]\r\ncolor = "x"\r\n# c\r\n')
  assert.equal(
    setInToml('sync.jobs = 1\nz = 1\n', ['sync', 'delete'], 'true'),
    'sync.jobs = 1\nsync.delete = true\nz = 1\n',
  )
})

test('setInToml: what only a person can edit is refused', () => {
  for (const text of ['sync = { jobs = 1 }\n', 'sync = 1\n', '[[sync]]\njobs = 1\n'])
    assert.throws(() => setInToml(text, ['sync', 'delete'], 'true'), FerryError, text)
})

test('removeFromToml: takes the line out', () => {
  assert.equal(removeFromToml(sample, ['sync', 'jobs']), sample.replace('  jobs = 4   # four\n', ''))
  assert.equal(removeFromToml(sample, ['node', 'dht']), sample.replace('dht = false', ''))
  assert.equal(removeFromToml(sample, ['sync', 'nothing']), sample)
  assert.equal(removeFromToml('sync.jobs = 1\n', ['sync', 'jobs']), '')
})

test('writeValue: any text comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.string()), (text, list) => {
      assert.deepEqual({ ...parse(`a = ${writeValue(text)}\nb = ${writeValue(list)}`) }, { a: text, b: list })
    }),
  )
})
