import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#core/clock'
import { diskSpace } from '#core/disk-space'
import { EcomdbError } from '#core/errors'
import { adviseOnInterrupt, onInterrupt, throwIfInterrupted } from '#core/interruption'
import { stateFolder } from '#core/paths'
import type { Progress } from '#core/progress'
import { translateStorageError } from '#core/storage-error'
import { countOf, formatBytes } from '#core/units'
import { Crashes, crashText } from '#domain/binlog/crashes'
import { FILE_MAGIC, type FileFormat, readFormat, readHeader } from '#domain/binlog/event'
import { LoadData } from '#domain/binlog/load-data'
import { halfDone, loggedErrors } from '#domain/binlog/logged-errors'
import { type Definition, OlderTemporaryTables } from '#domain/binlog/older-temporary'
import { mayBeLonger, PrintedSize, packetOfSource } from '#domain/binlog/printed-size'
import { ReplacedRows } from '#domain/binlog/replaced-rows'
import type { ReplayOutcome } from '#domain/binlog/replay-report'
import type { BinlogSegment } from '#domain/binlog/segment'
import { TimestampDefaults } from '#domain/binlog/timestamp-defaults'
import { otherSearch, unloggedText } from '#domain/binlog/unlogged'
import { unseenStarts, unseenText } from '#domain/binlog/unseen'
import { EmptyXa, type Untold, untoldIn } from '#domain/binlog/untold'
import type { SettleOptions } from '#engine/binlog'
import type { Session } from '#engine/session'
import { makeOwnFolder } from '#process/own-folder'
import type { BinlogArchive } from '#repository/binlog-archive'
import type { SnapshotAccess } from './open-snapshot.ts'
import type { ReplaySpan } from './replay-span.ts'
import { otherSystemText, replayZone } from './replay-zone.ts'
import type { RestorePlace } from './restore-options.ts'

export interface ReplayRun {
  archive: BinlogArchive
  access: SnapshotAccess
  place: RestorePlace
  span: ReplaySpan
  /** See ReplayOptions. */
  lockedBy?: number
  /** Write to the server's own binary log. */
  binlog: boolean
  /** See ReplayOptions. */
  keepGtids?: boolean
  /** What is done about events and people afterwards; null: they stay as the log left them. */
  settle: SettleOptions | null
  /** See ReplayOptions. */
  onElsewhere?: (() => void) | undefined
  /** Global variables of the source, as far as the snapshot has them. */
  source: Readonly<Record<string, string>>
  /** In which keys of the rows were made that were loaded; absent: data files have their own. */
  zone?: string
  /** Is told what somebody has to look at. */
  onFinding: (finding: string) => void
  clock: Clock
}

/**
 * Fetches the segments of a span, lays them out as the server's files, and replays them in one
 * session; then the broker's session accounts are dropped and, if it is wished, events are disabled, and
 * people's accounts locked.
 */
export async function replayLog(all: ReplayRun, progress: Progress): Promise<ReplayOutcome> {
  const { clock } = all
  const findings: string[] = []
  const onFinding = (finding: string): void => {
    findings.push(finding)
    all.onFinding(finding)
  }
  const run = { ...all, onFinding }
  const folder = await makeOwnFolder(stateFolder(), 'replay')
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const forget = onInterrupt(remove)
  try {
    const began = clock.monotonicMs()
    const fetchedFiles = await fetchFiles(run, folder, progress)
    throwIfInterrupted()
    const fetched = clock.monotonicMs()
    const settled = await replayFiles(run, fetchedFiles, folder, progress)
    return {
      fetchMs: fetched - began,
      replayMs: clock.monotonicMs() - fetched,
      ...settled,
    }
  } catch (error) {
    throw withFindings(error, findings)
  } finally {
    await remove()
    forget()
  }
}

/** What the log was seen to have may be why the server refuses a later statement of it. */
function withFindings(error: unknown, findings: readonly string[]): unknown {
  if (!(error instanceof EcomdbError) || error.code !== 'SERVER_REFUSED') return error
  const { code, what, why, hints, cause } = error
  const seen = findings.map(finding => `it may come of this, which was found before: ${finding}`)
  return new EcomdbError(code, { what, why, hints: [...seen, ...hints], cause })
}

