/** The page in Chromium, before a daemon whose journeys the test decides. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { startBrowser } from '../support/browser.ts'
import { pageUrl, receiveSpec, receiving, testDaemon } from '../support/daemon.ts'
import { requireServer } from '../support/servers.ts'

const skip = requireServer('chromium')

test('the page: takes the token out of the address at once, and keeps it for the tab alone', {
  skip,
}, async () => {
  await using daemon = await testDaemon(receiving(10))
  await using browser = await startBrowser()
  await using tab = await browser.open(pageUrl(daemon))
  const { page } = tab
  await page.getByText('Nothing is being transferred').waitFor()
  assert.ok(!page.url().includes(daemon.token), page.url())
  const kept = (await page.evaluate(
    '[JSON.stringify(sessionStorage), JSON.stringify(localStorage), document.cookie]',
  )) as string[]
  assert.deepEqual(
    kept.map((text) => text.includes(daemon.token)),
    [true, false, false],
  )
  await page.reload()
  await page.locator('.badge', { hasText: 'live' }).waitFor()
  tab.assertSound()
})

test('the page: without a token, or with a wrong one, asks for it, and says where it is', {
  skip,
}, async () => {
  await using daemon = await testDaemon()
  await using browser = await startBrowser()
  const { origin } = new URL(pageUrl(daemon))
  await using tab = await browser.open(origin)
  const { page } = tab
  await page.getByText('ferry daemon page').waitFor()
  tab.allow(/401/)
  await page.goto(`${origin}/#token=${'w'.repeat(43)}`)
  await page.getByText('the token is missing or wrong').waitFor()
  await page.getByLabel('Or paste the key here').fill(daemon.token)
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByText('Nothing is being transferred').waitFor()
  tab.assertSound()
})

test('the page: who listens finds names, states, steps and what to press', { skip }, async () => {
  await using daemon = await testDaemon({
    async receive(_ticket, _into, _options, { progress, signal }) {
      progress.name('Pictures')
      progress.totals({ files: 100, bytes: 100_000_000, final: true })
      progress.phase('fetch')
      progress.addDone({ files: 40, bytes: 40_000_000 })
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      )
    },
  })
  await using browser = await startBrowser()
  await using tab = await browser.open(pageUrl(daemon))
  const { page } = tab
  const { id } = await daemon.engine.start(receiveSpec)
  await page.locator('.badge', { hasText: 'live' }).waitFor()
  // By the keyboard alone: into the list, and into the details.
  await page.locator('a.row-link').waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'Pictures' }).waitFor()
  const heard = await page.locator('body').ariaSnapshot()
  for (const wanted of [
    /navigation "Screens"/,
    /link "Transfers"/,
    /table "Transfers, the newest first"/,
    /rowheader "Receive Pictures"/,
    /columnheader "State"/,
    /button "Pause"/,
    /button "Stop"/,
    /progressbar "Progress": 40%/,
    /list "Steps"/,
    /img "Speed of the last 30s: now/,
    /combobox "Speed limit"/,
    /status/,
  ])
    assert.match(heard, wanted)
  // Everything that can be pressed has a name.
  assert.doesNotMatch(heard, /- (button|link|textbox|combobox|checkbox|progressbar)(:|$)/m)
  const focused = '[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]'
  const seen: string[] = []
  for (let presses = 0; presses < 12; presses++) {
    await page.keyboard.press('Tab')
    const [tag, outline] = (await page.evaluate(focused)) as [string, string]
    // Behind the last one the browser itself has its turn.
    if (tag !== 'BODY') seen.push(outline)
  }
  assert.ok(seen.length >= 8)
  assert.deepEqual(new Set(seen), new Set(['solid']), 'the focus is seen')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys and words' }).waitFor()
  await page.getByLabel('Single keys do something').uncheck()
  await page.keyboard.press('Escape')
  await page.keyboard.press('p')
  assert.equal((await daemon.engine.get(id)).state, 'running')
  tab.assertSound()
  await daemon.engine.cancel(id)
})

test('the page: light and dark follow the system until the switch says otherwise, and are readable', {
  skip,
}, async () => {
  await using daemon = await testDaemon()
  await using browser = await startBrowser()
  const ground = 'getComputedStyle(document.body).backgroundColor'
  await using tab = await browser.open(pageUrl(daemon), { colorScheme: 'dark' })
  const { page } = tab
  await page.getByText('Nothing is being transferred').waitFor()
  const dark = await page.evaluate(ground)
  const press = async (): Promise<unknown> => {
    await page.keyboard.press('t')
    return page.evaluate(ground)
  }
  const light = await press()
  assert.notEqual(light, dark)
  assert.equal(await press(), dark)
  await page.emulateMedia({ colorScheme: 'light' })
  assert.equal(await page.evaluate(ground), dark, 'the switch says dark')
  assert.equal(await press(), light, 'as the system')
  tab.assertSound()
})

test('the page: its policy allows no script and no style in it, and nothing from elsewhere', {
  skip,
}, async () => {
  await using daemon = await testDaemon()
  const { headers, text } = await daemon.ask('GET', '/', { headers: { authorization: '' } })
  const policy = String(headers['content-security-policy'])
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
  assert.doesNotMatch(policy, /unsafe|\*|https?:/)
  assert.doesNotMatch(text, /<script(?![^>]*\bsrc=)|<style|\bstyle=|https?:\/\//)
})

test('the page: names from outside are text, and their control characters are seen', { skip }, async () => {
  const name = '<img src=x onerror=alert(1)>\u202e\u001b[31m'
  await using daemon = await testDaemon({
    async receive(_ticket, _into, _options, { progress, signal }) {
      progress.name(name)
      progress.totals({ files: 2, bytes: 3000, final: true })
      progress.phase('fetch')
      progress.beginItem(`a/${name}`, 'fetch', 2000).bytes(1000)
      progress.failItem(`b/${name}`, { code: 'E_IO', message: `Cannot write ${name}`, hint: name })
      progress.peer({ peer: name, address: name, state: 'connected', bytes: 1, message: name })
      progress.warn(name)
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      )
    },
  })
  await using browser = await startBrowser()
  await using tab = await browser.open(pageUrl(daemon))
  const { id } = await daemon.engine.start(receiveSpec)
  await tab.page.locator('a.row-link').click()
  await tab.page.getByText('Files in work').waitFor()
  const text = await tab.page.locator('main').innerText()
  assert.ok(text.includes('\\u{202e}\\e[31m'), 'escaped')
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  assert.doesNotMatch(text, /[\u001b\u202e]/)
  assert.equal(await tab.page.locator('main img').count(), 0)
  tab.assertSound()
  await daemon.engine.cancel(id)
})
