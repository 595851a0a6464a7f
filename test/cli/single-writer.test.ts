import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(import.meta.dirname, '..', '..', '..', 'src')

test('reporter.single-writer: nothing but the command line touches the outputs, the arguments or the exit code', () => {
  const wrong = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(root, file).startsWith('cli'))
    .filter((file) =>
      /process\.(stdout|stderr|exit|exitCode|argv)\b|console\./.test(readFileSync(file, 'utf8')),
    )
  assert.deepEqual(wrong, [])
})
