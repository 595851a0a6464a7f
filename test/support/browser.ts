/**
 * Debian's Chromium with pages of ferry in it. Whatever a page says on its console as a warning or an error, throws, or
 * tries against its policy fails the test that opened it.
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

/** For `requireServer`. */
export const browserCommand = 'chromium'

/** Pictures that tests leave for people to look at. */
export const artefactFolder: string = join(import.meta.dirname, '..', '..', 'test-artefacts')

export interface TestPage extends AsyncDisposable {
  readonly page: Page
  /** What went wrong in it so far. */
  readonly troubles: readonly string[]
  /** Troubles that match are meant to be, such as requests to a server that was killed. */
  allow(pattern: RegExp): void
  /** Throws when something went wrong that was not meant to be. */
  assertSound(): void
  /** Leaves a picture in the folder of artefacts. */
  picture(name: string): Promise<void>
}

export interface TestBrowser extends AsyncDisposable {
  open(url: string, options?: BrowserContextOptions): Promise<TestPage>
}

export async function startBrowser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Tests may run as root, which Chromium's sandbox refuses.
    args: ['--no-sandbox'],
    headless: true,
  })
  return {
    open: (url, options) => openPage(browser, url, options),
    async [Symbol.asyncDispose]() {
      await browser.close()
    },
  }
}

async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<TestPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    ...options,
  })
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  const troubles: string[] = []
  const allowed: RegExp[] = []
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type()))
      troubles.push(`console: ${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => troubles.push(`thrown: ${error.message}`))
  await page.goto(url)
  const assertSound = (): void => {
    const unmeant = troubles.filter((trouble) => !allowed.some((pattern) => pattern.test(trouble)))
    assert.deepEqual(unmeant, [], 'the page is sound')
  }
  return {
    page,
    troubles,
    allow: (pattern) => void allowed.push(pattern),
    assertSound,
    async picture(name) {
      mkdirSync(artefactFolder, { recursive: true })
      await page.screenshot({ path: join(artefactFolder, `${name}.png`) })
    },
    async [Symbol.asyncDispose]() {
      await context.close()
    },
  }
}
