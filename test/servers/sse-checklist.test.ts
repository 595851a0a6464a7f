/** The thirteen things that a page which follows a transfer must do, in Chromium, before a daemon that the test steers. */
import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { FerryError } from '../../src/shared/errors.ts'
import { startBrowser, type TestBrowser, type TestPage } from '../support/browser.ts'
import { pageUrl, testDaemon, wholeTicket, type TestDaemon } from '../support/daemon.ts'
import { fakeTicket } from '../support/fake-journeys.ts'
import { requireServer } from '../support/servers.ts'
import { steeredReceives, type SteeredReceive } from '../support/steered-receives.ts'

const skip = requireServer('chromium')
let browser: TestBrowser
before(async () => {
  if (skip === false) browser = await startBrowser()
})
after(async () => {
  if (skip === false) await browser[Symbol.asyncDispose]()
})

interface Stage extends AsyncDisposable {
  readonly daemon: TestDaemon
  readonly tab: TestPage
  readonly page: Page
  readonly dialog: Locator
  readonly badge: Locator
  /** Starts a receive from the page's form; the dialog that follows it is open then. */
  receive(into?: string): Promise<SteeredReceive>
}

async function setStage(): Promise<Stage> {
  const receives = steeredReceives()
  const daemon = await testDaemon(receives.journeys)
  const tab = await browser.open(pageUrl(daemon))
  const { page } = tab
  const dialog = page.getByRole('dialog')
  return {
    daemon,
    tab,
    page,
    dialog,
    badge: page.locator('.badge'),
    async receive(into = '/into') {
      await page.getByRole('button', { name: 'Receive…' }).click()
      await page.getByLabel('Ticket').fill(`ferry receive ${wholeTicket}`)
      await page.getByLabel('Into folder').fill(into)
      await dialog.getByRole('button', { name: 'Receive' }).click()
      const run = await receives.next()
      await dialog.getByRole('list', { name: 'Steps' }).waitFor()
      return run
    },
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]()
      await daemon[Symbol.asyncDispose]()
    },
  }
}

const addMegabytes = (run: SteeredReceive, files: number): void =>
  run.progress.addDone({ files, bytes: files * 1_000_000 })

function begin(run: SteeredReceive): void {
  run.progress.totals({ files: 100, bytes: 100_000_000, final: true })
  run.progress.phase('fetch')
}

/** The figure beside a bar. */
const percentIn = (place: Locator, text: string): Locator =>
  place.locator('.percent').filter({ hasText: new RegExp(`^${text}$`) })

/** Runs in the page: notes every value that the bar of the dialog shows. */
const watchBar = `(() => {
  const bar = document.querySelector('dialog progress')
  globalThis.seen = []
  new MutationObserver(() => globalThis.seen.push(bar.value)).observe(bar, { attributes: true })
})()`

/** What a browser says of a server that is gone. */
const gone =
  /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_FAILED|ERR_CONNECTION_RESET/

test('checklist 1: the page connects, and shows a transfer that is started', { skip }, async () => {
  await using stage = await setStage()
  await stage.badge.filter({ hasText: 'live' }).waitFor()
  await stage.receive()
  await stage.dialog.getByText('Connection: live').waitFor()
  await stage.page.locator('table.transfers tbody tr').waitFor()
  stage.tab.assertSound()
})

test('checklist 2: six steps are visible, each with its name', { skip }, async () => {
  await using stage = await setStage()
  await stage.receive()
  const steps = stage.dialog.getByRole('list', { name: 'Steps' }).getByRole('listitem')
  const names = (await steps.allInnerTexts()).map((text) => text.replace(/\s*\(done\)/, '').trim())
  assert.deepEqual(names, ['Waiting', 'Looking', 'Connecting', 'Fetching', 'Verifying', 'Completed'])
})

test('checklist 3: the bar goes from 0 to 100, never back, and is whole only at the end', {
  skip,
}, async () => {
  await using stage = await setStage()
  const run = await stage.receive()
  begin(run)
  await stage.page.evaluate(watchBar)
  let told = 0
  for (const percent of [10, 20, 50, 99, 100]) {
    addMegabytes(run, percent - told)
    told = percent
    // All bytes are there, and yet it is not done.
    await percentIn(stage.dialog, `${Math.min(99, percent)}%`).waitFor()
  }
  run.finish()
  await percentIn(stage.dialog, '100%').waitFor()
  const seen = (await stage.page.evaluate('globalThis.seen')) as number[]
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  )
  assert.equal(seen.at(-1), 100)
})

test('checklist 4: the step that it stands at is marked, for the eye and for the ear', { skip }, async () => {
  await using stage = await setStage()
  const run = await stage.receive()
  const current = stage.dialog.locator('[aria-current=step]')
  for (const [phase, label] of [
    ['resolve', 'Looking'],
    ['connect', 'Connecting'],
    ['fetch', 'Fetching'],
    ['verify', 'Verifying'],
  ] as const) {
    run.progress.phase(phase)
    await current.filter({ hasText: label }).waitFor()
    assert.equal(await current.count(), 1)
  }
  run.finish()
  await current.filter({ hasText: 'Completed' }).waitFor()
  assert.equal(await stage.dialog.getByText('(done)').count(), 5)
})

test('checklist 5: files are counted, and sizes are told', { skip }, async () => {
  await using stage = await setStage()
  const run = await stage.receive()
  begin(run)
  addMegabytes(run, 40)
  await stage.dialog.getByText('40 of 100').waitFor()
  await stage.dialog.getByText('40.0 of 100.0 MB').waitFor()
  await stage.dialog.getByText('Fetching 100 files (100.0 MB)').waitFor()
})

