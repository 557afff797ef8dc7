import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EcomdbError } from '#core/errors'
import { packageRoot } from '#core/paths'
import type { Condition } from '#domain/schema/condition'
import { type Migration, parseMigration } from '#domain/schema/migration'
import type { OwnStoreName, OwnStores } from '../../own-store.ts'
import { quoteIdentifier } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { openSession } from '../mysql2-session.ts'
import {
  makeStoreJournal,
  readStoreJournal,
  type StoreEntry,
  writeStoreJournal,
} from './store-journal.ts'

const DEFAULT_NAMES: Readonly<Record<OwnStoreName, string>> = {
  access: 'ecomdb_access',
  audit: 'ecomdb_audit',
}

/** Another ecomdb that makes the store needs a second or two. */
const LOCK_WAIT_S = 30

export const ownStores: OwnStores = { ensureStore, storeExists, storeName }

function storeName({ options }: Session, store: OwnStoreName): string {
  const configured = { access: options.accessDatabase, audit: options.auditDatabase }
  return configured[store] ?? DEFAULT_NAMES[store]
}

async function storeExists(session: Session, store: OwnStoreName): Promise<boolean> {
  const sql = 'SELECT 1 FROM information_schema.schemata WHERE schema_name = ?'
  return (await session.value(sql, [storeName(session, store)])) !== null
}

/** Stores that a session has found up to date. */
const ensured = new WeakMap<Session, Set<OwnStoreName>>()

async function ensureStore(session: Session, store: OwnStoreName): Promise<string> {
  const database = storeName(session, store)
  const known = ensured.get(session) ?? new Set()
  if (known.has(store)) return database
  const migrations = await migrationsOf(store)
  if (pending(migrations, await readStoreJournal(session, database), database).length > 0) {
    await bringUp(session, database, migrations)
  }
  ensured.set(session, known.add(store))
  return database
}

/**
 * What did not run to its end. A file that ran is never changed: the next one changes what
 * it made.
 *
 * @throws EcomdbError SCHEMA_DRIFT when the store was made by another version of a file
 */
function pending(
  migrations: readonly Migration[],
  journal: readonly StoreEntry[],
  database: string,
): { migration: Migration; from: number }[] {
  const entries = new Map(journal.map(entry => [entry.version, entry]))
  return migrations.flatMap(migration => {
    const entry = entries.get(migration.version)
    if (entry && entry.checksum !== migration.checksum) {
      throw new EcomdbError('SCHEMA_DRIFT', {
        what: `${database} was made by another version of ecomdb`,
        why: `migration ${migration.version} (${migration.name}) ran there with another content`,
        hints: ['use the ecomdb that made it, or a newer one'],
      })
    }
    return entry?.done ? [] : [{ migration, from: entry?.statementIndex ?? 0 }]
  })
}

/** On a connection of its own, so that the caller's default database and lock stay. */
async function bringUp(
  { options }: Session,
  database: string,
  migrations: readonly Migration[],
): Promise<void> {
  const session = await openSession({ ...options, database: undefined })
  try {
    await session.run('SET NAMES utf8mb4 COLLATE utf8mb4_bin')
    await lock(session, database)
    await session.run(
      `CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(database)} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
    )
    await session.run(`USE ${quoteIdentifier(database)}`)
    await makeStoreJournal(session, database)
    const journal = await readStoreJournal(session, database)
    for (const { migration, from } of pending(migrations, journal, database)) {
      await runFile(session, database, migration, from)
    }
  } finally {
    await session.close()
  }
}

async function lock(session: Session, database: string): Promise<void> {
  const name = `ecomdb/store/${database}`.slice(0, 64)
  if ((await session.value('SELECT GET_LOCK(?, ?)', [name, LOCK_WAIT_S])) === '1') return
  throw new EcomdbError('LOCKED', {
    what: `another ecomdb makes ${database}`,
    hints: ['wait for it, then run the command again'],
  })
}

/** The statement that a crash cut short runs again: each of them can be. */
async function runFile(
  session: Session,
  database: string,
  migration: Migration,
  from: number,
): Promise<void> {
  for (const { index, conditions, sql } of migration.statements) {
    if (index < from) continue
    await writeStoreJournal(session, database, migration, index)
    if (await allHold(session, database, conditions)) await session.run(sql)
  }
  await writeStoreJournal(session, database, migration, null)
}

async function allHold(
  session: Session,
  database: string,
  conditions: readonly Condition[],
): Promise<boolean> {
  for (const condition of conditions) {
    if ((await isTrue(session, database, condition)) !== condition.wanted) return false
  }
  return true
}

/** Where information_schema lists an object of a kind: table, and columns of schema and name. */
const CATALOGUE = {
  table: ['tables', 'table_schema', 'table_name'],
  view: ['views', 'table_schema', 'table_name'],
  trigger: ['triggers', 'trigger_schema', 'trigger_name'],
  procedure: ['routines', 'routine_schema', 'routine_name'],
} as const

async function isTrue(session: Session, database: string, { fact }: Condition): Promise<boolean> {
  if (fact.is === 'engine') return session.flavor.family === fact.family
  if (fact.is === 'column') {
    const found = await session.value(
      `SELECT 1 FROM information_schema.columns
       WHERE table_schema = ? AND table_name = ? AND column_name = ?`,
      [database, fact.table, fact.name],
    )
    return found !== null
  }
  if (fact.is === 'primary key') throw new Error('a store has tables with primary keys only')
  const [table, schema, name] = CATALOGUE[fact.kind]
  const found = await session.value(
    `SELECT 1 FROM information_schema.${table} WHERE ${schema} = ? AND ${name} = ?`,
    [database, fact.name],
  )
  return found !== null
}

const read = new Map<OwnStoreName, Promise<Migration[]>>()

function migrationsOf(store: OwnStoreName): Promise<Migration[]> {
  const known = read.get(store) ?? readMigrations(store)
  read.set(store, known)
  return known
}

/** In the order of their numbers, which may have gaps. */
async function readMigrations(store: OwnStoreName): Promise<Migration[]> {
  const folder = join(packageRoot(), 'src', 'engine', 'migrations', store)
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort()
  return await Promise.all(
    names.map(async name => parseMigration(name, await readFile(join(folder, name), 'utf8'))),
  )
}
