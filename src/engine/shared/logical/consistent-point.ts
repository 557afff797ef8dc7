import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError } from '#core/errors'
import type { ConsistencyProof, ProbeEntry } from '#domain/backup/manifest'
import type { Position } from '#domain/backup/position'
import type { ConsistentOptions, ConsistentPoint, ReadableTable } from '../../logical-reader.ts'
import type { Session } from '../../session.ts'
import { openSession } from '../mysql2-session.ts'
import {
  acquireWithoutOutage,
  dropSession,
  type HeldLock,
  type LockLimits,
} from './consistent-lock.ts'
import type { LogicalDialect } from './dialect.ts'
import type { LockMethod } from './lock-methods.ts'
import { answerProbes } from './probes.ts'
import { type ObservedCatalog, readCatalog } from './read-catalog.ts'
import { showCreateTable } from './read-tables.ts'
import { ReaderPool } from './reader-pool.ts'
import { definition, differences, newestTable, tableDifferences } from './same-catalog.ts'
import { refuseUnreadable } from './unreadable-tables.ts'

/** How often the objects may change between looking and locking before it is given up. */
const ATTEMPTS = 3
/** A lock of the server itself, so that it holds for every host that backs it up. */
const SINGLE_FLIGHT = 'ecomdb.backup'

/** What was got at the point, and is needed until the end. */
interface Point {
  method: LockMethod
  pool: ReaderPool
  lock: HeldLock
  position: Position
  consistentAt: string
  lockedMs: number
  steps: string[]
}

/**
 * One point in time for all readers and all objects:
 *
 * 1. look at all definitions
 * 2. wait until no old statement runs, then stop commits
 * 3. open all readers' snapshots, read the position, let commits go on
 * 4. look at all definitions again: the same ones, so they are those of the point
 *
 * Afterwards each table is compared again after each of its chunks, while the reader's
 * metadata lock keeps it as it is, and all of them at the end.
 */
export async function openConsistent(
  dialect: LogicalDialect,
  options: ConsistentOptions,
): Promise<ConsistentPoint> {
  const control = await openSession({ ...options.connect, database: undefined })
  try {
    await takeSingleFlight(control)
    const [point, catalog] = await findPoint(dialect, options, control)
    try {
      const { probes, warnings } = await answerProbes(point.pool, catalog)
      return consistentPoint({ dialect, options, control, point, catalog, probes, warnings })
    } catch (error) {
      await letGo(point, control)
      throw error
    }
  } catch (error) {
    control.destroy()
    throw error
  }
}

/** What would be done, in order; the first lock that the account may take is used. */
export async function previewConsistent(
  dialect: LogicalDialect,
  session: Session,
  databases: readonly string[] | null,
): Promise<{ catalog: ObservedCatalog; steps: readonly string[] }> {
  const catalog = await readCatalog(dialect, session, databases)
  refuseUnreadable(catalog, await transactionalEngines(session))
  const locks = dialect.lockMethods.map(method => method.words).join('; else ')
  return {
    catalog,
    steps: [
      'wait until no old statement runs (SHOW PROCESSLIST)',
      `stop commits for a moment: ${locks}`,
      'on every reader: START TRANSACTION WITH CONSISTENT SNAPSHOT',
      'read the binary log position, and let commits go on',
      'compare all definitions with those before the point',
      'read the rows in chunks by key, and compare each table again after each chunk',
    ],
  }
}

/** @throws EcomdbError LOCKED */
async function takeSingleFlight(control: Session): Promise<void> {
  await control.run('SET SESSION wait_timeout = 86400')
  if ((await control.value(`SELECT GET_LOCK('${SINGLE_FLIGHT}', 0)`)) === '1') return
  const holder = await control.value(`SELECT IS_USED_LOCK('${SINGLE_FLIGHT}')`)
  throw new EcomdbError('LOCKED', {
    what: 'another logical backup of this server is running',
    why: `connection ${holder} holds the lock ${SINGLE_FLIGHT}`,
    hints: ['wait for it to end; the lock goes with its connection'],
  })
}