test('checklist 6: when the stream breaks, the page connects again by itself', { skip }, async () => {
  await using stage = await setStage()
  stage.tab.allow(gone)
  const run = await stage.receive()
  begin(run)
  await stage.badge.filter({ hasText: 'live' }).waitFor()
  await stage.daemon.restart()
  await stage.badge.filter({ hasText: 'reconnecting' }).waitFor()
  addMegabytes(run, 60)
  await stage.badge.filter({ hasText: 'live' }).waitFor()
  await percentIn(stage.dialog, '60%').waitFor()
  stage.tab.assertSound()
})

test('checklist 7: without streams the page polls, and shows the same', { skip }, async () => {
  await using stage = await setStage()
  const { page, badge, tab } = stage
  tab.allow(gone)
  await page.clock.install()
  await page.route('**/api/v1/events', (route) => route.abort())
  await page.route('**/progress/stream', (route) => route.abort())
  await page.reload()
  for (let skipped = 0; !(await badge.innerText()).includes('polling') && skipped < 40; skipped++)
    await page.clock.fastForward(2000)
  await badge.filter({ hasText: 'polling' }).waitFor()
  const run = await stage.receive()
  begin(run)
  addMegabytes(run, 30)
  await percentIn(page.locator('table.transfers'), '30%').waitFor()
  addMegabytes(run, 40)
  await percentIn(stage.dialog, '70%').waitFor()
})

test('checklist 8: the dialog closes by itself two seconds after completion', { skip }, async () => {
  await using stage = await setStage()
  const { page, dialog } = stage
  await page.clock.install()
  const run = await stage.receive()
  begin(run)
  await dialog.getByText('Connection: live').waitFor()
  await page.clock.pauseAt(Date.now() + 2000)
  run.finish()
  await dialog.getByText('Closes in 2 s').waitFor()
  await page.clock.runFor(1900)
  assert.equal(await dialog.count(), 1)
  await page.clock.runFor(200)
  await dialog.waitFor({ state: 'detached' })
  await page.locator('table.transfers').getByText('done').waitFor()
})

test('checklist 9: success tells the ticket and its command', { skip }, async () => {
  await using stage = await setStage()
  const { page, dialog } = stage
  await page.getByRole('button', { name: 'Share…' }).click()
  await page.getByLabel('Files or folders').fill('/pictures')
  await dialog.getByRole('button', { name: 'Share', exact: true }).click()
  await dialog.getByText(`ferry receive ${fakeTicket}`).waitFor()
  await dialog.getByRole('button', { name: 'Copy ticket' }).waitFor()
  await dialog.locator('[aria-current=step]').filter({ hasText: 'Serving' }).waitFor()
})

test('checklist 10: a failure is told with its reason and what to do next', { skip }, async () => {
  await using stage = await setStage()
  const run = await stage.receive()
  begin(run)
  run.fail(new FerryError('E_NO_SPACE', 'Cannot write "a.jpg": disk is full', { hint: 'free some space' }))
  const alert = stage.dialog.getByRole('alert')
  await alert.filter({ hasText: 'Cannot write "a.jpg": disk is full' }).waitFor()
  assert.match(await alert.innerText(), /Next: free some space/)
  await stage.dialog.locator('[aria-current=step]').filter({ hasText: 'Failed' }).waitFor()
})

test('checklist 11: the state of the connection is told in words', { skip }, async () => {
  await using stage = await setStage()
  const { badge, dialog, daemon, tab } = stage
  tab.allow(gone)
  const run = await stage.receive()
  begin(run)
  await dialog.getByText('Connection: live').waitFor()
  await daemon.server[Symbol.asyncDispose]()
  await badge.filter({ hasText: /reconnecting in \d s/ }).waitFor()
  await dialog.getByText('Connection: reconnecting').waitFor()
  await daemon.restart()
  await dialog.getByText('Connection: live').waitFor()
  run.finish()
  await dialog.getByText('Connection: ended').waitFor()
})

test('checklist 12: transfers at the same time show their own progress', { skip }, async () => {
  await using stage = await setStage()
  const { page, dialog } = stage
  const runs: SteeredReceive[] = []
  for (const into of ['/a', '/b', '/c']) {
    const run = await stage.receive(into)
    await dialog.getByRole('button', { name: 'Go on in the list' }).click()
    begin(run)
    addMegabytes(run, 20 * (runs.push(run) + 1))
  }
  const rows = page.locator('table.transfers tbody tr')
  for (const [index, percent] of [80, 60, 40].entries())
    await percentIn(rows.nth(index), `${percent}%`).waitFor()
  await rows.nth(1).getByRole('link').click()
  await percentIn(page.locator('.details'), '60%').waitFor()
  runs[0]?.finish()
  await rows.nth(2).getByText('done').waitFor()
  assert.match(await rows.nth(1).innerText(), /fetching/)
})

test('checklist 13: at the end the dialog closes by hand, and the focus goes back', { skip }, async () => {
  await using stage = await setStage()
  const { page, dialog } = stage
  const run = await stage.receive()
  run.fail(new FerryError('E_UNREACHABLE', 'Cannot reach anyone'))
  await dialog.getByRole('alert').waitFor()
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await dialog.waitFor({ state: 'detached' })
  // By the keyboard alone, as well.
  const again = page.getByRole('button', { name: 'Receive…' })
  await again.focus()
  await page.keyboard.press('Enter')
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Receive…')
})