const LEFT_CHANGED =
  'the server may have been left with event_scheduler off, local_infile and log_bin_trust_function_creators on, max_allowed_packet as the log needs it, the limits of binary log caches raised, other global variables as on the source, and databases that were READ ONLY not so'

type Settled = Pick<ReplayOutcome, 'sessions' | 'locked' | 'events'>

async function replayFiles(
  run: ReplayRun,
  fetched: FetchedFiles,
  folder: string,
  progress: Progress,
): Promise<Settled> {
  const { place, settle } = run
  const session = await place.engine.connect({ ...place.connect, database: undefined })
  try {
    const { lockedBy } = run
    if (lockedBy !== undefined) await place.engine.logicalWriter.requireLocked(session, lockedBy)
    const serverId = await place.engine.logicalReader.sourceId(session)
    const packet = packetOfSource(run.source, fetched.printed)
    const options = { packet, source: run.source, untold: fetched.untold, binlog: run.binlog }
    const putBack = await place.engine.binaryLog.replay.prepare(session, options)
    // A private server on files is gone then, and they with it.
    const advised = settle ? adviseOnInterrupt(LEFT_CHANGED) : () => {}
    try {
      const settled = await replayAndSettle(run, session, fetched, folder, progress)
      const stays = await putBack(session)
      // A server that is started on files finds out by itself.
      if (settle) for (const finding of stays) run.onFinding(finding)
      return settled
    } catch (error) {
      if (settle) await putBackAnew(place, serverId, putBack, progress)
      throw error
    } finally {
      advised()
    }
  } finally {
    await session.close()
  }
}

/** Behind an error, which may be that the session is gone: somebody has killed it, or the server is. */
async function putBackAnew(
  { engine, connect }: ReplayRun['place'],
  serverId: string,
  putBack: (session: Session) => Promise<string[]>,
  progress: Progress,
): Promise<void> {
  try {
    const session = await engine.connect({ ...connect, database: undefined })
    try {
      // The lock may be gone with its session.
      const isSame = (await engine.logicalReader.sourceId(session)) === serverId
      const stays = isSame ? await putBack(session) : [LEFT_CHANGED]
      for (const one of stays) progress.warn(one)
    } finally {
      await session.close()
    }
  } catch {
    progress.warn(LEFT_CHANGED)
  }
}

async function replayAndSettle(
  run: ReplayRun,
  session: Session,
  { files, printed, ...ofEvents }: FetchedFiles,
  folder: string,
  progress: Progress,
): Promise<Settled> {
  const { place, source, span, binlog, keepGtids = false, settle, onElsewhere } = run
  const { replay } = place.engine.binaryLog
  const connect = { ...place.connect, database: undefined }
  progress.stage('replaying the binary log')
  if (span.transactions > 0) {
    const onBytes = (bytes: number): void => progress.advance({ bytes })
    const how = { connect, source, files, binlog, keepGtids, lockedBy: run.lockedBy }
    const options = { ...how, folder, onBytes, onElsewhere }
    const system = await replay.systemZone(session)
    const zone = replayZone(place.engine, source, run.zone, system)
    const otherSystem = otherSystemText(source, zone.system, system)
    const here = await replay.compared(session)
    const onMissedErrors = (missed: readonly number[]): void => run.onFinding(missedText(missed))
    await replay.run({
      ...options,
      ...ofEvents,
      onMissedErrors,
      longer: mayBeLonger(source, printed),
      searches: otherSearch(source, here) !== null && (await replay.searches(session)),
      onUnlogged: what => {
        const text = unloggedText(what, source, here)
        if (text !== null) run.onFinding(text)
      },
      zone,
      onSystemZone: otherSystem === null ? undefined : () => run.onFinding(otherSystem),
      ...limitsOf(span),
    })
  }
  // Data files may have brought one, where nothing is replayed on them, too.
  const undecided = await replay.undecided(session)
  if (undecided > 0) run.onFinding(undecidedText(undecided))
  const sessions = await place.engine.sessionAccounts.drop(session, binlog)
  if (!settle) return { sessions, locked: [], events: [] }
  progress.stage('disabling events and locking accounts')
  return { sessions, ...(await replay.settle(session, settle)) }
}

