import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { array, constantFrom, sample, tuple } from 'fast-check'
import { mapBounded } from '../../src/shared/concurrency.ts'
import type { FilterRule } from '../../src/sync/options.ts'
import { compileRules, rulesOfFile } from '../../src/sync/plan/filter-rules.ts'
import { createKeeps } from '../../src/sync/plan/keeps.ts'
import { listFolder } from '../support/list-folder.ts'
import { runProcess } from '../support/process.ts'
import { requireServer } from '../support/servers.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const skip = requireServer('rsync')

const fileNames = ['a', 'b', 'ab', 'a.b', 'é', '*x', '[y', 'b-a', 'z\\z', 'A1', ']', 'a b']
const folderNames = ['d', 'ab.d', 'é', 'A']

function makeTree(root: string): void {
  const fill = (folder: string, depth: number): void => {
    mkdirSync(folder)
    for (const name of fileNames) writeFileSync(join(folder, name), '')
    if (depth < 3)
      for (const name of folderNames.slice(0, 4 - depth)) fill(join(folder, `${name}.${depth}`), depth + 1)
    else mkdirSync(join(folder, 'd'))
  }
  fill(root, 0)
}

interface Case {
  readonly args: readonly string[]
  readonly rules: readonly FilterRule[]
}

function ofOptions(...patterns: readonly (readonly ['include' | 'exclude', string])[]): Case {
  return {
    args: patterns.map(([kind, pattern]) => `--${kind}=${pattern}`),
    rules: patterns.map(([kind, pattern]) => ({ kind, pattern })),
  }
}

/** Both lists of what is in the transfer must be equal for each case. */
async function compareAll(cases: readonly Case[]): Promise<void> {
  await using folder = temporaryFolder()
  const root = folder.at('tree')
  makeTree(root)
  mkdirSync(folder.at('nothing'))
  const all = readdirSync(root, { recursive: true }).length
  const wrong: string[] = []
  let excluding = 0
  await mapBounded(
    cases,
    async ({ args, rules }) => {
      const options = ['-rn', '-8', '--out-format=%n', '--no-inc-recursive', ...args]
      const exit = await runProcess('rsync', [...options, `${root}/`, `${folder.path}/nothing/`], {
        env: { ...process.env, LC_ALL: 'C.UTF-8' },
      })
      assert.equal(exit.code, 0, exit.stderr)
      const theirs = exit.stdout.split('\n').filter((line) => line !== '' && line !== './')
      const ours: string[] = []
      const keeps = createKeeps({ rules, filesFrom: undefined, recursive: true }, 'source')
      for await (const batch of listFolder(root, { keeps }))
        ours.push(...batch.map(({ kind, path }) => (kind === 'directory' ? `${path}/` : path)))
      if (theirs.length < all) excluding++
      const only = (a: readonly string[], b: readonly string[]): string[] => {
        const known = new Set(b)
        return a.filter((path) => !known.has(path)).slice(0, 3)
      }
      const lacking = only(theirs, ours)
      const extra = only(ours, theirs)
      if (lacking.length + extra.length > 0)
        wrong.push(`${args.join(' ')}: lacks ${lacking.join(', ')}; has ${extra.join(', ')}`)
    },
    { limit: 3 },
  )
  assert.deepEqual(wrong, [])
  assert.ok(excluding * 3 > cases.length, `only ${excluding} of ${cases.length} cases exclude anything`)
}

