// Pictures of the web page: two computers (two homes) on this one, one shares, the other receives and syncs.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const size = { width: 1100, height: 720 }

/** Yields the name of each picture when it is made. */
export async function* makePictures({ root, pictures }) {
  const load = (name) => import(pathToFileURL(join(root, 'dist', 'test', 'support', `${name}.js`)).href)
  const [{ startBrowser }, { startDaemon }, { runFerry }, { setStage }, { seededBytes }] = await Promise.all(
    ['browser', 'daemon-process', 'ferry', 'journey', 'seeded-bytes'].map(load),
  )
  await using stage = setStage()
  stage.write('Pictures/wedding-ceremony-final-cut.mov', seededBytes(24_000_000, 1))
  for (let index = 0; index < 40; index++)
    stage.write(`Pictures/2026/IMG_0${400 + index}.CR3`, seededBytes(300_000, index + 2))
  for (let index = 0; index < 12; index++)
    stage.write(`site/page-${index}.html`, seededBytes(60_000, index + 99))
  mkdirSync(stage.at('nas'))
  await using share = await stage.share(['Pictures'])
  await using daemon = await startDaemon(stage.receiverHome)
  await using browser = await startBrowser()
  const url = (await runFerry(['daemon', 'page'], { home: stage.receiverHome })).stdout.trim()
  await using light = await browser.open(url, { viewport: size, colorScheme: 'light' })
  await using dark = await browser.open(url, { viewport: size, colorScheme: 'dark' })
  await using phone = await browser.open(url, { viewport: { width: 360, height: 720 } })
  const take = async (tab, name) => {
    // Below the notices there is nothing to see.
    await tab.page.locator('.notices li').first().waitFor({ state: 'detached' })
    await tab.page.screenshot({ path: join(pictures, `${name}.png`) })
    return `docs/tour/${name}.png`
  }
  const { page } = light
  const dialog = page.getByRole('dialog')
  await page.getByText('Nothing is being transferred').waitFor()
  yield await take(light, 'page-first')

  await page.getByRole('button', { name: 'Share…' }).click()
  await page.getByLabel('Files or folders').fill(stage.at('site'))
  await dialog.getByRole('button', { name: 'Share', exact: true }).click()
  await dialog.getByText(/^ferry receive/).waitFor()
  await dialog.locator('.step-label').filter({ hasText: 'Serving' }).waitFor()
  yield await take(light, 'page-ticket')
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'Sync…' }).click()
  await dialog.getByLabel('From').fill(`${stage.at('site')}/`)
  await dialog.getByLabel('To', { exact: true }).fill(stage.at('nas', 'site'))
  await dialog.getByRole('button', { name: 'Sync', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'Receive…' }).click()
  await page.getByLabel('Ticket').fill(share.ticket)
  await page.getByLabel('Into folder').fill(stage.into)
  await page.getByLabel('Speed limit').selectOption({ label: '1.0 MB/s' })
  await dialog.getByRole('button', { name: 'Receive' }).click()
  await page.getByRole('button', { name: 'Go on in the list' }).click()
  const percent = page.locator('.transfers .percent').first()
  await percent.filter({ hasText: /^4\d%$/ }).waitFor({ timeout: 60_000 })
  yield await take(light, 'page-transfers')
  for (const tab of [dark, phone]) await tab.page.locator('a.row-link').first().click()
  await dark.page.locator('.details .percent').waitFor()
  yield await take(dark, 'page-details-dark')
  yield await take(phone, 'page-phone')
  await daemon.client.setLimits((await daemon.client.list())[0].id, { bytesPerSecond: null })
  await percent.filter({ hasText: '100%' }).waitFor()
  await page.keyboard.press('4')
  await page.getByRole('row', { name: /Pictures.*done/ }).waitFor()
  yield await take(light, 'page-history')
}
