import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import test from 'node:test'
import { watchKeys } from '../../src/cli/keys.ts'
import { run } from '../../src/cli/run.ts'
import { createTerminal } from '../../src/cli/terminal.ts'
import { createFerry } from '../../src/jobs/ferry.ts'
import { createFakeIo, type FakeIo } from '../support/fake-io.ts'
import { fakeJourneys, fakeReceiveResult } from '../support/fake-journeys.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

interface Keyboard {
  readonly io: FakeIo
  readonly raw: readonly boolean[]
  press(key: string): void
}

function createKeyboard(env: Record<string, string> = {}): Keyboard {
  const raw: boolean[] = []
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) })
  return {
    io: { ...createFakeIo({ columns: 80, env }), stdin },
    raw,
    press: (key) => void stdin.write(key),
  }
}

test('watchKeys: a question has the keyboard for itself, and the terminal is left as it was', async () => {
  const { io, raw, press } = createKeyboard()
  const pressed: string[] = []
  const seen = Promise.withResolvers<void>()
  const terminal = createTerminal(io, { color: 'never', plain: false })
  const handlers = { a: () => pressed.push('a'), b: () => seen.resolve() }
  const keys = watchKeys(terminal, handlers, () => true)
  assert.ok(keys.active)
  const takeBack = keys.hold()
  assert.ok(!keys.active)
  takeBack()
  press('b')
  await seen.promise
  keys[Symbol.dispose]()
  assert.deepEqual([pressed, raw], [[], [true, false, true, false]])
})

test('watchKeys: in the background the terminal is not touched until the job comes to the foreground', () => {
  const { io, raw } = createKeyboard()
  let isFront = false
  const keys = watchKeys(createTerminal(io, { color: 'never', plain: false }), { a: () => {} }, () => isFront)
  assert.deepEqual([keys.active, raw], [false, []])
  isFront = true
  process.emit('SIGCONT')
  assert.deepEqual([keys.active, raw], [true, [true]])
  keys[Symbol.dispose]()
})

test('receive: p holds the job back and lets it go on', async () => {
  await using folder = temporaryFolder()
  const { io, press } = createKeyboard({ FERRY_HOME: folder.path })
  const states: string[] = []
  const code = await run(['receive', 'T', folder.path], '0', io, {
    createFerry: (options) =>
      createFerry(
        options,
        fakeJourneys({
          receive: async (_ticket, _into, _options, { throttle, progress }) => {
            progress.totals({ files: 1, bytes: 100, final: true })
            const item = progress.beginItem('a', 'fetch', 100)
            item.bytes(50)
            press('p')
            while (!throttle.isPaused) await new Promise((resolve) => setImmediate(resolve))
            states.push('paused')
            press('p')
            await throttle.take(0)
            states.push('running')
            item.done()
            return fakeReceiveResult
          },
        }),
      ),
  })
  assert.equal(code, 0)
  assert.deepEqual(states, ['paused', 'running'])
  assert.match(io.written.err, /Paused: p goes on[^]*Going on/)
})
