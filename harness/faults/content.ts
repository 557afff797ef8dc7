import { createHash } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunningServer } from '#engine/scratch-server'
import { serverValues } from '#test/server-values'
import { serverDefinitions } from '../fidelity/definitions.ts'
import type { Case } from './case.ts'
import type { Place } from './place.ts'

/** What a server holds, by table and kind of definition: a hash of it. */
export type Content = Record<string, string>

/** Every value of every table, every definition of the shop, and the accounts with their grants. */
export async function contentOf(place: Place, server: RunningServer): Promise<Content> {
  return await place.withSession(server, async session => {
    const values = await serverValues(session)
    const definitions = await serverDefinitions(session, ['shop'], [])
    const accounts = await session.rows(
      "SELECT User, Host FROM mysql.user WHERE User NOT LIKE 'mysql%' ORDER BY 1, 2",
    )
    // A server that was started without grants does not show them in statements.
    const grants = await session.rows("SELECT * FROM mysql.db WHERE User = 'ann'")
    const parts = { ...values, ...definitions, accounts, grants }
    return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, hashOf(part)]))
  })
}

const hashOf = (part: unknown): string =>
  createHash('sha256').update(JSON.stringify(part)).digest('hex')

/** @throws Error with what differs */
export function requireSame(was: Content, is: Content, how: string): void {
  const names = Object.keys({ ...was, ...is }).filter(name => was[name] !== is[name])
  if (names.length > 0) throw new Error(`${how}, and these are others: ${names.join(', ')}`)
}

/** A server that is started on the files holds this. The files are gone afterwards. */
export async function requireOnFiles(
  one: Case,
  data: string,
  expected: Content,
  how: string,
): Promise<void> {
  const { scratchServers, physicalBackups } = one.place.engine
  const folder = join(one.folder, `server-${Math.random().toString(36).slice(2, 8)}`)
  await rename(data, join(await scratchServers.claim(folder), 'data'))
  const server = await scratchServers.start({
    folder,
    tcp: false,
    purpose: 'drill',
    serverOptions: physicalBackups.serverOptions({}),
  })
  try {
    requireSame(expected, await contentOf(one.place, server), how)
  } finally {
    await scratchServers.remove(folder)
  }
}
