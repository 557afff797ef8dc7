import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browserMissing, startBrowser } from '#test/browser'
import { REPORT_PAGES } from '#test/report-pages'
import { withFolder } from '#test/temporary'

const missing = browserMissing()
let browser: Browser | undefined
beforeAll(async () => {
  if (!missing) browser = await startBrowser()
})
afterAll(async () => await browser?.close())

const SCHEMES = ['light', 'dark'] as const

test.for(Object.keys(REPORT_PAGES))('in a browser: %s', async (name, t) => {
  if (missing) return t.skip(missing)
  await withFolder(async folder => {
    const file = join(folder, 'page.html')
    await writeFile(file, REPORT_PAGES[name]?.() ?? '')
    const page = (await browser?.newPage()) as Awaited<ReturnType<Browser['newPage']>>
    const said: string[] = []
    page.on('console', message => said.push(message.text()))
    page.on('pageerror', error => said.push(String(error)))
    page.on('request', request => said.push(`asks for ${request.url()}`))
    const url = pathToFileURL(file).href
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme })
      await page.goto(url)
      expect(await page.evaluate(LOW_CONTRAST), `${name}, ${colorScheme}`).toEqual([])
    }
    expect(await page.evaluate(NOT_ACCESSIBLE)).toEqual([])
    await page.setViewportSize({ width: 380, height: 800 })
    expect(await page.evaluate(TOO_WIDE)).toBe(false)
    expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-')
    expect(said.filter(text => text !== `asks for ${url}`)).toEqual([])
    await page.close()
  })
})

const TOO_WIDE = 'document.documentElement.scrollWidth > window.innerWidth'

/** Texts whose colour differs too little from what is behind them (WCAG 2.2, 1.4.3: 4.5 to 1). */
const LOW_CONTRAST = `(() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number)
  const light = colour => {
    const [r, g, b] = parts(colour).slice(0, 3).map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor
      if (parts(colour)[3] !== 0) return colour
    }
    return 'rgb(255, 255, 255)'
  }
  const texts = [...document.body.querySelectorAll('*')]
    .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .filter(one => !one.closest('svg'))
  return texts.flatMap(one => {
    const pair = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => b - a)
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05)
    return ratio < 4.5 ? [one.tagName + ' ' + one.className + ' ' + ratio.toFixed(2)] : []
  })
})()`

/** What somebody who hears the page would miss. */
const NOT_ACCESSIBLE = `[
  ...(document.documentElement.lang ? [] : ['no language']),
  ...(document.title ? [] : ['no title']),
  ...(document.querySelectorAll('h1').length === 1 ? [] : ['not one h1']),
  ...(document.querySelectorAll('main').length === 1 ? [] : ['not one main']),
  ...[...document.querySelectorAll('th:not([scope])')].map(th => 'no scope: ' + th.textContent),
  ...[...document.querySelectorAll('svg[role=img]:not([aria-label])')].map(() => 'a picture without a name'),
  ...[...document.querySelectorAll('svg:not([role=img]):not([aria-hidden])')].map(() => 'a picture of no role'),
  ...[...document.querySelectorAll('script:not([type="application/vnd.dsse+json"]), link, img, iframe')].map(one => 'a ' + one.tagName),
]`
