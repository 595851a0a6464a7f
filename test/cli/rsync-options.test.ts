import assert from 'node:assert/strict'
import { Command } from 'commander'
import test from 'node:test'
import { addRsyncFlags, type SaidFlags } from '../../src/cli/rsync-options.ts'
import { parseRsyncSize, wholeNumber } from '../../src/cli/rsync-units.ts'

function parse(...args: readonly string[]): SaidFlags {
  const command = new Command().exitOverride()
  const said = addRsyncFlags(command)
  command.parse([...args], { from: 'user' })
  return said
}

const parts = ['recursive', 'links', 'perms', 'times'] as const
const on = (said: SaidFlags): string =>
  parts
    .filter((part) => said.archived(part))
    .map((part) => part[0])
    .join('')

test('addRsyncFlags: of an option and its --no- the last one counts, and without any of them all are on', () => {
  const table: readonly (readonly [args: string, on: string])[] = [
    ['', 'rlpt'],
    ['--no-perms', 'rlt'],
    ['-a', 'rlpt'],
    ['-r', 'r'],
    ['-rt', 'rt'],
    ['-a --no-t', 'rlp'],
    ['--no-t -a', 'rlpt'],
    ['-a --no-p -p', 'rlpt'],
    ['-p --no-p', ''],
    ['-v', 'rlpt'],
  ]
  for (const [args, expected] of table) {
    const words = args.split(' ').filter((word) => word !== '' && word !== '-v')
    assert.equal(on(parse(...words)), expected, args)
  }
  assert.equal(parse('-a').archived('recursive', true), false, '-a does not say -r with a list of names')
  assert.equal(parse('-ar').archived('recursive', true), true)
})

test('addRsyncFlags: -W, -P, and what is never kept', () => {
  assert.equal(parse().said('whole-file'), undefined)
  assert.equal(parse('-W').said('whole-file'), true)
  assert.equal(parse('-W', '--no-W').said('whole-file'), false)
  assert.deepEqual([parse('-P').said('partial'), parse('-P', '--no-partial').said('partial')], [true, false])
  assert.deepEqual(
    [parse('-a').wantsOwners, parse('-a', '--no-o', '--no-g').wantsOwners, parse('-r').wantsOwners],
    [true, false, false],
  )
})

test('addRsyncFlags: what is not built is refused by name', () => {
  for (const args of [
    ['-H'],
    ['-az'],
    ['--inplace'],
    ['--chmod=F644'],
    ['-e', 'ssh'],
    ['--append-verify'],
    ['-aX'],
  ])
    assert.throws(() => parse(...args), { code: 'E_USAGE', message: /not supported yet/ }, args.join(' '))
})

test('parseRsyncSize: rsync’s units', () => {
  const table: readonly (readonly [text: string, bytes: number])[] = [
    ['0', 0],
    ['100', 100],
    ['10K', 10_240],
    ['10k', 10_240],
    ['10KB', 10_000],
    ['10KiB', 10_240],
    ['1.5M', 1_572_864],
    ['1.5mb', 1_500_000],
    ['2G', 2 * 1024 ** 3],
    ['1m-1', 1024 ** 2 - 1],
    ['100+1', 101],
  ]
  for (const [text, bytes] of table) assert.equal(parseRsyncSize(text), bytes, text)
  for (const text of ['', 'x', '-1', '1X', '1+2', '9999999999T'])
    assert.throws(() => parseRsyncSize(text), { code: 'E_USAGE' }, text)
  assert.equal(wholeNumber(-1)('-1'), -1)
  assert.throws(() => wholeNumber(0)('-1'), { code: 'E_USAGE' })
})
