import { accountOfClient } from '#domain/access/session-owner'
import type { AccountName } from '#domain/schema/service-accounts'
import { quoteQualified } from '../../quote.ts'
import { serverErrorNumber } from '../../server-error.ts'
import type { Session, SqlRow } from '../../session.ts'
import type { OpenSession, Sessions } from '../../sessions.ts'
import { ownStores } from '../own-store/own-store.ts'
import type { AccountDialect } from '../provision/accounts.ts'

/** ER_NO_SUCH_THREAD */
const NO_SUCH_THREAD = 1094

/** What a connection is called until it has logged in. */
const ENTERING = 'unauthenticated user'

export function sessions(dialect: AccountDialect): Sessions {
  return {
    async list(session, accounts) {
      // Both engines show this to holders of PROCESS only, and say so.
      await session.value('SELECT 1 FROM information_schema.innodb_metrics LIMIT 1')
      const [running, all] = [await processes(session), await everyAccount(session, dialect)]
      return {
        open: running.filter(one => isOf(one, accounts, all)),
        entering: running.filter(one => one.user === ENTERING),
      }
    },
    async kill(session, ids) {
      if (ids.length === 0 || (await killTogether(session, ids))) return
      for (const id of ids) await killOne(session, id)
    },
  }
}

/** ER_SP_DOES_NOT_EXIST, ER_BAD_DB_ERROR, ER_PROCACCESS_DENIED_ERROR, ER_DBACCESS_DENIED_ERROR */
const NO_PROCEDURE = new Set([1305, 1049, 1370, 1044])

/**
 * In one round trip, by a procedure of ecomdb's own store: 200 KILLs one by one took 3 s and more on
 * a busy server. False where it is not there, as on a replica that has not heard of it yet.
 */
async function killTogether(session: Session, ids: readonly number[]): Promise<boolean> {
  const procedure = quoteQualified(ownStores.storeName(session, 'access'), 'kill_sessions')
  try {
    await session.run(`CALL ${procedure}(?)`, [ids.map(Number).join(',')])
    return true
  } catch (error) {
    if (NO_PROCEDURE.has(serverErrorNumber(error) ?? 0)) return false
    throw error
  }
}

async function killOne(session: Session, id: number): Promise<void> {
  const verb = session.flavor.family === 'mariadb' ? 'KILL HARD CONNECTION' : 'KILL CONNECTION'
  try {
    await session.run(`${verb} ${Number(id)}`)
  } catch (error) {
    if (serverErrorNumber(error) !== NO_SUCH_THREAD) throw error
  }
}

/** The table that costs no lock, where the server keeps it. */
async function processes(session: Session): Promise<OpenSession[]> {
  const { flavor } = session
  const kept =
    flavor.atLeast('mysql', 8, 1) && (await session.value('SELECT @@performance_schema')) === '1'
  const table = kept ? 'performance_schema.processlist' : 'information_schema.processlist'
  const rows = await session.rows<SqlRow & { id: number; user: string | null }>(
    `SELECT id AS id, user AS user, host AS host, command AS command FROM ${table}`,
  )
  return rows.map(row => ({
    id: Number(row.id),
    user: row.user ?? '',
    clientHost: withoutPort(String(row['host'] ?? '')),
    ending: row['command'] === 'Killed',
  }))
}

async function everyAccount(session: Session, dialect: AccountDialect): Promise<AccountName[]> {
  return await session.rows<SqlRow & { user: string; host: string }>(dialect.accounts)
}

/**
 * Where the host tells nothing (the server resolved a name), the user's name decides: a stranger
 * of the same name connects again, a leaver who stays does not show.
 */
function isOf(
  { user, clientHost }: OpenSession,
  accounts: readonly AccountName[],
  all: readonly AccountName[],
): boolean {
  if (!accounts.some(one => one.user === user)) return false
  const isTheirs = (one: AccountName): boolean =>
    accounts.some(theirs => theirs.user === one.user && theirs.host === one.host)
  const strangers = all.filter(one => one.user === user && !isTheirs(one))
  if (strangers.length === 0) return true
  const account = accountOfClient(user, clientHost, [...strangers, ...accounts])
  return account === null || isTheirs(account)
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '')
}
