import { setTimeout as sleep } from 'node:timers/promises'
import type { ConsistencyProof, ProbeEntry } from '#domain/backup/manifest'
import { noPosition, type Position } from '#domain/backup/position'
import type {
  CatalogTable,
  ConsistentOptions,
  ConsistentPoint,
  ReadableTable,
} from '../../logical-reader.ts'
import { isGone } from '../../server-error.ts'
import type { ConnectOptions, Session } from '../../session.ts'
import { openSession } from '../mysql2-session.ts'
import { withSources } from '../replica-sources.ts'
import { amongServersOwn } from './among-servers-own.ts'
import { alwaysChanging, changedMeanwhile } from './changed-meanwhile.ts'
import {
  type LockedMoment,
  type LockLimits,
  limitsOf,
  lockedMoment,
  type UnderLock,
} from './consistent-lock.ts'
import type { LogicalDialect } from './dialect.ts'
import { findLosses, programsBeyond } from './find-losses.ts'
import { HeldTables } from './held-tables.ts'
import { maskedMembers } from './masked-members.ts'
import type { NamesOfTables } from './names-of-tables.ts'
import { preparedAtPoint, preparedFinding } from './prepared-transactions.ts'
import { answerProbes } from './probes.ts'
import { type ObservedCatalog, readCatalog } from './read-catalog.ts'
import { ReaderPool } from './reader-pool.ts'
import { retypedJson } from './retyped-json.ts'
import { differences, unreadDifferences } from './same-catalog.ts'
import { requireSameServer, requireSource, SINGLE_FLIGHT, takeSingleFlight } from './same-server.ts'
import { SameTables } from './same-tables.ts'
import { serverTime } from './server-time.ts'
import { settledCatalog } from './settled-catalog.ts'
import { restoreAtPoint } from './unended-restore.ts'
import { lockedForReading, refuse, transactionalEngines } from './unreadable-tables.ts'
import { requireVisible } from './visible-databases.ts'

/** How often the objects may change, or be gone, between looking and locking before it is given up. */
const ATTEMPTS = 6
/** For so long the decision of a prepared transaction is waited for. */
const PREPARED_MS = 1000

const METADATA_LOCKS =
  'an ALTER of a table that was read waits until all is read, and who uses the table waits behind it: the account may not SET sql_log_bin (BINLOG ADMIN)'

/** What was got at the point, and is needed until the end. */
interface Point {
  method: ConsistencyProof['method']
  pool: ReaderPool
  same: SameTables
  position: Position
  consistentAt: string
  lockedMs: number
  steps: string[]
  held: HeldTables
  /** XA transactions that were prepared then. */
  prepared: number
  /** Of a restore that had not ended then. */
  unended: readonly string[]
  /** Tables that came or went between the first look and the point, in words. */
  cameOrWent: readonly string[]
  /** What stays of attempts that were not granted. */
  left?: ReadonlySet<string>
}

/**
 * One point in time for all readers and all objects:
 *
 * 1. look at all definitions
 * 2. wait for a moment in which that makes no one wait for long, then stop commits
 * 3. open all readers' snapshots, read the position, let commits go on
 * 4. look at all definitions again: the same ones, so they are those of the point
 *
 * Afterwards each table is compared again after each of its chunks, while the reader's
 * metadata lock keeps it as it is, and at the end those of which that proves too little.
 */
export async function openConsistent(
  dialect: LogicalDialect,
  options: ConsistentOptions,
): Promise<ConsistentPoint> {
  const control = await openSession({ ...options.connect, database: undefined })
  try {
    await takeSingleFlight(control)
    await requireSource(dialect, control, options.sourceId)
    await requireVisible(control, options.databases)
    const [point, catalog] = await findPoint(dialect, options, control)
    try {
      const isHeld = (table: ReadableTable): boolean => point.held.has(table)
      const {
        probes,
        warnings,
        findings: unanswered,
      } = await answerProbes(point.pool, catalog, isHeld)
      if (point.pool.keepsMetadataLocks) point.steps.push(METADATA_LOCKS)
      const findings = [
        ...(await findLosses(control, catalog)),
        ...unanswered,
        ...(await retypedJson(point.pool, catalog)),
        ...(await maskedMembers(point.pool, catalog)),
        ...point.unended,
        ...(point.prepared > 0 ? [preparedFinding(point.prepared)] : []),
      ]
      const elsewhere =
        options.databases === null
          ? await amongServersOwn(control)
          : await programsBeyond(control, catalog)
      const left = point.left ?? []
      const found = { catalog, probes, warnings: [...left, ...warnings, ...elsewhere], findings }
      return consistentPoint({ dialect, options, control, point, ...found })
    } catch (error) {
      await letGo(dialect, point, control)
      throw error
    }
  } catch (error) {
    control.destroy()
    throw error
  }
}

