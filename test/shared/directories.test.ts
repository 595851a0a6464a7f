import assert from 'node:assert/strict'
import test from 'node:test'
import { cacheDirectory, resolveDirectories } from '../../src/shared/directories.ts'

test('directories follow the system, and the environment before it', () => {
  const home = { HOME: '/home/me' }
  assert.deepEqual(resolveDirectories(home, 'linux'), {
    data: '/home/me/.local/share/ferry',
    config: '/home/me/.config/ferry',
    state: '/home/me/.local/state/ferry',
  })
  assert.deepEqual(
    resolveDirectories({ ...home, XDG_DATA_HOME: '/data', XDG_CONFIG_HOME: 'relative' }, 'linux'),
    {
      data: '/data/ferry',
      config: '/home/me/.config/ferry',
      state: '/home/me/.local/state/ferry',
    },
  )
  const own = { data: '/f/data', config: '/f', state: '/f/state' }
  assert.deepEqual(resolveDirectories({ FERRY_HOME: '/f' }, 'linux'), own)
  assert.deepEqual(resolveDirectories({ FERRY_HOME: '/f', FERRY_STORE: '/s p\n' }, 'darwin'), {
    ...own,
    data: '/s p\n',
  })
  assert.equal(resolveDirectories({ ...home, FERRY_STORE: '/s', FERRY_HOME: '' }, 'linux').data, '/s')
  assert.equal(resolveDirectories(home, 'darwin').data, '/home/me/Library/Application Support/ferry/data')
})

test('without HOME the password file is asked', () => {
  assert.match(resolveDirectories({}, 'linux').data, /\/\.local\/share\/ferry$/)
  assert.match(resolveDirectories({ HOME: 'relative' }, 'linux').data, /^\//)
})

test('what can be made again has a place of the system, wherever the data is', () => {
  const home = { HOME: '/home/me', FERRY_HOME: '/f' }
  assert.equal(cacheDirectory(home, 'linux'), '/home/me/.cache/ferry')
  assert.equal(cacheDirectory({ ...home, XDG_CACHE_HOME: '/c' }, 'linux'), '/c/ferry')
  assert.equal(cacheDirectory({ ...home, XDG_CACHE_HOME: 'relative' }, 'linux'), '/home/me/.cache/ferry')
  assert.equal(cacheDirectory(home, 'darwin'), '/home/me/Library/Caches/ferry')
})