test('compileRules: each form of pattern finds what it finds for rsync', { skip }, async () => {
  const patterns = [
    ...[
      'a',
      'a/',
      '/a',
      '/d.0',
      'd.0/',
      '/d.0/',
      'd.0/a',
      '/d.0/a',
      'd.?/a',
      '*.b',
      '*',
      '?',
      '??',
      '/*',
      '*/',
    ],
    ...[
      '**',
      '***',
      '/**',
      'd.0/**',
      'd.0/***',
      '/d.0/***',
      '**/a',
      '/**/a',
      '**/d.1/a',
      'd.0/**/a',
      'd.**',
      '*/a',
    ],
    ...['**a', 'a**', 'd**a', 'd.0/*/a', 'ab.d.*/d.*/', '**/', '**d.1/', '/d.0/**/', '*.d.?/***'],
    ...[
      '[ab]',
      '[a-c]*',
      '[!a]',
      '[^a]',
      '[]]',
      '[!]]',
      '[a-]',
      '[-a]',
      '[c-a]',
      '[[:upper:]]*',
      '[[:alpha:][:digit:]]',
    ],
    ...[
      '[[:nope:]]',
      '[[:alpha]',
      '[a',
      'a[',
      '[y',
      '\\[y',
      '\\[y*',
      '\\*x',
      '[*]x',
      'z\\',
      'z\\\\*',
      'z\\*',
      '?\\',
      '*\\',
    ],
    ...[
      'é',
      '??',
      '?',
      'é*',
      '[é]',
      '[é][é]',
      '[é]?',
      'a b',
      ' a',
      '#a',
      '//a',
      '/',
      'a//',
      './a',
      'd.0/./a',
      '',
    ],
    ...[
      '!',
      '- a',
      '+ a',
      '-a',
      '!a',
      '- !',
      'd.0//a',
      '[.-0]',
      'A[0-9]',
      'A[!0-9]',
      '[[:space:]]',
      'a[[:space:]]b',
    ],
  ].filter((pattern) => pattern !== '')
  await compareAll(patterns.map((pattern) => ofOptions(['exclude', pattern])))
})

test('compileRules: the first rule that matches decides, for any rules', { skip }, async () => {
  const token = constantFrom(
    ...[
      '*',
      '**',
      '***',
      '?',
      '/',
      '/',
      'a',
      'b',
      'd',
      '.',
      '.0',
      '.1',
      'ab',
      'é',
      '[ab]',
      '[!a]',
      '[a-d]',
      '\\',
      '-',
    ],
  )
  const rule = tuple(
    constantFrom<'include' | 'exclude'>('include', 'exclude', 'exclude'),
    array(token, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('')),
  )
  const lists = sample(array(rule, { minLength: 1, maxLength: 4 }), { seed: 4, numRuns: 90 })
  await compareAll(lists.map((list) => ofOptions(...list)))
})

test('rulesOfFile: lines, comments, prefixes and clearing are those of rsync', { skip }, async () => {
  await using folder = temporaryFolder()
  const texts = [
    'a\n# not a rule\n; nor this\n\nb\r\n+ ab\n- *b\n',
    'a\nb\n!\n*.b',
    '+ /d.0\n+ /d.0/a\n- *\n',
    '#a\n #b\n- é\n-b\n',
  ]
  await compareAll(
    texts.map((text, index) => {
      const file = folder.at(`rules-${index}`)
      writeFileSync(file, text)
      return { args: [`--exclude-from=${file}`], rules: rulesOfFile('exclude', text, file) }
    }),
  )
})

test('compileRules: an error names file and line, or the option', () => {
  assert.throws(() => compileRules(rulesOfFile('exclude', 'a\n+ \n', 'my.rules')), {
    code: 'E_USAGE',
    message: 'Cannot use the filter rule of my.rules, line 2: there is no pattern in it',
  })
  assert.throws(() => compileRules([{ kind: 'include', pattern: '' }]), {
    code: 'E_USAGE',
    message: 'Cannot use the filter rule of --include "": there is no pattern in it',
  })
  assert.throws(() => compileRules([{ kind: 'exclude', pattern: 'x'.repeat(5000), from: 'f, line 1' }]), {
    code: 'E_USAGE',
    message: /f, line 1: it is longer than 4095 bytes/,
  })
})

test('compileRules: a pattern of many stars ends soon on a long name', () => {
  const judge = compileRules([{ kind: 'exclude', pattern: `${'*a'.repeat(12)}*b` }])
  assert.equal(judge('a'.repeat(40), false), undefined)
})