const missedText = (errors: readonly number[]): string =>
  `${countOf(errors.length, 'statement')} of the log ended with an error on the source (${[...new Set(errors)].join(', ')}: interrupted, or refused after a part of the rows) and without one here: what was half done there may be done here, or otherwise; compare the tables without transactions`

const undecidedText = (count: number): string =>
  `${countOf(count, 'XA transaction')} prepared at the moment, and neither committed nor rolled back: what was written is not seen, and its rows are locked; \`XA RECOVER\` has the names for XA COMMIT or XA ROLLBACK`

/** Offsets in the first and in the last file; a place may be the end of the file before. */
function limitsOf({ start, stop, segments }: ReplaySpan): { start: number; stop: number } {
  const [first, last] = [segments[0], segments.at(-1)]
  return {
    start: first?.file === start.file ? start.offset : FILE_MAGIC.length,
    stop: last?.file === stop.file ? stop.offset : (last?.to ?? 0),
  }
}

interface FetchedFiles {
  files: readonly string[]
  /** See ReplayOptions. */
  errors: readonly number[]
  untold: readonly Untold[]
  timestampDefaults: ReadonlyMap<number, number>
  loadData: LoadData
  xaOfStatements: number
  printed: PrintedSize
}

/** The files of the server, as far as they are replayed: the bytes before the start are left out. */
async function fetchFiles(
  { archive, access, place, span, source, onFinding }: ReplayRun,
  folder: string,
  progress: Progress,
): Promise<FetchedFiles> {
  const sizeOf = (sum: number, { from, to }: BinlogSegment): number => sum + to - from
  const total = span.segments.reduce(sizeOf, 0)
  await requireSpace(folder, span.lead.reduce(sizeOf, total))
  progress.stage('fetching the binary log')
  progress.total({ bytes: total })
  const { readsBeforeStart } = place.engine.binaryLog.replay
  let format: FileFormat = { serverVersion: '', hasChecksums: true }
  for (const segment of span.lead) {
    const { file, from } = segment
    const bytes = await archive.readBytes(segment, access.identities)
    if (from === 0) format = readFormat(formatEvent(bytes))
    await writeAt(join(folder, file), from, readsBeforeStart ? bytes : formatOf(bytes))
  }
  const temporary = new OlderTemporaryTables()
  const errors: number[] = []
  let half = 0
  const untold: Untold[] = []
  const empty = new EmptyXa()
  const replaced = new ReplacedRows()
  const defaults = new TimestampDefaults()
  const loadData = new LoadData()
  const printed = new PrintedSize()
  const crashes = new Crashes(span.start.file)
  for (const segment of span.segments) {
    throwIfInterrupted()
    const bytes = await archive.readBytes(segment, access.identities)
    const replayed = replayedOf(span, segment, bytes)
    errors.push(...loggedErrors(replayed))
    if (segment.from === 0) format = readFormat(formatEvent(bytes))
    temporary.look(replayed, format)
    half += halfDone(replayed, format)
    for (const one of untoldIn(replayed, format, empty)) untold.push(one)
    replaced.look(replayed, format)
    defaults.look(replayed, format)
    loadData.look(replayed, format)
    printed.look(replayed, format)
    const magic = segment.from === 0 ? FILE_MAGIC.length : 0
    crashes.look(segment.file, bytes.subarray(magic), segment.from === 0)
    await writeAt(join(folder, segment.file), segment.from, bytes)
    progress.advance({ bytes: bytes.length })
  }
  if (temporary.found && (await isFoundOn(place, temporary))) onFinding(OLDER_TEMPORARY)
  const crashed = crashText(crashes.files, source)
  if (crashed !== null) onFinding(crashed)
  const later = span.segments.filter(({ file }) => file !== span.start.file)
  const unseen = unseenStarts(later).map(one => one.unseen)
  if (unseen.length > 0)
    onFinding(`${unseenText(unseen)}: compare, or restore from a snapshot of after it`)
  if (half > 0) onFinding(halfDoneText(half))
  if (place.engine.family === 'mariadb' && (await isReplaced(place, replaced))) onFinding(REPLACED)
  if (place.engine.family === 'mysql' && !loadData.isKnown) onFinding(LOADED_WITH)
  const paths = span.segments.map(({ file }) => join(folder, file))
  return {
    files: [...new Set(paths)],
    errors,
    untold,
    timestampDefaults: defaults.within,
    loadData,
    xaOfStatements: empty.ofStatements,
    printed,
  }
}

