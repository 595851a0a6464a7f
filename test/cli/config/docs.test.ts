/** docs/config.md is written from the table of settings: the test makes it, or says what it should be. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { Command } from 'commander'
import { findCommand } from '../../../src/cli/command-table.ts'
import { configKeys } from '../../../src/cli/config/keys.ts'
import { noConfig } from '../../../src/cli/config/no-config.ts'
import { remoteKeys } from '../../../src/cli/config/remote-keys.ts'
import { addGlobalOptions, addNetworkOptions } from '../../../src/cli/global-options.ts'
import { createFakeIo } from '../../support/fake-io.ts'

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

test('docs/sync.md names every option of sync', async () => {
  const text = readFileSync(join(file, '..', 'sync.md'), 'utf8')
  const host = {
    io: createFakeIo(),
    version: '1',
    config: () => noConfig,
    action: () => undefined,
    onFailure: () => undefined,
    onEnd: () => undefined,
  }
  const entry = findCommand('sync') ?? assert.fail('there is a sync')
  const common = addNetworkOptions(addGlobalOptions(new Command(), 'job')).options.map(({ long }) => long)
  const missing = (await entry.load(host)).options
    .filter(({ hidden, long }) => !hidden && !(common.includes(long) && long !== '--progress'))
    .filter(({ long, short }) => ![long, short].some((flag) => flag && text.includes(`\`${flag}\``)))
  assert.deepEqual(
    missing.map(({ flags }) => flags),
    [],
  )
})
