import type { EngineFamily } from '#domain/engine-family'
import type { Check } from '../facts.ts'

/** The oldest versions whose features ecomdb uses, and the versions that its tests run on. */
const OLDEST: Record<EngineFamily, readonly [number, number]> = {
  mysql: [8, 0],
  mariadb: [10, 6],
}
const TESTED: Record<EngineFamily, string> = { mysql: '9.7', mariadb: '10.11' }

/** Is it a version that ecomdb knows? */
export const serverVersion: Check = ({ server }) => {
  if (!server || 'error' in server) return []
  const { family, flavor } = server.fact
  const subject = 'server version'
  const [major, minor] = OLDEST[family]
  const detail = `${flavor}; ecomdb is tested on ${TESTED[family]}`
  if (flavor.atLeast(family, major, minor)) return [{ status: 'ok', subject, detail }]
  const next = `upgrade to ${family} ${major}.${minor} or newer, or prove your backups with \`ecomdb drill\``
  return [{ status: 'warn', subject, detail, next }]
}