const isFoundOn = async (
  place: ReplayRun['place'],
  temporary: OlderTemporaryTables,
): Promise<boolean> =>
  temporary.isFoundBeside(await definitionsIn(place, ['connection_id', 'pseudo_thread_id']))

async function isReplaced(place: ReplayRun['place'], replaced: ReplacedRows): Promise<boolean> {
  if (!replaced.asksForPrograms) return replaced.found > 0
  const programs = await definitionsIn(place, ['replace'])
  return replaced.mayBeOf(programs.map(({ text }) => text))
}

/** Before the replay: its tables and programs are those of the log's beginning. */
async function definitionsIn(
  { engine, connect }: ReplayRun['place'],
  words: readonly string[],
): Promise<Definition[]> {
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    return await engine.binaryLog.replay.definitionsWith(session, words)
  } finally {
    await session.close()
  }
}

const OLDER_TEMPORARY =
  'statements of the log use temporary tables that their sessions had made before the snapshot, where they are not: tables with their names were read or changed instead: restore again from an earlier snapshot, and compare'

const halfDoneText = (count: number): string =>
  `${countOf(count, 'statement')} of the log ended with an error on the source when a part of the rows that they look for was changed, in tables without transactions: here that may be another part, for rows need not lie in the same order; compare these tables`

const REPLACED =
  'the log has not every column of rows that were replaced (REPLACE), or may have been in a trigger or function: MariaDB with a binlog_row_image of MINIMAL or NOBLOB logs none that was set back to its default, so that these have their old values here: compare what is written by REPLACE, and set FULL on the source'

const LOADED_WITH =
  'statements of the log (LOAD DATA under binlog_format = STATEMENT) read user variables with text or decimal numbers, which mysqlbinlog does not print before them: here they had others; compare what they wrote'

/** The events that are replayed. */
function replayedOf(
  { start, stop }: ReplaySpan,
  { file, from }: BinlogSegment,
  bytes: Buffer,
): Buffer {
  const first = file === start.file ? Math.max(start.offset, from) : from
  const magic = first === 0 ? FILE_MAGIC.length : 0
  return bytes.subarray(
    first - from + magic,
    file === stop.file ? Math.max(0, stop.offset - from) : bytes.length,
  )
}

/** The magic and the format description, without which the tool cannot read what follows. */
function formatOf(bytes: Buffer): Buffer {
  return bytes.subarray(0, FILE_MAGIC.length + readHeader(bytes, FILE_MAGIC.length).size)
}

const formatEvent = (bytes: Buffer): Buffer => formatOf(bytes).subarray(FILE_MAGIC.length)

/** At its own offset: what is left out before it is a hole, and takes no room. */
async function writeAt(path: string, offset: number, bytes: Buffer): Promise<void> {
  try {
    const handle = await open(path, 'a+', 0o600).then(async made => {
      await made.close()
      return await open(path, 'r+')
    })
    try {
      // It may take a part: of a disk that is nearly full, what is left of it.
      for (let at = 0; at < bytes.length; ) {
        at += (await handle.write(bytes, at, bytes.length - at, offset + at)).bytesWritten
      }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw translateStorageError(error, `cannot write ${path}`)
  }
}

async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { freeBytes } = await diskSpace(folder)
  if (freeBytes > bytes) return
  throw new EcomdbError('STORAGE_FAILED', {
    what: `there is no room in ${folder} for the binary log`,
    why: `${formatBytes(bytes)} are needed while it is replayed, and ${formatBytes(freeBytes)} are free`,
    hints: ['set ECOMDB_STATE to a folder with more room, or restore a newer snapshot'],
  })
}
