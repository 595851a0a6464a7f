import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import test from 'node:test'
import { noOptions } from '../../support/sync-cases.ts'
import { createListedNames, namesOfFile } from '../../../src/sync/plan/files-from.ts'
import type { FilterRule } from '../../../src/sync/options.ts'
import { requireServer } from '../../support/servers.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { askRsync, linesOf, planFolders } from '../../support/plan-against-rsync.ts'

const skip = requireServer('rsync')

interface Case {
  readonly list: string
  readonly args?: readonly string[]
  readonly recursive?: boolean
  readonly delete?: boolean
  readonly rules?: readonly FilterRule[]
}

const cases: readonly Case[] = [
  { list: 'd/e/2\n' },
  { list: 'd/e\n' },
  { list: 'd/e/\n' },
  { list: 'd/e/.\n' },
  { list: '/d//e/2' },
  { list: '# d/1\n; d/1\n\ntop\r\nd/1\n' },
  { list: 'd/e\n', recursive: true },
  { list: 'd\n', recursive: true, delete: true },
  { list: 'd/\n', delete: true },
  { list: 'd/e\nd/e/2\n', delete: true },
  { list: 'd/e/\n', delete: true },
  { list: 'd/\nnope\n', recursive: true, delete: true },
  { list: '.\n' },
  { list: '.\n', delete: true },
  { list: './\ntop\n', recursive: true, delete: true },
  { list: 'd/e/2\n', rules: [{ kind: 'exclude', pattern: '/d' }] },
  { list: 'd/e\n', recursive: true, rules: [{ kind: 'exclude', pattern: 'f' }] },
  { list: 'd/e/2\nd\n', recursive: true, rules: [{ kind: 'exclude', pattern: '2' }] },
  { list: 'only there\ntop\n', recursive: true, delete: true },
  { list: 'd/only there/\nonly there\n', delete: true },
]

test('planSync: --files-from brings what it brings with rsync', { skip }, async () => {
  await using folder = temporaryFolder()
  const source = folder.at('source')
  const destination = folder.at('destination')
  const put = (path: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, path.slice(-3))
  }
  for (const path of ['d/1', 'd/e/2', 'd/e/f/3', 'g/4', 'g/h/5', 'top']) put(folder.at('source', path))
  for (const path of [
    'd/old',
    'd/e/old',
    'g/old',
    'g/h/old',
    'oldtop',
    'd/e/x/y',
    'only there/f',
    'd/only there/f',
  ])
    put(folder.at('destination', path))
  const wrong: string[] = []
  for (const { list, recursive = false, delete: deletes = false, rules = [] } of cases) {
    const file = folder.at('list')
    writeFileSync(file, list)
    const settings = {
      ...noOptions,
      ...{ links: true, perms: true, times: true, recursive, delete: deletes, rules },
      filesFrom: namesOfFile(list),
    }
    const args = [
      `--files-from=${file}`,
      ...(recursive ? ['-r'] : []),
      ...(deletes ? ['--delete'] : []),
      ...rules.map(({ kind, pattern }) => `--${kind}=${pattern}`),
    ]
    const theirs = await askRsync(['-i', '-lpt', ...args], `${source}/`, `${destination}/`)
    const ours = linesOf(await planFolders(settings, source, destination), settings)
    if (theirs.lines.join('\n') !== ours.lines.join('\n'))
      wrong.push(
        `${JSON.stringify(list)} ${args.slice(1).join(' ')}\n  ${theirs.lines.join('\n  ')}\n not\n  ${ours.lines.join('\n  ')}`,
      )
    const missing = [...theirs.stderr.matchAll(/link_stat ".*\/source\/(.*)" failed/g)].map(
      ([, path]) => path,
    )
    assert.deepEqual(ours.missing, missing)
  }
  assert.deepEqual(wrong, [])
})

test('createListedNames: a name that leads out, or another name at the destination, is refused', () => {
  for (const line of ['../x', 'a/../b', '..', 'a/..', 'a/./b', '/x//.//y'])
    assert.throws(() => createListedNames([line], true), { code: 'E_USAGE' }, line)
  for (const line of ['./a', 'a/.', 'a..b', '...', '/a/b/']) createListedNames([line], true)
})
