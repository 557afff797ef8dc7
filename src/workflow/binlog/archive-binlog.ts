import { setTimeout as sleep } from 'node:timers/promises'
import type { backupKeys } from '#config/config'
import type { Clock } from '#core/clock'
import { EcomdbError, type ErrorCode } from '#core/errors'
import { evenIfInterrupted, onInterrupt, throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import { readDedupKey, readSigningKey } from '#crypto/key-files'
import type { BinlogReport } from '#domain/binlog/binlog-report'
import { laxBetween } from '#domain/binlog/crashes'
import type { BinlogSegment } from '#domain/binlog/segment'
import type { HashedSegment } from '#domain/binlog/stretch'
import { unseenText } from '#domain/binlog/unseen'
import { type BinlogServer, LogNotWhole } from '#engine/binlog'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'
import { takeExclusiveLock } from '#process/exclusive-lock'
import { BinlogArchive } from '#repository/binlog-archive'
import type { Target } from '#target/target'
import { type FoundHead, findHead } from './find-head.ts'
import { gapError, incidentError } from './gap-error.ts'
import { markHole } from './mark-hole.ts'
import { readLog, type SegmentLimits } from './read-log.ts'
import { SegmentWriter } from './segment-writer.ts'
import { Watch } from './watch.ts'

export interface ArchiveOptions extends SegmentLimits {
  engine: Engine
  connect: ConnectOptions
  target: Target
  keys: ReturnType<typeof backupKeys>
  /** Catch up to now and end, rather than following. */
  once: boolean
  clock: Clock
}

/** Waits between attempts to reach the server again. */
const RETRY_MS = [1000, 2000, 5000, 10_000, 30_000]
/** What the next attempt may find repaired. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'SERVER_LOST',
  'SERVER_UNREACHABLE',
  'TOOL_FAILED',
  'TOOL_KILLED',
])

/**
 * `ecomdb backup binlog`: the server's binary log into the repository, in segments that follow
 * one another. What is in the repository says where to go on; nothing else is remembered, so
 * that a run which was killed leaves no gap and nothing twice.
 *
 * @throws EcomdbError BINLOG_GAP when the server no longer has what comes next: a new stretch
 *   was begun then; LOCKED, PRIVILEGE_MISSING, UNSUPPORTED, SIGNATURE_INVALID, STORAGE_FAILED
 */
export async function archiveBinlog(
  options: ArchiveOptions,
  progress: Progress,
): Promise<BinlogReport> {
  progress.stage('opening the repository')
  const archive = await BinlogArchive.open(options.target)
  await archive.checkRecipients(options.keys.recipients)
  const total = emptyReport(archive)
  const { engine } = options
  let release: (() => Promise<void>) | null = null
  const watch = new Watch(options.clock)
  try {
    for (let failures = 0; ; ) {
      const began = options.clock.monotonicMs()
      try {
        const session = await connect(options)
        try {
          release ??= await lockHere(options, archive, session)
          watch.reached(await engine.binaryLog.observe(session))
          await archiveConnected(options, archive, session, watch, total, progress)
          return total
        } finally {
          await session.close()
        }
      } catch (error) {
        if (error instanceof LogNotWhole) await markHole(options, archive, error)
        if (options.once || !isPassing(error)) throw error
        throwIfInterrupted()
        failures = options.clock.monotonicMs() - began > 60_000 ? 0 : failures + 1
        const waitMs = RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? 1000
        progress.warn(`${error.message}; trying again in ${waitMs / 1000} s`)
        await sleep(waitMs)
        watch.beat()
      }
    }
  } finally {
    await release?.()
  }
}

async function connect({ engine, connect: place }: ArchiveOptions): Promise<Session> {
  return await engine.connect({ ...place, database: undefined })
}

async function lockHere(
  { engine }: ArchiveOptions,
  { repository }: BinlogArchive,
  session: Session,
): Promise<() => Promise<void>> {
  const { sourceId } = await engine.binaryLog.observe(session)
  return await takeExclusiveLock({
    name: `the binary log of server ${sourceId} in ${repository.label} (${repository.id})`,
    waitMs: 0,
  })
}

/** As long as the connection holds. */
async function archiveConnected(
  options: ArchiveOptions,
  archive: BinlogArchive,
  session: Session,
  watch: Watch,
  total: BinlogReport,
  progress: Progress,
): Promise<void> {
  const { engine, keys } = options
  await engine.binaryLog.lock(session, archive.repository.id)
  const server = await engine.binaryLog.observe(session)
  for (const finding of server.doubts) progress.warn(finding)
  total.findings = [...server.doubts]
  progress.stage('finding where the archive ends')
  const heads = await archive.heads(server.sourceId, keys.trustedSigners)
  const dedupKey = await readDedupKey(keys.dedupKeyFile)
  const connect = { ...options.connect, database: undefined }
  const found = await findHead({ engine, connect, dedupKey, follow: !options.once }, server, heads)
  const gap = found.kind === 'begins' && found.begin.reason !== 'first' ? found.begin : null
  const writer = await writerFor(options, archive, server, heads, found)
  // What is held is stored behind a signal, too, as where the host is shut down: in a bucket as in a directory.
  const finish = () => evenIfInterrupted(() => writer.finish())
  const forget = onInterrupt(finish)
  try {
    begin(writer, found)
    progress.stage(options.once ? 'archiving the binary log' : 'following the binary log')
    // A gap ends the run as soon as the log is archived again: it must be heard of.
    const untilNow = options.once || gap !== null
    const { feed } = found
    const last = found.kind === 'follows' ? found.last : null
    const fileServerId = found.kind === 'follows' ? found.fileServerId : null
    // What came to it since the archive ended, before anything behind that is stored.
    if (last) await writer.noteElsewhere(server.purged)
    const { sourceId, serverId } = server
    const onCrash = (file: string): void =>
      tellCrash(laxBetween(writer.head?.segment, server), file, total, progress)
    const onUnseen = (unseen: NonNullable<BinlogSegment['unseen']>): void =>
      tell(`${unseenText([unseen])}; take a snapshot: \`ecomdb backup logical\``, total, progress)
    const reading = { untilNow, feed, last, least: server.end, writer, session }
    const ids = { sourceId, serverId, fileServerId }
    await readLog({ ...options, ...reading, ...ids, onCrash, onUnseen, watch }, progress)
  } catch (error) {
    if (error instanceof LogNotWhole) writer.discard()
    throw error
  } finally {
    await found.feed.close()
    await finish()
    forget()
    account(total, writer, server)
  }
  if (gap) throw gapError(gap, heads, writer.first, server)
  if (writer.incident) throw incidentError(writer.incident)
}

/** Also what is archived tells of it: each restore to a moment behind it. */
function tellCrash(
  lax: readonly string[],
  file: string,
  total: BinlogReport,
  progress: Progress,
): void {
  if (lax.length === 0) return
  const finding = `the server went down without closing its log before ${file}, and had ${lax.join(' and ')}: where its machine went down with it, its last changes may not be in its log; take a snapshot: \`ecomdb backup logical\``
  tell(finding, total, progress)
}

function tell(finding: string, total: BinlogReport, progress: Progress): void {
  progress.warn(finding)
  total.findings.push(finding)
}

async function writerFor(
  { engine, keys, clock }: ArchiveOptions,
  archive: BinlogArchive,
  server: BinlogServer,
  heads: readonly HashedSegment[],
  found: FoundHead,
): Promise<SegmentWriter> {
  const signingKey = await readSigningKey(keys.signingKeyFile)
  const dedupKey = await readDedupKey(keys.dedupKeyFile)
  const others = heads.map(({ segment }) => segment.stretchId)
  const isNew = found.kind === 'begins'
  return new SegmentWriter(
    archive,
    { recipients: keys.recipients, signingKey, dedupKey, clock },
    {
      engine: engine.family,
      server,
      stretchId: isNew ? archive.newStretchId(clock, others) : found.head.segment.stretchId,
      head: isNew ? found.begin : found.head,
    },
  )
}

/** The writer at the place where the feed is. */
function begin(writer: SegmentWriter, found: FoundHead): void {
  if (found.kind === 'begins') {
    writer.beginFile(found.file)
    return
  }
  const { file, tail, open, gtidsAfter, nextFile } = found.head.segment
  if (!tail) throw new Error('a head that follows has a tail')
  // Where the head ends its file, the feed comes to the next one by itself.
  writer.resume(
    file,
    { format: found.format, gtids: gtidsAfter, open: nextFile ? null : open },
    tail,
  )
}

function isPassing(error: unknown): error is EcomdbError {
  return error instanceof EcomdbError && PASSING.has(error.code)
}

function emptyReport({ repository }: BinlogArchive): BinlogReport {
  return {
    target: repository.label,
    sourceId: '',
    stretchId: '',
    written: { segments: 0, transactions: 0, bytes: 0, storedBytes: 0 },
    end: null,
    findings: [],
  }
}

function account(
  total: BinlogReport,
  { written, head }: SegmentWriter,
  server: BinlogServer,
): void {
  total.sourceId = server.sourceId
  total.written.segments += written.segments
  total.written.transactions += written.transactions
  total.written.bytes += written.bytes
  total.written.storedBytes += written.storedBytes
  if (!head) return
  total.stretchId = head.segment.stretchId
  total.end = endOfReport(head.segment)
}

function endOfReport(segment: BinlogSegment): NonNullable<BinlogReport['end']> {
  const { file, to, gtidsAfter, knownUntil, lastAt } = segment
  return { file, offset: to, gtids: gtidsAfter, knownUntil: knownUntil ?? lastAt }
}
