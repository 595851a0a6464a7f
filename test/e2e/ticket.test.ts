/** What a ticket promises: it stays the same, and ends when it was said to end. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { runFerry, runReceive, sealedPattern, startShare } from '../support/ferry.ts'
import { setStage, type Stage } from '../support/journey.ts'
import { describeExit, type Exit } from '../support/process.ts'

async function assertRefused(exit: Exit, pattern: RegExp): Promise<void> {
  assert.equal(exit.code, 5, describeExit(exit))
  assert.match(exit.stderr, pattern)
  assert.match(exit.stderr, /hint: /)
}

async function setTextStage(): Promise<Stage> {
  const stage = setStage()
  stage.write('text.txt', 'some text')
  return stage
}

test('the same paths give the same ticket after a stop, a kill -9 and an edit; --new gives another', async () => {
  await using stage = await setTextStage()
  const tickets: string[] = []
  for (const signal of ['SIGINT', 'SIGKILL', 'SIGTERM'] as const) {
    await using share = await stage.share(['text.txt'])
    tickets.push(share.ticket)
    share.kill(signal)
    await share.exit
  }
  stage.write('text.txt', 'other text')
  await using again = await stage.share(['text.txt'])
  tickets.push(again.ticket)
  assert.equal(new Set(tickets).size, 1, tickets.join('\n'))
  await stage.mustReceive(again.ticket)
  stage.assertArrived('text.txt')
  await using fresh = await stage.share(['text.txt'], ['--new'])
  assert.notEqual(fresh.ticket, again.ticket)
})

test('standard output of share is the ticket alone, and everything else goes to standard error', async () => {
  await using stage = await setTextStage()
  await using share = await stage.share(['text.txt'])
  assert.match(share.stdout, /^\s*(ferry receive )?ferry1[a-z0-9]+\s*$/)
  assert.ok(share.ticket.length <= 195)
  await using quiet = await startShare({
    home: stage.at('quiet-home'),
    paths: [stage.at('text.txt')],
    args: ['-q'],
  })
  assert.equal(quiet.stdout, `${quiet.ticket}\n`)
  assert.equal(quiet.stderr, '')
})

test('--pin is good for that content only, and says so when it has changed', async () => {
  await using stage = await setTextStage()
  let ticket: string
  {
    await using share = await stage.share(['text.txt'], ['--pin'])
    ticket = share.ticket
    await stage.mustReceive(ticket)
  }
  stage.write('text.txt', 'changed text')
  await using share = await stage.share(['text.txt'])
  const exit = await runReceive({ home: stage.receiverHome, ticket, into: stage.at('other') })
  assert.notEqual(exit.code, 0, describeExit(exit))
  assert.match(exit.stderr, /changed|different|other content|no longer/i)
  assert.match(exit.stderr, /hint: /)
  assert.notEqual(share.ticket, ticket)
})

test('--once ends after one full download, and the next receiver is told', async () => {
  await using stage = await setTextStage()
  const share = await stage.share(['text.txt'], ['--once'])
  await stage.mustReceive(share.ticket)
  const exit = await share.exit
  assert.equal(exit.code, 0, describeExit(exit))
  const late = await runReceive({
    home: stage.at('late-home'),
    ticket: share.ticket,
    into: stage.at('late'),
    args: ['--timeout', '2s'],
  })
  assert.equal(late.code, 4, describeExit(late))
})

test('--expire ends the share by itself', async () => {
  await using stage = await setTextStage()
  const share = await stage.share(['text.txt'], ['--expire', '1s'])
  const exit = await share.exit
  assert.equal(exit.code, 0, describeExit(exit))
  assert.match(exit.stderr, /--expire has passed/)
})

test('--allow lets in nobody else', async () => {
  await using stage = await setTextStage()
  const stranger = '12D3KooWGjMCwHmRtPMWpAzFzGJZ4Tz5XcYVVF2XwVXd8nBvJ4wT'
  await using share = await stage.share(['text.txt'], ['--allow', stranger])
  await assertRefused(await stage.receive(share.ticket), /refuse|allow/i)
})

test('the own ticket is served from the own files, even when nothing listens any more', async () => {
  await using stage = await setTextStage()
  const share = await stage.share(['text.txt'], ['--json'])
  await share.waitFor(sealedPattern)
  await share[Symbol.asyncDispose]()
  const own = { home: stage.senderHome, ticket: share.ticket, into: stage.at('own') }
  const exit = await runReceive(own)
  assert.equal(exit.code, 0, describeExit(exit))
})

test('a ticket is read from standard input, in any case, with a pasted command in front', async () => {
  await using stage = await setTextStage()
  await using share = await stage.share(['text.txt'])
  for (const [index, text] of [
    `  ferry receive ${share.ticket}\n`,
    share.ticket.toUpperCase(),
    `ferry:${share.ticket}`,
  ].entries()) {
    const exit = await runFerry(['receive', '-', stage.at(`into-${index}`)], {
      home: stage.receiverHome,
      input: text,
    })
    assert.equal(exit.code, 0, describeExit(exit))
  }
})
