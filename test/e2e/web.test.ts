/** The web page with everything real: a share in another home, a daemon, and Chromium. Leaves pictures behind. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test, { after, before } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { startBrowser, type TestBrowser, type TestPage } from '../support/browser.ts'
import { untilState } from '../support/daemon.ts'
import { startDaemon, type RunningDaemon } from '../support/daemon-process.ts'
import { runFerry, runReceive } from '../support/ferry.ts'
import { freePort, setStage, type Stage } from '../support/journey.ts'
import { differences, listTree } from '../support/listing.ts'
import { describeExit } from '../support/process.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { requireServer } from '../support/servers.ts'

const skip = requireServer('chromium')
let browser: TestBrowser
before(async () => {
  if (skip === false) browser = await startBrowser()
})
after(async () => {
  if (skip === false) await browser[Symbol.asyncDispose]()
})

function writeSource(stage: Stage): void {
  stage.write('source/large.bin', seededBytes(6_000_000, 1))
  for (let index = 0; index < 20; index++) stage.write(`source/many/${index}`, seededBytes(30_000, index + 2))
}

/** As a user opens it: by the address that the command prints. */
async function openPage(stage: Stage, options?: Parameters<TestBrowser['open']>[1]): Promise<TestPage> {
  const printed = await runFerry(['daemon', 'page'], { home: stage.receiverHome })
  assert.equal(printed.code, 0, describeExit(printed))
  const tab = await browser.open(printed.stdout.trim(), options)
  await tab.page.locator('.badge').filter({ hasText: 'live' }).waitFor()
  return tab
}

async function startReceive(page: Page, ticket: string, into: string, limit?: string): Promise<void> {
  await page.getByRole('button', { name: 'Receive…' }).click()
  await page.getByLabel('Ticket').fill(ticket)
  await page.getByLabel('Into folder').fill(into)
  if (limit !== undefined) await page.getByLabel('Speed limit').selectOption({ label: limit })
  await page.getByRole('dialog').getByRole('button', { name: 'Receive' }).click()
  await page.getByRole('dialog').getByRole('list', { name: 'Steps' }).waitFor()
}

async function openDetails(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'Go on in the list' }).click()
  await page.locator('a.row-link').first().click()
  const details = page.locator('.details')
  await details.waitFor()
  return details
}

const onlyJob = async ({ client }: RunningDaemon): Promise<string> => (await client.list())[0]?.id as string

test('a receive is started from the page, watched, paused, resumed, and ends with the same tree', {
  skip,
}, async () => {
  await using stage = setStage()
  writeSource(stage)
  await using share = await stage.share(['source'])
  await using daemon = await startDaemon(stage.receiverHome)
  await using tab = await openPage(stage, { colorScheme: 'light' })
  await using dark = await openPage(stage, { colorScheme: 'dark' })
  await using phone = await openPage(stage, { viewport: { width: 360, height: 740 } })
  const { page } = tab
  await tab.picture('empty-light')
  await startReceive(page, share.ticket, stage.into, '1.0 MB/s')
  await page
    .getByText(/^[1-9]\d?%$/)
    .first()
    .waitFor()
  await tab.picture('dialog-light')
  const details = await openDetails(page)
  for (const { page: other } of [dark, phone]) await other.locator('a.row-link').click()
  await details.getByText('large.bin').waitFor()
  await tab.picture('details-light')
  await dark.picture('details-dark')
  await phone.picture('details-phone')
  const widths = await phone.page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
  assert.deepEqual(widths, [360, 360], 'nothing is wider than the screen')

  await details.getByRole('button', { name: 'Pause' }).click()
  await details.getByRole('button', { name: 'Resume' }).waitFor()
  const id = await onlyJob(daemon)
  assert.equal((await daemon.client.get(id)).state, 'paused')
  await page.getByText('paused').first().waitFor()
  await page.keyboard.press('p')
  await details.getByRole('button', { name: 'Pause' }).waitFor()
  await details.getByLabel('Speed limit').selectOption({ label: 'no limit' })
  await untilState(daemon.client, id, 'done')
  await details.locator('.step-label').filter({ hasText: 'Completed' }).waitFor()
  assert.equal(await details.getByRole('progressbar', { name: 'Progress' }).getAttribute('value'), '100')
  stage.assertArrived('source')
  await page.getByRole('status').filter({ hasText: 'is complete' }).waitFor({ state: 'attached' })
  await tab.picture('done-light')
  await page.keyboard.press('4')
  await page.getByRole('row', { name: /source.*done/ }).waitFor()
  await tab.picture('history-light')
  for (const each of [tab, dark, phone]) each.assertSound()
})

