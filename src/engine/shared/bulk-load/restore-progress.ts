import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError } from '#core/errors'
import type { Manifest } from '#domain/backup/manifest'
import type {
  EndedRestore,
  LoadedPieces,
  MarkedRestore,
  RestoreProgress,
} from '../../logical-writer.ts'
import { quoteString } from '../../quote.ts'
import { RESTORE_LOCK as LOCK, RESTORE_JOURNAL } from '../../restore-journal-database.ts'
import type { Session, SqlRow } from '../../session.ts'
import { showCreateTable } from '../logical/show-create-table.ts'
import {
  CLAIMS_TABLE,
  claimStatements,
  isSuperseded,
  readClaims,
  remadeSince,
  unclaimStatement,
} from './restore-claims.ts'
import type { WireConnection } from './wire-connection.ts'

/**
 * What a restore has loaded, kept on the server it loads into: a mark is written in the
 * transaction of its rows, so that after any interruption they are there both, or neither.
 * The first row of a restore says that its journal was begun.
 */
const MARKS = `${RESTORE_JOURNAL}.loaded_pieces`
const BEGUN = -1

/** The mark and the claims are there together, or neither: what is marked and has no claims is nobody's in particular. */
export const journalStatements = (begun: EndedRestore, databases: readonly string[]): string[] => [
  `CREATE DATABASE IF NOT EXISTS ${RESTORE_JOURNAL}`,
  `CREATE TABLE IF NOT EXISTS ${MARKS} (
     restore_id CHAR(36) CHARACTER SET ascii NOT NULL, table_place INT NOT NULL,
     first_piece INT NOT NULL, pieces INT NOT NULL,
     PRIMARY KEY (restore_id, table_place, first_piece)) ENGINE=InnoDB`,
  CLAIMS_TABLE,
  'START TRANSACTION',
  `INSERT IGNORE INTO ${MARKS} VALUES (${quoteString(begun.restoreId)}, ${BEGUN}, 0, 0)`,
  ...claimStatements(begun, databases),
  'COMMIT',
]

/** Replaces the mark of a table that was made anew since. */
export function markStatement(restoreId: string, { table, first, pieces }: LoadedPieces): string {
  return `REPLACE INTO ${MARKS} VALUES (${quoteString(restoreId)}, ${table}, ${first}, ${pieces})`
}

/** See LogicalWriter.progress. */
export async function readProgress(
  session: Session,
  manifest: Manifest,
  restoreId: string,
): Promise<RestoreProgress | null> {
  const marks = await readMarks(session, restoreId)
  if (!marks.some(({ table }) => table === BEGUN)) return null
  const there = await tablesThere(session, manifest)
  const tables: { table: number; create: string }[] = []
  for (const [place, { schema, name, storageEngine }] of manifest.tables.entries()) {
    // Rows of a table without transactions are there without their mark, or twice.
    if (storageEngine.toLowerCase() !== 'innodb' || !there.has(keyOf(schema, name))) continue
    tables.push({ table: place, create: await showCreateTable(session, schema, name) })
  }
  const kept = new Set(tables.map(({ table }) => table))
  return { tables, loaded: marks.filter(({ table }) => kept.has(table)) }
}

/** See LogicalWriter.isMarked. */
export async function isMarked(session: Session, restoreId: string): Promise<boolean> {
  return (await readMarks(session, restoreId)).some(({ table }) => table === BEGUN)
}

/** See LogicalWriter.remadeSince. */
export async function remadeByOthers(
  session: Session,
  restoreId: string,
  marked?: MarkedRestore,
): Promise<string[]> {
  return remadeSince(await readClaims(session), restoreId, marked)
}

async function hasMarks(session: Session): Promise<boolean> {
  const [journal] = await session.rows(
    "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = 'loaded_pieces'",
    [RESTORE_JOURNAL],
  )
  return journal !== undefined
}

async function readMarks(session: Session, restoreId: string): Promise<LoadedPieces[]> {
  if (!(await hasMarks(session))) return []
  const rows = await session.rows<SqlRow>(
    `SELECT table_place, first_piece, pieces FROM ${MARKS} WHERE restore_id = ?
      ORDER BY table_place, first_piece`,
    [restoreId],
  )
  return rows.map(row => ({
    table: Number(row['table_place']),
    first: Number(row['first_piece']),
    pieces: Number(row['pieces']),
  }))
}

async function tablesThere(session: Session, { databases }: Manifest): Promise<Set<string>> {
  if (databases.length === 0) return new Set()
  const rows = await session.rows<SqlRow & { s: string; t: string }>(
    `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t FROM information_schema.TABLES
      WHERE TABLE_SCHEMA IN (${databases.map(() => '?').join(', ')})`,
    databases.map(({ name }) => name),
  )
  return new Set(rows.map(({ s, t }) => keyOf(s, t)))
}

const keyOf = (schema: string, name: string): string => JSON.stringify([schema, name])

/**
 * See LogicalWriter.endJournal. Another's marks stay: they are how it is continued, and why a backup says that
 * it had not ended. What was not logged is on no replica, which stops where it is to be deleted there.
 */