async function findPoint(
  dialect: LogicalDialect,
  options: ConsistentOptions,
  control: Session,
): Promise<[Point, ObservedCatalog]> {
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt === ATTEMPTS
    const before = await settledCatalog(dialect, control, options)
    const held = lockedForReading(before.catalog, await transactionalEngines(control))
    const point = await lockAndSnapshot(dialect, options, control, before, held).catch(error => {
      if (!isLast && isGone(error)) return null
      throw error
    })
    if (point === null) continue
    const [after, swapped] = await secondLook(dialect, options, control, point)
    const changed = [...point.cameOrWent, ...differences(before.catalog, after), ...swapped]
    if (changed.length === 0 && (point.prepared === 0 || isLast)) {
      if (point.prepared > 0) point.position = noPosition(dialect.family)
      point.steps.push('all definitions are the same before and after the point')
      return [point, after]
    }
    await letGo(dialect, point, control)
    if (isLast) throw alwaysChanging(ATTEMPTS, changed)
    // Who coordinates them decides at once, but for one that has died.
    if (point.prepared > 0) await sleep(PREPARED_MS)
  }
}

async function secondLook(
  dialect: LogicalDialect,
  { databases }: ConsistentOptions,
  control: Session,
  point: Point,
): Promise<[ObservedCatalog, string[]]> {
  try {
    const after = await readCatalog(dialect, control, databases)
    return [after, await point.same.mayHaveSwapped()]
  } catch (error) {
    await letGo(dialect, point, control)
    throw error
  }
}

/** All readers' snapshots at one moment: under a lock, or on one connection without one. */
async function lockAndSnapshot(
  dialect: LogicalDialect,
  options: ConsistentOptions,
  control: Session,
  { catalog, names }: { catalog: ObservedCatalog; names: NamesOfTables },
  withoutTransactions: readonly CatalogTable[],
): Promise<Point> {
  const connect = { ...options.connect, database: undefined }
  // Connected beforehand: under the lock only the snapshots are opened.
  const pool = await ReaderPool.open(dialect, connect, options.readers)
  const held = new HeldTables(connect, control, withoutTransactions, options.holdSeconds ?? 60)
  const methods = dialect.lockMethods.filter(one => held.isEmpty || !one.closesTables)
  try {
    await pool.eachAnswers(ask => requireSameServer(control, ask))
    options.onStep?.('waiting for a moment to stop commits')
    const same = await SameTables.of(dialect, control, options.databases, catalog)
    const steps: string[] = []
    const left = new Set<string>()
    const limits = limitsOf(options)
    const moment = await lockedMoment(
      methods,
      catalog.tables.filter(table => !withoutTransactions.includes(table)),
      connect,
      control,
      limits,
      snapshotsUnderLock({ dialect, control, pool, same, names, steps, held, limits }),
      (method, why) => steps.push(`${method.words}: the account may not (${why})`),
      words => void left.add(words),
    )
    if (moment) return { ...pointOf(dialect, pool, same, moment, steps, held), left }
    await pool.close()
    refuse(withoutTransactions)
    return await singleReaderPoint(dialect, connect, control, same, names, steps, held)
  } catch (error) {
    await held.drop()
    await pool.close()
    throw error
  }
}

/** What is known of the moment. */
interface Moment {
  position: Position | null
  consistentAt: string
  prepared: number
  unended: readonly string[]
  /** Tables, in words, since the look before. */
  cameOrWent: readonly string[]
}

function snapshotsUnderLock(made: {
  dialect: LogicalDialect
  control: Session
  pool: ReaderPool
  same: SameTables
  names: NamesOfTables
  steps: string[]
  held: HeldTables
  limits: LockLimits
}): UnderLock<Moment> {
  const { dialect, control, pool, same, names, steps, held, limits } = made
  let raised: string | null = null
  const fence = async (): Promise<void> => {
    const words = await dialect.definitionFence.raise(control)
    raised = words
    same.isFenced = words !== null
    if (words && !steps.includes(words)) steps.push(words)
  }
  return {
    async before(method) {
      if (method.fenceFirst) await fence()
    },
    async blocking() {
      await held.lock(limits.lockSeconds)
    },
    async during(method, session) {
      await pool.startSnapshots(table => same.require(table, held.has(table)))
      const consistentAt = await serverTime(session)
      const position = await withSources(session, await dialect.position(session), pool)
      const prepared = await preparedAtPoint(session, steps)
      const unended = await restoreAtPoint(session)
      if (!method.fenceFirst) await fence()
      // What came until the fence stays, and the second look finds it.
      const cameOrWent = same.isFenced ? [] : await names.changes(() => same.swapped())
      return { position, consistentAt, prepared, unended, cameOrWent }
    },
    async undo() {
      await held.drop()
      await pool.endSnapshots()
      await dialect.definitionFence.lower(control)
      // A point that is found without one is not to be taken for fenced.
      same.isFenced = false
      if (raised !== null) steps.splice(steps.indexOf(raised), 1)
      raised = null
    },
  }
}

