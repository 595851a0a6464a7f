/** `share --separate`, and `receive --order`. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { parseJsonLines, runFerry, startFerry } from '../support/ferry.ts'
import { setStage } from '../support/journey.ts'
import { describeExit } from '../support/process.ts'
import { seededBytes } from '../support/seeded-bytes.ts'

test('share --separate: a ticket for each path in order, each good for that path alone; what fails leaves the others be', async () => {
  await using stage = setStage()
  stage.write('a/one', 'one')
  stage.write('b', 'two')
  const paths = [stage.at('a'), stage.at('missing'), stage.at('b')]
  await using share = startFerry(['share', '--no-dht', '--separate', '--once', ...paths], {
    home: stage.senderHome,
  })
  const [, first, second] = await share.waitFor(/(ferry1[a-z0-9]+)\n(?:[^]*)(ferry1[a-z0-9]+)\n/)
  assert.notEqual(first, second)
  await stage.mustReceive(first as string)
  await stage.mustReceive(second as string)
  stage.assertArrived('a')
  stage.assertArrived('b')
  const exit = await share.exit
  assert.equal(exit.code, 23, describeExit(exit))
  assert.match(exit.stdout, /^ferry1\w+\nferry1\w+\n$/)
  assert.match(exit.stderr, /missing/)
  const refused = await runFerry(['share', '--separate', '--name', 'x', ...paths], { home: stage.senderHome })
  assert.equal(refused.code, 2, describeExit(refused))
})

test('receive --order: the largest file first; refused for an archive', async () => {
  await using stage = setStage()
  for (const [name, size] of Object.entries({ a: 400_000, b: 900_000, c: 600_000, d: 10 }))
    stage.write(`data/${name}`, seededBytes(size, size))
  await using share = await stage.share(['data'], ['--pin'])
  const exit = await stage.receive(share.ticket, ['-v', '-j', '1', '--order', 'size-desc'])
  assert.equal(exit.code, 0, describeExit(exit))
  const items = parseJsonLines(exit.stdout).filter(({ type }) => type === 'item')
  assert.deepEqual(
    items.map(({ path }) => path),
    ['data/b', 'data/c', 'data/a', 'data/d'],
  )
  stage.assertArrived('data')
  const refused = await stage.receive(share.ticket, ['--order', 'size-desc', '--as', 'zip'])
  assert.equal(refused.code, 2, describeExit(refused))
})