test('a daemon that is killed and started again: the open page connects by itself, and the receive goes on', {
  skip,
}, async () => {
  await using stage = setStage()
  writeSource(stage)
  await using share = await stage.share(['source'])
  const port = ['--port', String(await freePort())]
  let id = ''
  await using stack = new AsyncDisposableStack()
  const tab = await (async () => {
    await using first = await startDaemon(stage.receiverHome, port)
    const opened = stack.use(await openPage(stage))
    opened.allow(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/)
    await startReceive(opened.page, share.ticket, stage.into, '1.0 MB/s')
    await openDetails(opened.page)
    await opened.page
      .locator('.details .percent')
      .filter({ hasText: /^[2-9]\d%$/ })
      .waitFor()
    id = await onlyJob(first)
    first.process.kill('SIGKILL')
    await first.process.exit
    return opened
  })()
  const { page } = tab
  await page
    .locator('.badge')
    .filter({ hasText: /reconnecting in \d+ s/ })
    .waitFor()
  await tab.picture('reconnecting-light')
  await using second = await startDaemon(stage.receiverHome, port)
  await page.locator('.badge').filter({ hasText: 'live' }).waitFor()
  assert.equal(await onlyJob(second), id)
  await page.getByText(/run 2$/).waitFor()
  await page.locator('.details').getByLabel('Speed limit').selectOption({ label: 'no limit' })
  await page.locator('.details').locator('.step-label').filter({ hasText: 'Completed' }).waitFor()
  stage.assertArrived('source')
  tab.assertSound()
})

test('a transfer is stopped from the page after a question, run again, and fails in plain words', {
  skip,
}, async () => {
  await using stage = setStage()
  writeSource(stage)
  await using daemon = await startDaemon(stage.receiverHome)
  await using tab = await openPage(stage)
  const { page } = tab
  const dialog = page.getByRole('dialog')
  {
    await using share = await stage.share(['source'])
    await startReceive(page, share.ticket, stage.into, '500.0 kB/s')
    await openDetails(page)
    await page
      .locator('.details .percent')
      .filter({ hasText: /^[1-9]\d?%$/ })
      .waitFor()
    await page.keyboard.press('x')
    await dialog.getByText('is kept, and can be continued').waitFor()
    await tab.picture('question-light')
    // The harmless answer has the focus.
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    const id = await onlyJob(daemon)
    assert.equal((await daemon.client.get(id)).state, 'running')
    await page.keyboard.press('x')
    await dialog.getByRole('button', { name: 'Stop it' }).click()
    await untilState(daemon.client, id, 'cancelled')
    await page.locator('.details').getByRole('button', { name: 'Retry' }).waitFor()
    stage.write('into/source/many/0', 'another file, in the way')
    await page.keyboard.press('r')
    const alert = page.locator('.details').getByRole('alert')
    await alert.waitFor()
    assert.match(await alert.innerText(), /different file[^]*Next: /)
    await tab.picture('error-light')
  }
  // What a form cannot use is said beside its field, what the daemon refuses in its own words.
  await page.getByRole('button', { name: 'Receive…' }).click()
  await dialog.getByRole('button', { name: 'Receive' }).click()
  await dialog.getByText('Paste the ticket that you were given').waitFor()
  await dialog.getByLabel('Ticket').fill('ferry1qqqq')
  await dialog.getByLabel('Into folder').fill('/x')
  tab.allow(/400|422/)
  await dialog.getByRole('button', { name: 'Receive' }).click()
  await dialog.getByRole('alert').waitFor()
  assert.match(await dialog.getByRole('alert').innerText(), /ticket/)
  tab.assertSound()
})

test('a share and a sync are started from the page: the ticket is shown, a dry run changes nothing', {
  skip,
}, async () => {
  await using stage = setStage()
  writeSource(stage)
  await using daemon = await startDaemon(stage.receiverHome)
  await using tab = await openPage(stage)
  const { page } = tab
  const dialog = page.getByRole('dialog')
  await page.keyboard.press('a')
  await dialog.getByLabel('Files or folders').fill(stage.at('source'))
  await dialog.getByRole('button', { name: 'Share', exact: true }).click()
  const command = await dialog.getByText(/^ferry receive ferry1/).innerText()
  await tab.picture('ticket-light')
  await page.keyboard.press('Escape')
  const ticket = command.replace('ferry receive ', '').trim()
  const received = await runReceive({ home: stage.senderHome, ticket, into: stage.into, args: ['--json'] })
  assert.equal(received.code, 0, describeExit(received))
  stage.assertArrived('source')
  await page.getByRole('link', { name: 'Shares' }).click()
  await page.getByText('21 files, 6.6 MB').waitFor()
  await tab.picture('shares-light')

  await page.keyboard.press('S')
  await dialog.getByLabel('From').fill(`${stage.at('source')}/`)
  await dialog.getByLabel('To', { exact: true }).fill(stage.at('copy'))
  await dialog.getByRole('button', { name: 'Try it (dry run)' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal(existsSync(stage.at('copy')), false)
  await page.getByRole('status').filter({ hasText: 'nothing was changed' }).waitFor({ state: 'attached' })
  await page.keyboard.press('S')
  await dialog.getByRole('button', { name: 'Sync', exact: true }).click()
  await dialog.locator('.step-label').filter({ hasText: 'Completed' }).waitFor()
  assert.deepEqual(differences(listTree(stage.at('source')), listTree(stage.at('copy'))), [])
  await page.keyboard.press('Escape')
  await page.keyboard.press('1')
  await page.locator('a.row-link').first().click()
  await page.getByText('Copied on the server').waitFor()
  await tab.picture('sync-light')
  const kinds = (await daemon.client.list()).map(({ kind }) => kind)
  assert.deepEqual(kinds, ['sync', 'sync', 'share'])
  tab.assertSound()
})
