/** Whatever takes time tells how far it is, without a break while bytes move: the lines of every long command are judged. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { parseJsonLines, projectFolder, runFerry, runReceive, startShare } from '../support/ferry.ts'
import { setStage } from '../support/journey.ts'
import { describeExit, type Exit } from '../support/process.ts'
import { seededBytes } from '../support/seeded-bytes.ts'

/** Our promise is a second; the computer of a test may be busy with others. */
const maxGapMs = 3000
const rate = ['--bwlimit', '3M']

function assertSteady(name: string, exit: Exit, minLines = 1): void {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      join(projectFolder, 'scripts', 'assert-progress.mjs'),
      ...['--max-gap-ms', String(maxGapMs), '--min-lines', String(minLines)],
    ],
    { input: exit.stdout, encoding: 'utf8' },
  )
  assert.equal(status, 0, `${name}: ${stderr}${describeExit(exit)}`)
}

/** How many files were told to have ended, by phase. */
function itemsOf({ stdout }: Exit): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { type, phase } of parseJsonLines(stdout))
    if (type === 'item') counts[phase as string] = (counts[phase as string] ?? 0) + 1
  return counts
}

test('progress: share, receive, verify, archives, sync and the store tell steadily how far they are', async () => {
  await using stage = setStage()
  stage.write('data/large.bin', seededBytes(4_000_000, 1))
  for (let index = 0; index < 20; index++) stage.write(`data/many/${index}`, seededBytes(50_000, index + 2))
  const sender = { home: stage.senderHome }
  const receiver = { home: stage.receiverHome }
  {
    await using share = await stage.share(['data'], ['--json', '--once', ...rate])
    const received = await stage.receive(share.ticket)
    assertSteady('receive', received, 3)
    const net = parseJsonLines(received.stdout).findLast((line) => line['net'])?.['net'] as {
      requests: number
    }
    assert.ok(net.requests > 1, 'requests are counted')
    assertSteady('share', await share.exit, 3)
  }
  await using share = await stage.share(['data'])
  const zip = stage.at('out.zip')
  assertSteady(
    'receive --as zip',
    await runFerry(['receive', '--no-dht', '--json', '--as', 'zip', ...rate, share.ticket, zip], receiver),
    3,
  )
  assertSteady('verify', await runFerry(['verify', '--json', stage.into, share.ticket], receiver))
  assertSteady(
    'sync',
    await runFerry(['sync', '-a', '--json', ...rate, `${stage.at('data')}/`, stage.at('copy')], receiver),
    3,
  )
  {
    await using expanded = await startShare({
      ...sender,
      paths: [zip],
      args: ['--json', '-v', '--once', '--expand'],
    })
    const options = { ...receiver, ticket: expanded.ticket, into: stage.at('unpacked') }
    const unpacked = await runReceive({ ...options, args: ['--json', '-v'] })
    assertSteady('receive what was unpacked', unpacked)
    const shared = await expanded.exit
    assertSteady('share --expand', shared)
    assert.deepEqual(itemsOf(shared), { unpacked: 21, done: 21 })
    assert.deepEqual(itemsOf(unpacked), { done: 21 })
    assert.deepEqual(itemsOf(await stage.receive(share.ticket, ['-v'])), { 'had-it': 21 })
    assert.deepEqual(
      itemsOf(await stage.receive(share.ticket)),
      { 'had-it': 1 },
      'small ones are only counted',
    )
  }
  for (const what of ['verify', 'gc'])
    assertSteady(`store ${what}`, await runFerry(['store', what, '--json'], receiver))
})
