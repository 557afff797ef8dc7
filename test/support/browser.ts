import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { cacheFolder } from '#core/paths'
import { DEBIAN_LIBRARIES } from '#process/find-tool'

/** What `bin/setup --with-browser` unpacks. */
const ROOT = join(cacheFolder(), 'browser', 'root')

const UNPACKED = join(ROOT, 'usr/lib/chromium/chromium')
const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const NAMED = process.env['ECOMDB_CHROMIUM']

/** Why there is no browser here, or null when there is one: for `t.skip(…)`. */
export function browserMissing(): string | null {
  return executable() ? null : 'there is no Chromium here: run bin/setup --with-browser'
}

/** @throws Error where browserMissing says so */
export async function startBrowser(): Promise<Browser> {
  const path = executable()
  if (!path) throw new Error(browserMissing() ?? '')
  const libraries = ['usr/lib', 'lib'].flatMap(folder => [
    join(ROOT, folder, DEBIAN_LIBRARIES.replace(/^lib\//, '')),
    join(ROOT, folder, DEBIAN_LIBRARIES.replace(/^lib\//, ''), 'pulseaudio'),
  ])
  return await chromium.launch({
    executablePath: path,
    // Root, as in a container, has no sandbox to start; the pages are our own.
    args: ['--no-sandbox', '--disable-gpu'],
    env: {
      ...process.env,
      ...(path === UNPACKED ? { LD_LIBRARY_PATH: libraries.join(':') } : {}),
    },
  })
}

function executable(): string | undefined {
  return [...(NAMED ? [NAMED] : []), UNPACKED, ...SYSTEM].find(existsSync)
}
