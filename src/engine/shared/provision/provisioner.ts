import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EcomdbError, messageOf } from '#core/errors'
import { packageRoot } from '#core/paths'
import type { ObjectKind } from '#domain/schema/live-schema'
import { type Migration, parseMigration } from '#domain/schema/migration'
import type { Provisioner } from '../../provisioner.ts'
import { quoteIdentifier } from '../../quote.ts'
import { isDeadlock, serverErrorNumber } from '../../server-error.ts'
import type { Session } from '../../session.ts'
import { hasHashOf, runAccountStatement, runIdentified } from '../credentials/run-identified.ts'
import { openSession } from '../mysql2-session.ts'
import {
  type AccountDialect,
  accountSteps,
  observeAccounts,
  offeredPrivileges,
} from './accounts.ts'
import {
  countSetAside,
  journalDone,
  journalStep,
  lockSchema,
  readJournal,
  readRecorded,
} from './journal.ts'
import { type KnownNames, observeLiveSchema } from './observe-schema.ts'
import { definerAccount, serviceAccounts } from './service-accounts.ts'

const COLLATION = 'utf8mb4_unicode_ci'
/** Seconds that a statement waits for a transaction of others, with writers queueing behind it. */
const LOCK_WAIT_S = 30
/** A statement that loses to a deadlock is tried this often in all. */
const ATTEMPTS = 10
/** ER_LOCK_WAIT_TIMEOUT, for a table's metadata as for a row. */
const LOCK_WAIT_TIMEOUT = 1205

export function provisioner(dialect: AccountDialect): Provisioner {
  return {
    migrations: readMigrations,
    async connect(options) {
      const { database = '' } = options
      const session = await openSession({ ...options, database: undefined })
      await session.run(`SET NAMES utf8mb4 COLLATE ${COLLATION}`)
      await session.run(
        `SET lock_wait_timeout = ${LOCK_WAIT_S}, innodb_lock_wait_timeout = ${LOCK_WAIT_S}`,
      )
      await session.run('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
      // An id of 0 stays 0 when a column becomes AUTO_INCREMENT.
      await session.run("SET sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')")
      const existing = await session.value(
        'SELECT schema_name FROM information_schema.schemata WHERE schema_name = ?',
        [database],
      )
      if (existing !== null) await session.run(`USE ${quoteIdentifier(database)}`)
      return session
    },
    async observe(session, schema) {
      return await observeLiveSchema(session, schema, knownNames(await readMigrations()))
    },
    readJournal,
    readRecorded,
    countSetAside,
    definerAccount,
    serviceAccounts,
    observeAccounts: (session, accounts) => observeAccounts(session, dialect, accounts),
    offeredPrivileges,
    async runCheck(session, check) {
      return Number(await session.value(check.sql))
    },
    databaseSteps(live) {
      if (live.collation === COLLATION) return []
      const verb = live.exists ? 'ALTER' : 'CREATE'
      const sql = `${verb} DATABASE ${quoteIdentifier(live.name)} CHARACTER SET utf8mb4 COLLATE ${COLLATION}`
      return [{ kind: 'database', version: null, name: null, index: null, sql, passwordOf: null }]
    },
    accountSteps: (wanted, observed, missing) => accountSteps(dialect, wanted, observed, missing),
    lock: lockSchema,
    async runStep(session, step, password) {
      const { kind, sql } = step
      if (!password) await runWithRetries(session, sql)
      // A server that remembers passwords refuses the one that the account has.
      else if (!(await hasHashOf(session, sql, password))) {
        await runIdentified(session, sql, password)
      }
      if (kind === 'database') await session.run(`USE ${quoteIdentifier(databaseOf(sql))}`)
    },
    journalStep,
    journalDone,
  }
}

function databaseOf(sql: string): string {
  return (/DATABASE `((?:[^`]|``)+)`/.exec(sql)?.[1] ?? '').replaceAll('``', '`')
}

async function runWithRetries(session: Session, sql: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runAccountStatement(session, sql)
      return
    } catch (error) {
      if (serverErrorNumber(error) === LOCK_WAIT_TIMEOUT) throw tableBusy(error)
      if (!isDeadlock(error) || attempt === ATTEMPTS) throw error
    }
  }
}

function tableBusy(error: unknown): EcomdbError {
  return new EcomdbError('LOCKED', {
    what: 'a table is in use by a long transaction, so it was not changed',
    why: `${messageOf(error)}; others would have had to wait behind this statement`,
    hints: [
      'find the transaction with SHOW PROCESSLIST, let it end, then run `ecomdb provision apply` again: it goes on here',
    ],
    cause: error,
  })
}

let read: Promise<readonly Migration[]> | undefined

function readMigrations(): Promise<readonly Migration[]> {
  read ??= readMigrationFiles(join(packageRoot(), 'src', 'engine', 'migrations'))
  return read
}

async function readMigrationFiles(folder: string): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort()
  return await Promise.all(
    names.map(async name => parseMigration(name, await readFile(join(folder, name), 'utf8'))),
  )
}

/** The objects that the migrations speak of. */
function knownNames(migrations: readonly Migration[]): KnownNames {
  const known: Record<ObjectKind, Set<string>> = {
    table: new Set(),
    view: new Set(),
    trigger: new Set(),
    procedure: new Set(),
  }
  for (const { statements } of migrations) {
    for (const { fact } of statements.flatMap(statement => statement.conditions)) {
      if (fact.is === 'object') known[fact.kind].add(fact.name)
    }
  }
  return known
}
