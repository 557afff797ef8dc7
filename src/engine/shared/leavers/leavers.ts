import { EcomdbError } from '#core/errors'
import { type AccountKind, type PersonRecord, personLockName } from '#domain/access/person'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Leavers, PersonAccount } from '../../leavers.ts'
import { quoteAccount, quoteQualified } from '../../quote.ts'
import { orNone } from '../../server-error.ts'
import type { Session, SqlRow } from '../../session.ts'
import { hostUser } from '../access/record-operation.ts'
import { runAccountStatement } from '../credentials/run-identified.ts'
import { ownStores } from '../own-store/own-store.ts'
import type { AccountDialect } from '../provision/accounts.ts'
import { isoUtc } from './iso-utc.ts'
import { readTraces } from './traces.ts'

/** A mint holds the lock for a fraction of a second. */
const LOCK_WAIT_S = 10

export function leavers(dialect: AccountDialect): Leavers {
  return {
    person: readPerson,
    accounts: (session, handle) => readAccounts(session, dialect, handle),
    async unknownAccounts(session, user) {
      const there = await session.rows<SqlRow & AccountName>(dialect.accounts)
      const known = await session.rows<SqlRow & AccountName>(
        `SELECT account_user AS user, account_host AS host FROM ${await table(session, 'account')}`,
      )
      return there
        .filter(one => one.user === user && one.host !== '')
        .filter(one => !known.some(other => other.user === user && other.host === one.host))
        .map(({ host }) => ({ user, host }))
    },
    adopt,
    hold,
    async release(session, handle) {
      await session.value('SELECT RELEASE_LOCK(?)', [personLockName(handle)])
    },
    setState,
    lockStatement: accounts => alterStatement(accounts, 'ACCOUNT LOCK'),
    dropStatement,
    // One statement a line; a replica that is made of the files must have no transaction of its own.
    dropFile: accounts =>
      ['SET SESSION sql_log_bin = 0', ...accounts.map(dropStatement)]
        .map(statement => `${statement};\n`)
        .join(''),
    async actor(session) {
      return `${hostUser()} as ${await session.value('SELECT USER()')}`
    },
    lock: (session, accounts) => alterEach(session, accounts, 'ACCOUNT LOCK'),
    unlock: (session, accounts) => alterEach(session, accounts, 'ACCOUNT UNLOCK'),
    states: (session, accounts) => accountStates(session, dialect, accounts),
    forgetSecrets,
    traces: readTraces,
    async ensureDefiner(session, { user, host }) {
      const name = quoteAccount(user, host)
      await runAccountStatement(
        session,
        `CREATE USER IF NOT EXISTS ${name} ${dialect.lockedWithoutPassword}`,
      )
    },
    async endProxies(session, proxies) {
      for (const { account, actsAs } of proxies) {
        const [whom, from] = [actsAs, account].map(one => quoteAccount(one.user, one.host))
        await session.run(`REVOKE PROXY ON ${whom} FROM ${from}`)
      }
    },
    async drop(session, accounts, binlog = true) {
      if (!binlog && accounts.length > 0) await session.run('SET SESSION sql_log_bin = 0')
      for (const account of accounts) await session.run(dropStatement(account))
    },
  }
}

async function table(session: Session, name: string): Promise<string> {
  return quoteQualified(await ownStores.ensureStore(session, 'access'), name)
}

async function readPerson(session: Session, handle: string): Promise<PersonRecord | null> {
  const [row] = await session.rows(
    `SELECT person, full_name, email, state, created_at, left_at
       FROM ${await table(session, 'person')} WHERE person = ?`,
    [handle],
  )
  if (!row) return null
  return {
    person: handle,
    fullName: String(row['full_name']),
    email: row['email'] === null ? null : String(row['email']),
    state: String(row['state']) as PersonRecord['state'],
    createdAt: isoUtc(String(row['created_at'])),
    leftAt: row['left_at'] === null ? null : isoUtc(String(row['left_at'])),
  }
}