async function findPoint(
  dialect: LogicalDialect,
  options: ConsistentOptions,
  control: Session,
): Promise<[Point, ObservedCatalog]> {
  let before = await settledCatalog(dialect, control, options.databases)
  for (let attempt = 1; ; attempt++) {
    refuseUnreadable(before, await transactionalEngines(control))
    const point = await lockAndSnapshot(dialect, options, control, before)
    const after = await readCatalog(dialect, control, options.databases).catch(async error => {
      await letGo(point, control)
      throw error
    })
    const changed = differences(before, after)
    if (changed.length === 0) {
      point.steps.push('all definitions are the same before and after the point')
      return [point, after]
    }
    await letGo(point, control)
    if (attempt === ATTEMPTS) throw changing(changed)
    before = await settledCatalog(dialect, control, options.databases)
  }
}

/**
 * CREATE_TIME has whole seconds: only when the newest lies in the past does every later
 * ALTER show.
 */
async function settledCatalog(
  dialect: LogicalDialect,
  control: Session,
  databases: readonly string[] | null,
): Promise<ObservedCatalog> {
  while (true) {
    const now = await control.value("SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:%i:%s')")
    const catalog = await readCatalog(dialect, control, databases)
    const newest = newestTable(catalog.tables)
    if (newest === null || now === null || newest < now) return catalog
    await sleep(200)
  }
}

async function transactionalEngines(control: Session): Promise<ReadonlySet<string>> {
  const rows = await control.rows(
    "SELECT ENGINE AS name FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'",
  )
  return new Set(rows.map(row => String(row['name']).toLowerCase()))
}

/** Tries the lock methods in turn, until one has its privileges. */
async function lockAndSnapshot(
  dialect: LogicalDialect,
  options: ConsistentOptions,
  control: Session,
  catalog: ObservedCatalog,
): Promise<Point> {
  const steps: string[] = []
  for (const method of dialect.lockMethods) {
    try {
      return await pointBy(method, dialect, options, control, catalog, steps)
    } catch (error) {
      const refused = error instanceof EcomdbError && error.code === 'PRIVILEGE_MISSING'
      if (!refused || method === dialect.lockMethods.at(-1)) throw error
      steps.push(`${method.words}: the account may not (${error.why ?? error.what})`)
    }
  }
  throw new Error('a dialect has at least one lock method')
}

async function pointBy(
  method: LockMethod,
  dialect: LogicalDialect,
  options: ConsistentOptions,
  control: Session,
  catalog: ObservedCatalog,
  steps: string[],
): Promise<Point> {
  const limits = limitsOf(options)
  // Connected beforehand: under the lock only the snapshots are opened.
  const pool = await ReaderPool.open(
    dialect,
    { ...options.connect, database: undefined },
    method.singleReader ? 1 : options.readers,
  )
  try {
    options.onStep?.(`waiting for the moment to lock (${method.words})`)
    const { tables } = catalog
    const lock = await acquireWithoutOutage(method, tables, options.connect, control, limits)
    try {
      return await underLock({ method, dialect, control, catalog, pool, lock, steps })
    } catch (error) {
      await dropSession(lock.session, control)
      throw error
    }
  } catch (error) {
    await pool.close()
    throw error
  }
}

function limitsOf(options: ConsistentOptions): LockLimits {
  return {
    longStatementSeconds: options.longStatementSeconds ?? 10,
    waitSeconds: options.waitSeconds ?? 60,
    lockSeconds: options.lockSeconds ?? 2,
  }
}

