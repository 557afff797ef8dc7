import { existsSync } from 'node:fs'

/** The browser of the machine; null where there is none: a test then says that it skips. */
export function findChromium(): string | null {
  const places = [process.env['ECOMDB_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser']
  return places.find(place => place && existsSync(place)) ?? null
}
