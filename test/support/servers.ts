import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { inject } from 'vitest'
import { engineFor } from '#cli/wire'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import { quoteIdentifier } from '#engine/quote'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'

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

/** A session as root on a database of its own, dropped at the end. */
export async function withDatabase(
  family: EngineFamily,
  use: (context: {
    engine: Engine
    server: RunningServer
    session: Session
    database: string
  }) => Promise<void>,
): Promise<void> {
  const { engine, server } = await sharedServer(family)
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