export async function endJournal(session: Session, ended: readonly EndedRestore[]): Promise<void> {
  const claims = await readClaims(session)
  const hasUnlogged = ended.some(({ binlog }) => !binlog)
  const log = async (binlog: boolean): Promise<void> => {
    if (hasUnlogged) await session.run(`SET SESSION sql_log_bin = ${binlog ? 1 : 0}`)
  }
  const left = claims.filter(
    ({ id }) => !ended.some(one => one.madeNothing && one.restoreId === id),
  )
  if (await hasOthers(session, ended, left)) {
    for (const { restoreId, binlog, madeNothing } of ended) {
      await log(binlog)
      if (madeNothing && claims.length > 0) await session.run(unclaimStatement(restoreId))
      await session.run(`DELETE FROM ${MARKS} WHERE restore_id = ${quoteString(restoreId)}`)
    }
    return
  }
  // Who may not make it does not see it, and may not drop it.
  const isThere = 'SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?'
  if ((await session.value(isThere, [RESTORE_JOURNAL])) === null) return
  await log(ended.some(({ binlog }) => binlog) || claims.some(({ isLogged }) => isLogged))
  await session.run(`DROP DATABASE IF EXISTS ${RESTORE_JOURNAL}`)
}

/** One whose databases others have all made since is no other: there is nothing to continue. */
async function hasOthers(
  session: Session,
  ended: readonly EndedRestore[],
  claims: Parameters<typeof isSuperseded>[0],
): Promise<boolean> {
  if (!(await hasMarks(session))) return false
  const rows = await session.rows<SqlRow & { id: string }>(
    `SELECT restore_id AS id FROM ${MARKS} WHERE table_place = ${BEGUN}`,
  )
  const others = rows.filter(({ id }) => !ended.some(({ restoreId }) => restoreId === id))
  return others.some(({ id }) => !isSuperseded(claims, id))
}

const HOLDER = `IS_USED_LOCK('${LOCK}')`
/** As many as a restore may have connections. */
const LOADERS = 32
/** A statement that nobody waits for any more ends when it next writes to its connection. */
const LEFTOVER_SECONDS = 60

/**
 * Each loading connection holds a lock of its own for as long as the server works for it:
 * longer than the program that was killed, and than its other connections.
 */
export async function holdLoaderLock(connection: WireConnection, place: number): Promise<void> {
  await connection.rows(`SELECT GET_LOCK('${LOCK}.${place}', 0)`)
}

/** See LogicalWriter.lock. */
export async function lockServer(session: Session): Promise<void> {
  if ((await session.value(`SELECT GET_LOCK('${LOCK}', 2)`)) !== '1') throw anotherRuns()
  const names = Array.from({ length: LOADERS }, (_, place) => `${LOCK}.${place}`)
  const holders = `SELECT CONCAT_WS(', ', ${names.map(name => `IS_USED_LOCK('${name}')`).join(', ')})`
  const deadline = performance.now() + LEFTOVER_SECONDS * 1000
  for (;;) {
    const left = await session.value(holders)
    if (!left) return
    if (performance.now() > deadline) throw stillAtWork(left)
    await sleep(200)
  }
}

/**
 * A balancer, or an address that moved to another server, gives connections to several: what is empty here
 * may be in use there, and --start-over drops databases. The lock is known to its own server only.
 *
 * @param holder the connection that took the lock
 * @throws EcomdbError UNSUPPORTED
 */
export async function requireLockedServer(
  connection: Pick<WireConnection, 'rows'>,
  holder: number,
): Promise<void> {
  const [row] = await connection.rows(`SELECT ${HOLDER}`)
  if (row?.[0] !== String(holder)) throw otherServer()
}

/** See LogicalWriter.requireLocked. */
export async function requireLocked(session: Session, holder: number): Promise<void> {
  if ((await session.value(`SELECT ${HOLDER}`)) !== String(holder)) throw otherServer()
}

/** A statement that fails, with NOT_LOCKED, where the lock is not held by that connection. */
export const requireLockStatement = (holder: number): string =>
  `SET @ecomdb_locked = IF(${HOLDER} = ${holder}, 0, (SELECT 1 UNION SELECT 2))`

/** ER_SUBQUERY_NO_1_ROW */
export const NOT_LOCKED = 1242

export function otherServer(): EcomdbError {
  return new EcomdbError('UNSUPPORTED', {
    what: 'the connections of this restore do not reach the same server',
    why: `the lock '${LOCK}', which the first of them took, is not held there: what answers is a balancer, a proxy, a name with several addresses, or an address that another server took over`,
    hints: ['give the address or the socket of one server'],
  })
}

/** See LogicalWriter.refuseLocked. */
export async function refuseLocked(session: Session): Promise<void> {
  if ((await session.value(`SELECT IS_USED_LOCK('${LOCK}')`)) !== null) throw anotherRuns()
}

function anotherRuns(): EcomdbError {
  return new EcomdbError('LOCKED', {
    what: 'cannot restore: another restore into this server runs',
    why: `it holds the server's lock '${LOCK}'`,
    hints: ['wait until it is done, then run the command again'],
  })
}

function stillAtWork(connections: string): EcomdbError {
  return new EcomdbError('LOCKED', {
    what: 'cannot restore: the server still works for a restore that was killed',
    why: `these connections of it are there after ${LEFTOVER_SECONDS} s: ${connections}`,
    hints: ['wait until they are gone (SHOW PROCESSLIST), or KILL them; then run it again'],
  })
}
