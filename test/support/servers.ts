import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { inject } from 'vitest'
import { engineFor } from '#cli/wire'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import { quoteIdentifier } from '#engine/quote'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { startOwnServer } from '#test/own-server'

/** The shared server of this engine, which global-setup.ts started: its folder and socket. */
export async function sharedServer(
  family: EngineFamily,
): Promise<{ engine: Engine; server: RunningServer }> {
  const engine = await engineFor(family)
  const server = await engine.scratchServers.status(join(inject('serversFolder'), family))
  if (!server) throw new Error(`the shared ${family} server is gone`)
  return { engine, server }
}

/** Runs statements as root on the shared server, in a session of their own. */
export async function administer(
  family: EngineFamily,
  ...statements: readonly string[]
): Promise<void> {
  const { engine, server } = await sharedServer(family)
  const session = await engine.connect(server.administrator)
  try {
    for (const statement of statements) await session.run(statement)
  } finally {
    await session.close()
  }
}

/** A session as root on a database of its own. */
interface DatabaseContext {
  engine: Engine
  server: RunningServer
  session: Session
  database: string
}

type UseDatabase = (context: DatabaseContext) => Promise<void>

/** On the shared server; the database is dropped at the end. */
export async function withDatabase(family: EngineFamily, use: UseDatabase): Promise<void> {
  await useDatabase(await sharedServer(family), use)
}

/**
 * On a server of its own, for what backs a server up: a second backup of a server at once is
 * refused as LOCKED, and one of a whole server holds what other tests make and drop.
 */
export async function withOwnDatabase(family: EngineFamily, use: UseDatabase): Promise<void> {
  const own = await startOwnServer(family)
  try {
    await useDatabase(own, use)
  } finally {
    await own.remove()
  }
}

async function useDatabase(
  { engine, server }: Pick<DatabaseContext, 'engine' | 'server'>,
  use: UseDatabase,
): Promise<void> {
  const database = `t_${randomBytes(6).toString('hex')}`
  const maker = await engine.connect(server.administrator)
  await maker.run(`CREATE DATABASE ${quoteIdentifier(database)}`)
  const session = await engine.connect({ ...server.administrator, database })
  try {
    await use({ engine, server, session, database })
  } finally {
    await session.close()
    await maker.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)}`)
    await maker.close()
  }
}
