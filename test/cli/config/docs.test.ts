/** docs/config.md is written from the table of settings: the test makes it, or says what it should be. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { configKeys } from '../../../src/cli/config/keys.ts'
import { remoteKeys } from '../../../src/cli/config/remote-keys.ts'

const file = join(resolve(import.meta.dirname, '..', '..', '..', '..'), 'docs', 'config.md')

function table(): string {
  const rows = configKeys.map(
    ({ name, kind, env, fromEnv, preset, summary, inProject, commands }) =>
      `| \`${name}\` | ${summary} | ${kind.name} | ${preset} | ${env ? `\`${env}\`` : fromEnv ? '`NO_COLOR`, `FORCE_COLOR`' : ''} | ${
        commands.includes('*') ? 'all' : commands.join(', ')
      } | ${inProject ? 'yes' : ''} |`,
  )
  return [
    '| key | what | value | default | environment | commands | in a project |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

test('docs/config.md has every setting as it is', () => {
  const [, written] = /<!-- keys -->\n([^]*?)\n?<!-- end of keys -->/.exec(readFileSync(file, 'utf8')) ?? []
  assert.equal(written, table(), 'put this table between the marks')
})

test('docs/config.md names every field of a remote', () => {
  const text = readFileSync(file, 'utf8')
  for (const { name } of remoteKeys)
    assert.match(text, new RegExp(`^${name} = |\`${name}\`|${name} = "`, 'm'), name)
})
