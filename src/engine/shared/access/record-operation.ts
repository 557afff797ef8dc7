import { userInfo } from 'node:os'
import type { Operation } from '../../access-catalog.ts'
import { quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { ownStores } from '../own-store/own-store.ts'

export async function recordOperation(
  session: Session,
  { command, subject, detail }: Operation,
): Promise<void> {
  const database = await ownStores.ensureStore(session, 'access')
  await session.run(
    `INSERT INTO ${quoteQualified(database, 'operation')} (at, actor, command, subject, detail)
     VALUES (UTC_TIMESTAMP(6), CONCAT(?, ' as ', USER()), ?, ?, ?)`,
    [hostUser(), command, subject, JSON.stringify(detail)],
  )
}

/** Who runs ecomdb, as the host knows; behind sudo also who called it. */
export function hostUser(): string {
  const { username } = userInfo()
  const caller = process.env['SUDO_USER']
  return caller && caller !== username ? `${caller} (as ${username})` : username
}
