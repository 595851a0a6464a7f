/** Bad input gets its exit code, an error that says what to do, and leaves everything as it was. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { runFerry } from '../support/ferry.ts'
import { setStage } from '../support/journey.ts'
import { differences, listTree } from '../support/listing.ts'
import { controlCharacter, describeExit, type Exit } from '../support/process.ts'

/** The contract of every error on the command line. */
function assertError(exit: Exit, code: number, pattern: RegExp): void {
  assert.equal(exit.code, code, describeExit(exit))
  assert.match(exit.stderr, pattern)
  assert.match(exit.stderr, /^ferry: /m)
  assert.match(exit.stderr, /hint: \S/)
  assert.doesNotMatch(exit.stderr, /^\s+at .*:\d+/m, 'no stack trace')
  assert.doesNotMatch(exit.stderr, controlCharacter, 'no control characters')
  assert.ok(exit.stderr.split('\n').length <= 24, 'at most one screen')
}

test('tickets that cannot be used', async (t) => {
  await using stage = setStage()
  stage.write('a.txt', 'a')
  const ticket = await stage.ticketOf(['a.txt'])
  const spoilt = (index: number): string =>
    ticket.slice(0, index) + (ticket[index] === 'q' ? 'p' : 'q') + ticket.slice(index + 1)
  const cases: Record<string, readonly [ticket: string, pattern: RegExp]> = {
    empty: ['', /ticket/],
    'white space': ['  \n ', /ticket/],
    'no ticket': ['hello', /ticket/],
    'a path': ['/etc/passwd', /ticket/],
    'cut at the end': [ticket.slice(0, -1), /ticket/],
    'cut in the middle': [ticket.slice(0, ticket.length >> 1), /incomplete|ticket/],
    'cut to its prefix': ['ferry1', /ticket/],
    'one character changed in front': [spoilt(8), /ticket/],
    'one character changed at the end': [spoilt(ticket.length - 2), /ticket/],
    'something behind it': [`${ticket}qq`, /ticket/],
    'much too long': [`ferry1${'q'.repeat(10_000)}`, /ticket/],
    'control characters': ['ferry1\u001b[31mqqqq', /ticket/],
  }
  for (const [name, [text, pattern]] of Object.entries(cases))
    await t.test(name, async () => {
      // Through standard input, since a few of them cannot be arguments.
      const exit = await runFerry(['receive', '-', stage.into], { home: stage.receiverHome, input: text })
      assertError(exit, 2, pattern)
    })
  await t.test('nobody offers it', async () => {
    const exit = await stage.receive(ticket, ['--timeout', '1s'])
    assert.equal(exit.code, 4, describeExit(exit))
    assert.match(exit.stderr + exit.stdout, /hint/)
  })
})

test('arguments that cannot be used', async (t) => {
  await using stage = setStage()
  stage.write('a/x.txt', 'x')
  stage.write('b/x.txt', 'y')
  const cases: readonly (readonly [args: readonly string[], code: number, pattern: RegExp])[] = [
    [['share', stage.at('missing')], 3, /missing/],
    [['share'], 2, /share/],
    [['share', stage.at('a', 'x.txt'), stage.at('b', 'x.txt')], 2, /x\.txt/],
    [['share', '--expire', 'soon', stage.at('a')], 2, /soon/],
    [['share', '-j', '0', stage.at('a')], 2, /"0"/],
    [['share', '--allow', 'nobody', stage.at('a')], 2, /allow|peer/i],
    [['share', '--listen', 'nowhere', stage.at('a')], 2, /listen/],
    [['receive'], 2, /ticket/i],
    [['receive', 'x', 'y', 'z'], 2, /./],
    [['receive', '--overwrite', 'maybe', 'ferry1x'], 2, /overwrite/],
    [['receive', '--timeout', '-1', 'ferry1x'], 2, /-1/],
    [['share', '--progres', stage.at('a')], 2, /progres/],
    [['shar', stage.at('a')], 2, /share/],
    [['store', 'burn'], 2, /burn/],
  ]
  for (const [args, code, pattern] of cases)
    await t.test(args.map((arg) => arg.replaceAll(stage.path, '')).join(' '), async () => {
      assertError(await runFerry(args, { home: stage.senderHome }), code, pattern)
    })
})

test('a destination that cannot be used leaves everything as it was', async () => {
  await using stage = setStage()
  stage.write('data/same.txt', 'same')
  stage.write('data/other.txt', 'new text')
  await using share = await stage.share(['data'])

  stage.write('file', 'in the way')
  const before = listTree(stage.at('file'))
  const receive = async (into: string, ...args: string[]): Promise<Exit> =>
    await runFerry(['receive', ...args, share.ticket, into], { home: stage.receiverHome })
  assertError(await receive(stage.at('file')), 8, /file/)
  assert.deepEqual(differences(before, listTree(stage.at('file'))), [])
  assertError(await receive(''), 2, /./)

  stage.write('into/data/other.txt', 'old text, different')
  stage.write('into/data/same.txt', 'same')
  stage.write('into/data/mine.txt', 'not shared')
  const kept = listTree(stage.at('into', 'data', 'other.txt'))
  assertError(await receive(stage.into), 8, /other\.txt/)
  assert.deepEqual(differences(kept, listTree(stage.at('into', 'data', 'other.txt'))), [])
})

test('--overwrite rename, newer and always', async () => {
  await using stage = setStage()
  stage.write('data/a.txt', 'new text')
  await using share = await stage.share(['data'])
  stage.write('into/data/a.txt', 'old text, different')

  // The old file is the younger one, so it stays.
  const newer = await stage.receive(share.ticket, ['--overwrite', 'newer'])
  assert.equal(newer.code, 0, describeExit(newer))
  assert.equal(listTree(stage.at('into', 'data', 'a.txt')).get('.')?.size, 19)

  const rename = await stage.receive(share.ticket, ['--overwrite', 'rename'])
  assert.equal(rename.code, 0, describeExit(rename))
  const sizes = [...listTree(stage.at('into', 'data')).values()]
    .filter((listed) => listed.kind === 'file')
    .map((listed) => listed.size)
  assert.deepEqual(
    sizes.toSorted((a, b) => b - a),
    [19, 8],
  )

  const always = await stage.receive(share.ticket, ['--overwrite', 'always'])
  assert.equal(always.code, 0, describeExit(always))
  assert.equal(listTree(stage.at('into', 'data', 'a.txt')).get('.')?.size, 8)
})
