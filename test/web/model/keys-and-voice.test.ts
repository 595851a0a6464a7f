import assert from 'node:assert/strict'
import test from 'node:test'
import { announceEveryMs, createAnnouncer } from '../../../src/web/model/announcer.ts'
import { shortcutOf } from '../../../src/web/model/shortcuts.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const press = (key: string, more: object = {}): ReturnType<typeof shortcutOf> =>
  shortcutOf({ key, ctrlKey: false, metaKey: false, altKey: false, ...more })

test('shortcutOf: the keys of the terminal mean the same here', () => {
  assert.deepEqual(press('2'), { do: 'screen', screen: 'shares' })
  assert.deepEqual(press('j'), press('ArrowDown'))
  assert.deepEqual(
    [press('n'), press('a'), press('S'), press('?')].map((each) => each?.do),
    ['receive', 'share', 'sync', 'help'],
  )
})

test('shortcutOf: what is the browser’s stays the browser’s', () => {
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }])
    assert.equal(press('r', more), undefined)
  for (const key of ['9', 's', 'Tab', 'Enter', 'F5']) assert.equal(press(key), undefined, key)
})

test('createAnnouncer: says one sentence in five seconds, the newest, and none twice', () => {
  const clock = createFakeClock()
  const said: string[] = []
  const announcer = createAnnouncer(clock, (text) => said.push(text))
  announcer.say('a')
  announcer.say('b')
  announcer.say('c')
  assert.deepEqual(said, ['a'])
  clock.advance(announceEveryMs - 1)
  assert.deepEqual(said, ['a'])
  clock.advance(1)
  assert.deepEqual(said, ['a', 'c'])
  clock.advance(announceEveryMs)
  announcer.say('c')
  assert.deepEqual(said, ['a', 'c'])
  announcer.say('d')
  announcer.close()
  clock.advance(announceEveryMs)
  assert.deepEqual(said, ['a', 'c'])
  assert.equal(clock.pending, 0)
})