async function hold(session: Session, handle: string): Promise<void> {
  const name = personLockName(handle)
  if ((await session.value('SELECT GET_LOCK(?, ?)', [name, LOCK_WAIT_S])) === '1') return
  throw new EcomdbError('LOCKED', {
    what: `another ecomdb is changing the access of ${handle}`,
    why: `connection ${await session.value('SELECT IS_USED_LOCK(?)', [name])} holds the lock for ${LOCK_WAIT_S} s and more`,
    hints: ['wait for it, then run the command again'],
  })
}

async function accountStates(
  session: Session,
  dialect: AccountDialect,
  accounts: readonly AccountName[],
): Promise<{ account: AccountName; exists: boolean; locked: boolean }[]> {
  const all = await session.rows<SqlRow & AccountName & { locked: number | string }>(
    dialect.accounts,
  )
  return accounts.map(({ user, host }) => {
    const found = all.find(row => row.user === user && row.host === host)
    return { account: { user, host }, exists: !!found, locked: String(found?.locked) === '1' }
  })
}

async function alterEach(
  session: Session,
  accounts: readonly AccountName[],
  what: string,
): Promise<void> {
  if (accounts.length === 0) return
  await session.run(alterStatement(accounts, what))
}

function alterStatement(accounts: readonly AccountName[], what: string): string {
  const names = accounts.map(({ user, host }) => quoteAccount(user, host))
  return `ALTER USER IF EXISTS ${names.join(', ')} ${what}`
}

function dropStatement({ user, host }: AccountName): string {
  return `DROP USER IF EXISTS ${quoteAccount(user, host)}`
}

async function adopt(
  session: Session,
  handle: string,
  accounts: readonly AccountName[],
): Promise<void> {
  const [person, account] = [await table(session, 'person'), await table(session, 'account')]
  await session.run(
    `INSERT IGNORE INTO ${person} (person, full_name, state, created_at)
     VALUES (?, ?, 'active', UTC_TIMESTAMP(6))`,
    [handle, handle],
  )
  for (const { user, host } of accounts) {
    await session.run(
      `INSERT INTO ${account} (account_user, account_host, person, kind, created_at)
       VALUES (?, ?, ?, 'adopted', UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE person = person`,
      [user, host, handle],
    )
  }
}

async function setState(
  session: Session,
  handle: string,
  state: PersonRecord['state'],
): Promise<void> {
  const left = state === 'left' ? 'COALESCE(left_at, UTC_TIMESTAMP(6))' : 'left_at'
  await session.run(
    `UPDATE ${await table(session, 'person')} SET state = ?, left_at = ${left}
      WHERE person = ? AND (state <> 'left' OR ? = 'left')`,
    [state, handle, state],
  )
}

async function forgetSecrets(session: Session, handle: string): Promise<number> {
  let removed = 0
  for (const name of ['recovery_code', 'totp']) {
    const sql = `DELETE FROM ${await table(session, name)} WHERE person = ?`
    const [done] = await orNone(session.run(sql, [handle]).then(one => [one]))
    removed += done?.affectedRows ?? 0
  }
  return removed
}

/** Those on record, and those that a broker has made for one login and may not have ended. */
async function readAccounts(
  session: Session,
  dialect: AccountDialect,
  handle: string,
): Promise<PersonAccount[]> {
  type Row = SqlRow & AccountName & { kind: AccountKind }
  const recorded = await session.rows<Row>(
    `SELECT account_user AS user, account_host AS host, kind AS kind
       FROM ${await table(session, 'account')} WHERE person = ? ORDER BY user, host`,
    [handle],
  )
  const minted = await orNone(
    session.rows<Row>(
      `SELECT session_user AS user, session_host AS host, 'session' AS kind
         FROM ${await table(session, 'session_account')} WHERE person = ? ORDER BY user, host`,
      [handle],
    ),
  )
  const isRecorded = (one: Row): boolean =>
    recorded.some(other => other.user === one.user && other.host === one.host)
  const known = [...recorded, ...minted.filter(one => !isRecorded(one))]
  const states = await accountStates(session, dialect, known)
  return known
    .map(({ user, host, kind }, at) => ({
      ...{ user, host, kind },
      exists: states[at]?.exists ?? false,
      locked: states[at]?.locked ?? false,
    }))
    .filter(({ kind, exists }) => exists || kind !== 'session')
}
