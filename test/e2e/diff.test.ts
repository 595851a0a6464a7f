/** `ferry diff`: what changed between two tickets, or between a folder and a ticket. */
import assert from 'node:assert/strict'
import { utimesSync } from 'node:fs'
import test from 'node:test'
import { parseJsonLines, runFerry } from '../support/ferry.ts'
import { setStage } from '../support/journey.ts'
import { describeExit, type Exit } from '../support/process.ts'
import { seededBytes } from '../support/seeded-bytes.ts'

const at = new Date('2026-01-01T00:00:00Z')

function linesOf(exit: Exit): string[] {
  return exit.stdout.trimEnd().split('\n').sort()
}

test('diff: added, removed and changed names of two tickets and of a folder, exit code 6; the same is 0', async () => {
  await using stage = setStage()
  for (const side of ['a', 'b']) {
    for (let index = 0; index < 30; index++) stage.write(`${side}/tree/same/${index}`, `content ${index}`)
    stage.write(`${side}/tree/large`, seededBytes(9_000_000, side === 'a' ? 1 : 2))
    stage.write(`${side}/tree/touched`, 'x')
    stage.write(`${side}/tree/file\n`, side === 'a' ? 'old' : 'newer')
    for (let index = 0; index < 30; index++) utimesSync(stage.at(side, 'tree', 'same', String(index)), at, at)
  }
  stage.write('a/tree/gone/x', 'x')
  stage.write('b/tree/new', 'new one')
  utimesSync(stage.at('a', 'tree', 'touched'), at, at)
  await using first = await stage.share(['a/tree'])
  await using second = await stage.share(['b/tree'], ['--new'])
  const options = { home: stage.receiverHome }
  const tickets = await runFerry(['diff', first.ticket, second.ticket], options)
  assert.equal(tickets.code, 6, describeExit(tickets))
  assert.deepEqual(linesOf(tickets), [
    '! tree/file\\n  3 bytes became 5',
    '! tree/large  other content',
    '+ tree/new  7 B',
    '- tree/gone/',
    '- tree/gone/x  1 B',
  ])
  assert.match(tickets.stderr, /1 added, 2 removed, 2 changed, 1 with another mode or time, 3\d the same/)

  const json = parseJsonLines(
    (await runFerry(['diff', '--json', first.ticket, second.ticket], options)).stdout,
  )
  const kinds = json.filter(({ type }) => type === 'difference').map(({ kind }) => kind)
  assert.deepEqual(
    kinds.map(String).toSorted((a, b) => (a < b ? -1 : 1)),
    ['added', 'attributes', 'changed', 'changed', 'removed', 'removed'],
  )
  assert.equal(json.at(-1)?.['changed'], 2)

  const same = await runFerry(['diff', first.ticket, first.ticket], options)
  assert.equal(same.code, 0, describeExit(same))
  assert.equal(same.stdout, '')
  assert.match(same.stderr, /no difference/)

  const folder = await runFerry(
    ['diff', stage.at('a'), second.ticket, '--only', 'tree/{new,large,gone/**}'],
    options,
  )
  assert.equal(folder.code, 6, describeExit(folder))
  const reverse = await runFerry(
    ['diff', second.ticket, stage.at('a'), '--only', 'tree/{new,large,gone/**}'],
    options,
  )
  assert.deepEqual(linesOf(folder), ['! tree/large  its content is different', '+ tree/new', '- tree/gone/x'])
  assert.deepEqual(linesOf(reverse), [
    '! tree/large  its content is different',
    '+ tree/gone/x',
    '- tree/new',
  ])
  const refused = await runFerry(['diff', stage.at('a'), stage.at('b')], options)
  assert.equal(refused.code, 2, describeExit(refused))
})
