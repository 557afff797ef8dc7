import { randomBytes } from 'node:crypto'
import { Secret } from '#core/secret'
import { quoteAccount, quoteString } from '../../quote.ts'
import type { RunningServer } from '../../scratch-server.ts'
import type { ConnectOptions } from '../../session.ts'
import { openSession } from '../mysql2-session.ts'

const USER = 'ecomdb_drill_administrator'
const HOST = 'localhost'

/** Works on both engines: a session that was opened before the grants were on may do all. */
export async function admitAdministrator(server: RunningServer): Promise<ConnectOptions> {
  // Letters of all kinds, for a copy whose server checks passwords.
  const password = `${randomBytes(24).toString('base64url')}aA1!`
  const account = quoteAccount(USER, HOST)
  const session = await openSession(server.administrator)
  try {
    await session.run('FLUSH PRIVILEGES')
    await session.run(`DROP USER IF EXISTS ${account}`)
    await session.run(`CREATE USER ${account} IDENTIFIED BY ${quoteString(password)}`)
    await session.run(`GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION`)
  } finally {
    await session.close()
  }
  return { ...server.administrator, user: USER, password: new Secret(password) }
}

/** See PhysicalBackups.dismiss. */
export async function dismissAdministrator(connect: ConnectOptions): Promise<void> {
  const session = await openSession(connect)
  try {
    await session.run(`DROP USER ${quoteAccount(USER, HOST)}`)
  } finally {
    await session.close()
  }
}

export function isDrillAdministrator({ user, host }: { user: string; host: string }): boolean {
  return user === USER && host === HOST
}