function pointOf(
  dialect: LogicalDialect,
  pool: ReaderPool,
  same: SameTables,
  { method, result, lockedMs }: LockedMoment<Moment>,
  steps: string[],
  held: HeldTables,
): Point {
  const { position, ...found } = result
  steps.push(
    `${method.words}: writers waited for at most ${lockedMs} ms`,
    `under it, on ${pool.readers} reader(s): START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY`,
    position === null
      ? 'binary log position: the account may not see it'
      : `under it, binary log position ${position.file ?? 'none'}:${position.offset ?? 0}, GTID set '${position.gtidSet}'`,
  )
  const known = position ?? noPosition(dialect.family)
  return { ...found, method: method.name, pool, same, position: known, lockedMs, steps, held }
}

/**
 * One transaction sees one point in time by itself. Which binary log position that is, no
 * one knows without a lock, so none is given.
 */
async function singleReaderPoint(
  dialect: LogicalDialect,
  connect: ConnectOptions,
  control: Session,
  same: SameTables,
  names: NamesOfTables,
  steps: string[],
  held: HeldTables,
): Promise<Point> {
  const pool = await ReaderPool.open(dialect, connect, 1)
  const opened = async () => {
    await pool.eachAnswers(ask => requireSameServer(control, ask))
    await same.begunIsOver()
    await pool.startSnapshots(table => same.require(table, held.has(table)))
    const consistentAt = await serverTime(control)
    const unended = await restoreAtPoint(control)
    return { consistentAt, unended, cameOrWent: await names.changes(() => same.swapped()) }
  }
  const moment = await opened().catch(async error => {
    await pool.close()
    throw error
  })
  steps.push(
    'one reader: START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY; without a lock',
    'binary log position: not known without a lock',
  )
  const position = noPosition(dialect.family)
  const method = 'single-reader'
  return { method, pool, same, position, ...moment, lockedMs: 0, steps, held, prepared: 0 }
}

function consistentPoint(made: {
  dialect: LogicalDialect
  options: ConsistentOptions
  control: Session
  point: Point
  catalog: ObservedCatalog
  probes: readonly ProbeEntry[]
  warnings: readonly string[]
  findings: string[]
}): ConsistentPoint {
  const { dialect, options, control, point, catalog, probes, warnings, findings } = made
  const { pool, position, consistentAt } = point
  let closed = false
  return {
    position,
    consistentAt,
    catalog,
    probes,
    warnings,
    findings,
    readers: pool.readers,
    readChunk: (table, range) => pool.readChunk(table, range),
    readPacked: (table, ranges, pieceBytes) => pool.readPacked(table, ranges, pieceBytes),
    countRows: table => pool.countRows(table),
    sampleRowBytes: table => pool.sampleRowBytes(table),
    keyBounds: table => pool.keyBounds(table),
    held: catalog.tables.filter(table => point.held.has(table)),
    release: () => point.held.release(),
    async finish() {
      await point.held.release()
      const isRead = (table: ReadableTable): boolean => point.same.isRead(table)
      // Where there is nothing to compare, a new table that somebody fills is not waited for.
      const now = catalog.tables.every(isRead)
        ? catalog
        : await readCatalog(dialect, control, options.databases)
      const changed = unreadDifferences(catalog, now, isRead)
      if (changed.length > 0) throw changedMeanwhile(changed)
      findings.push(...(await point.same.mayBeOthers()))
      return proofOf(point)
    },
    async close() {
      if (closed) return
      closed = true
      await point.held.drop()
      await pool.close()
      // They would go with the connection too, but only when the server has noticed.
      await dialect.definitionFence.lower(control).catch(() => {})
      await control.run(`DO RELEASE_LOCK('${SINGLE_FLIGHT}')`).catch(() => {})
      await control.close()
    },
  }
}

function proofOf(point: Point): ConsistencyProof {
  const { method, pool, lockedMs, consistentAt, steps, held } = point
  return {
    method,
    readers: pool.readers,
    lockedMs: Math.max(lockedMs, held.heldMs ?? 0),
    consistentAt,
    steps: [
      ...steps,
      ...(held.isEmpty ? [] : [held.words]),
      "every table's definition is the same after its last row as at the point",
    ],
    definitionsUnchanged: true,
  }
}

/** Before another attempt: afterwards nothing is held but the single flight. */
async function letGo(dialect: LogicalDialect, point: Point, control: Session): Promise<void> {
  await point.held.drop()
  await point.pool.close()
  await dialect.definitionFence.lower(control)
}
