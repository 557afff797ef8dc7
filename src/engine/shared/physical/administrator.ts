import { randomBytes } from 'node:crypto'
import { Secret } from '#core/secret'
import type { BeforeReplay, PhysicalBackups } from '../../physical-backup.ts'
import { quoteAccount, quoteString } from '../../quote.ts'
import type { RunningServer } from '../../scratch-server.ts'
import type { ConnectOptions, Session } from '../../session.ts'
import { openSession } from '../mysql2-session.ts'
import { beforeReplay, removeTraces } from './replay-traces.ts'

const USER = 'ecomdb_drill_administrator'
const HOST = 'localhost'

/** What of PhysicalBackups is about the account of ours on a copy: the same on both engines. */
export const ownAdministrator: Pick<
  PhysicalBackups,
  'admit' | 'remember' | 'dismiss' | 'isAdmitted'
> = { admit, remember, dismiss, isAdmitted }

/** Works on both engines: a session that was opened before the grants were on may do all. */
async function admit(server: RunningServer): Promise<ConnectOptions> {
  // Letters of all kinds, for a copy whose server checks passwords.
  const password = `${randomBytes(24).toString('base64url')}aA1!`
  const account = quoteAccount(USER, HOST)
  const session = await openSession(server.administrator)
  try {
    await session.run('FLUSH PRIVILEGES')
    await session.run(`DROP USER IF EXISTS ${account}`)
    await session.run(`CREATE USER ${account} IDENTIFIED BY ${quoteString(password)}`)
    await session.run(`GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION`)
    if (session.flavor.family === 'mariadb') await admitToRoles(session)
  } finally {
    await session.close()
  }
  return { ...server.administrator, user: USER, password: new Secret(password) }
}

/** MariaDB: only a role's administrator grants it, and this session is nobody, who grants none. */
async function admitToRoles(session: Session): Promise<void> {
  await session.run(
    `INSERT INTO mysql.roles_mapping (Host, User, Role, Admin_option)
     SELECT ${quoteString(HOST)}, ${quoteString(USER)}, User, 'Y'
       FROM mysql.user WHERE is_role = 'Y'`,
  )
  await session.run('FLUSH PRIVILEGES')
}

/** See PhysicalBackups.remember. */
async function remember(connect: ConnectOptions): Promise<BeforeReplay> {
  const session = await openSession(connect)
  try {
    return await beforeReplay(session)
  } finally {
    await session.close()
  }
}

/** See PhysicalBackups.dismiss. */
async function dismiss(connect: ConnectOptions, before: BeforeReplay): Promise<string[]> {
  const session = await openSession(connect)
  try {
    const notes = await removeTraces(session, { user: USER, host: HOST }, before)
    await session.run(`DROP USER ${quoteAccount(USER, HOST)}`)
    return notes
  } finally {
    await session.close()
  }
}

function isAdmitted({ user, host }: { user: string; host: string }): boolean {
  return user === USER && host === HOST
}