async function underLock(held: {
  method: LockMethod
  dialect: LogicalDialect
  control: Session
  catalog: ObservedCatalog
  pool: ReaderPool
  lock: HeldLock
  steps: readonly string[]
}): Promise<Point> {
  const { method, dialect, control, catalog, pool, lock } = held
  const compare = (table: ReadableTable) => requireSameTable(control, catalog, table)
  await pool.startSnapshots(compare)
  const consistentAt = await lock.session.value(
    "SELECT DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%f')",
  )
  const position = await dialect.position(lock.session)
  const fence = await dialect.fenceDefinitions(lock.session)
  await lock.release()
  const lockedMs = Math.round(performance.now() - lock.sinceMs)
  const seen =
    position === null
      ? 'binary log position: the account may not see it'
      : `binary log position ${position.file ?? 'none'}:${position.offset ?? 0}, GTID set '${position.gtidSet}'`
  const steps = [
    ...held.steps,
    `${method.words}: held for ${lockedMs} ms`,
    `${pool.readers} reader(s): START TRANSACTION WITH CONSISTENT SNAPSHOT`,
    method.singleReader ? `${seen} (about: taken without a lock)` : seen,
    ...(fence ? [fence] : []),
  ]
  const none: Position = { engine: dialect.family, file: null, offset: null, gtidSet: '' }
  // Without a lock the position is not the snapshot's, so it is not given as such.
  const exact = method.singleReader ? none : (position ?? none)
  return {
    method,
    pool,
    lock,
    position: exact,
    consistentAt: `${consistentAt?.slice(0, -3)}Z`,
    lockedMs,
    steps,
  }
}

/** @throws EcomdbError NOT_CONSISTENT */
async function requireSameTable(
  control: Session,
  catalog: ObservedCatalog,
  { schema, name }: ReadableTable,
): Promise<void> {
  const before = catalog.tables.find(table => table.schema === schema && table.name === name)
  const now = await showCreateTable(control, schema, name)
  if (before && definition(before.create) === definition(now)) return
  throw changedMeanwhile([`table ${schema}.${name} has changed`])
}

function consistentPoint(made: {
  dialect: LogicalDialect
  options: ConsistentOptions
  control: Session
  point: Point
  catalog: ObservedCatalog
  probes: readonly ProbeEntry[]
  warnings: readonly string[]
}): ConsistentPoint {
  const { dialect, options, control, point, catalog, probes, warnings } = made
  const { pool, position, consistentAt } = point
  let closed = false
  return {
    position,
    consistentAt,
    catalog,
    probes,
    warnings,
    readers: pool.readers,
    readChunk: (table, range) => pool.readChunk(table, range),
    countRows: table => pool.countRows(table),
    keyBounds: table => pool.keyBounds(table),
    async finish() {
      const changed = tableDifferences(
        catalog,
        await readCatalog(dialect, control, options.databases),
      )
      if (changed.length > 0) throw changedMeanwhile(changed)
      return proofOf(point)
    },
    async close() {
      if (closed) return
      closed = true
      await letGo(point, control)
      await control.close()
    },
  }
}

function proofOf({ method, pool, lockedMs, consistentAt, steps }: Point): ConsistencyProof {
  return {
    method: method.name,
    readers: pool.readers,
    lockedMs,
    consistentAt,
    steps: [...steps, "every table's definition is the same after its last row as at the point"],
    definitionsUnchanged: true,
  }
}

async function letGo(point: Point, control: Session): Promise<void> {
  await point.pool.close()
  await dropSession(point.lock.session, control)
}

function changing(changed: readonly string[]): EcomdbError {
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'no consistent point could be got: objects change all the time',
    why: `${ATTEMPTS} times something changed around the lock; last: ${changed.slice(0, 5).join('; ')}`,
    hints: ['run the backup when no DDL or GRANT runs'],
  })
}

function changedMeanwhile(changed: readonly string[]): EcomdbError {
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'the backup is not consistent and was given up',
    why: `DDL ran while rows were read: ${changed.slice(0, 5).join('; ')}`,
    hints: ['run the backup again when no DDL runs: what was stored is used again'],
  })
}
