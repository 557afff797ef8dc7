import type { Engine } from './engine.ts'
import type { ConnectOptions, Session } from './session.ts'

/**
 * What it takes to wait for whoever keeps account statements out, in seconds: MySQL's LOCK INSTANCE FOR BACKUP does
 * (manual, "LOCK INSTANCE FOR BACKUP and UNLOCK INSTANCE Statements"), which a logical backup holds until it has read
 * all rows. The server's own limit is a year.
 */
const WAIT_SECONDS = 30

/** A session that makes, alters or drops accounts, roles or grants: it says so when it has to wait, and ends. Throws EcomdbError as `Engine.connect`. */
export async function connectToAccounts(
  engine: Pick<Engine, 'connect'>,
  connect: ConnectOptions,
): Promise<Session> {
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    await session.run(`SET SESSION lock_wait_timeout = ${WAIT_SECONDS}`)
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}
