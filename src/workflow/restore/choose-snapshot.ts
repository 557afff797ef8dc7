import { createHash } from 'node:crypto'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import type { Secret } from '#core/secret'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { foundBad, newestProof, proofInWords } from '#domain/backup/proof-of-snapshot'
import { FILE_MAGIC, readHeader } from '#domain/binlog/event'
import { isHistoryOf } from '#domain/binlog/gtid-history'
import { type Moment, momentText } from '#domain/binlog/moment'
import type { Transaction } from '#domain/binlog/scanner'
import { type BinlogSegment, microsOfIso } from '#domain/binlog/segment'
import {
  holeBetween,
  inOrder,
  isAtLeast,
  type LogPlace,
  type Stretch,
} from '#domain/binlog/stretch'
import {
  isOfNewLog,
  isOfOldLog,
  segmentOfSnapshot,
  segmentsOfSnapshot,
} from '#domain/binlog/window'
import type { BinlogArchive } from '#repository/binlog-archive'
import { type FoundMoment, findMoment, outsideWindow, quietUntil } from './find-moment.ts'
import { type NextTransaction, nextTransaction } from './next-transaction.ts'
import type { SnapshotAccess } from './open-snapshot.ts'
import type { RestoreOptions } from './restore-options.ts'
import { type ScannedSegment, SegmentScan } from './scan-segment.ts'

/** From where to where a replay goes. */
export interface ChosenStart extends FoundMoment, NextTransaction {
  snapshot: SnapshotEnvelope
  /** When and how the snapshot was proved before; null when never. */
  proven: string | null
  start: LogPlace
}

/**
 * The newest snapshot from which an unbroken log leads to the moment. One that failed a verify
 * or a drill is taken only where it is asked for; one that was never proved is, for the restore
 * proves it before it replays anything.
 *
 * @param asked a snapshot id, or 'latest' for the newest that fits, of this server: else of the only one whose
 *   log is archived
 * @param method rows, into a running server; or data files, on which one is started
 * @throws EcomdbError OUTSIDE_WINDOW, SIGNATURE_INVALID, SNAPSHOT_NOT_FOUND, USAGE
 */
export async function chooseStart(
  archive: BinlogArchive,
  access: SnapshotAccess,
  { snapshot: asked, sourceId }: Pick<RestoreOptions, 'snapshot' | 'sourceId'>,
  moment: Moment,
  progress: Progress,
  method: SnapshotEnvelope['method'] = 'logical',
): Promise<ChosenStart> {
  const { repository, trustedSigners, identities } = access
  const { stretches, refused } = await archive.stretches(trustedSigners)
  for (const { name, why, segments } of refused) {
    progress.warn(`${name} is used up to segment ${segments} only: ${why}`)
  }
  const listed = await repository.listSnapshots(trustedSigners)
  for (const { snapshotId, error } of listed.refused) {
    progress.warn(`snapshot ${snapshotId} is not used: ${error.message}`)
  }
  const only = asked === 'latest' ? null : await repository.readEnvelope(asked, trustedSigners)
  const snapshots = (only ? [only] : listed.snapshots).filter(one => one.method === method)
  const source = only?.sourceId ?? sourceId ?? oneSource(stretches)
  const own = stretches.filter(one => one.sourceId === source)
  const { attestations } = await repository.listAttestations(trustedSigners)
  const copyId = await repository.copyId()
  const bad = foundBad(listed.snapshots, attestations, copyId)
  const isBad: IsBad = ({ snapshotId }) => bad.has(snapshotId)
  const newestFirst = inOrder(own).reverse()
  let reached: FoundMoment | null = null
  for (const [at, stretch] of newestFirst.entries()) {
    const found = await findMoment(archive, stretch, moment, identities)
    if (found && reached && !only) requireSameMoment(found, reached, moment)
    reached ??= found
    const [after, before] = [newestFirst[at - 1] ?? null, newestFirst[at + 1] ?? null]
    if (!found) continue
    const inIt = snapshots.filter(one => !isOfNewLog(one, stretch, after))
    const isOut = only ? () => false : isBad
    const near = { stretch, before, identities }
    const begin = await beginOf(archive, found, moment, identities, place =>
      newestOfLog(archive, usableBefore(place, inIt, moment, isOut), near),
    )
    if (!begin) continue
    const { snapshot, place } = begin
    const start = placeOf(snapshot)
    await requireSameHistory(archive, stretch, snapshot, access)
    const log = { stretches: own, refused }
    const next = await nextTransaction(archive, found, log, identities)
    const proof = newestProof(snapshot.snapshotId, attestations, copyId)
    const proven = proof && !isBad(snapshot) ? proofInWords(proof) : null
    return { ...place, ...next, snapshot, start, proven }
  }
  if (only) throw notFrom(only, moment, own, method)
  if (!reached) throw outsideWindow(moment, own, copyId !== null)
  throw noStart(reached, listed.snapshots, moment, isBad, method)
}

/**
 * The newest snapshot before a moment's place; or, where there is none, before the last place that shows the
 * same: one that was taken when the log had gone on in its next file, or behind an event that is no transaction (MariaDB
 * notes there from which file it would recover), and nothing had happened since.
 */
async function beginOf(
  archive: BinlogArchive,
  found: FoundMoment,
  moment: Moment,
  identities: readonly Secret[],
  newest: (place: FoundMoment) => Promise<SnapshotEnvelope | null>,
): Promise<{ place: FoundMoment; snapshot: SnapshotEnvelope } | null> {
  const first = await newest(found)
  if (first) return { place: found, snapshot: first }
  if (moment.kind !== 'gtid') return null
  const { file } = found.segment
  const stop = found.next
    ? { file, offset: found.next.from }
    : await quietUntil(archive, found, identities)
  const place = { ...found, stop }
  const snapshot = await newest(place)
  return snapshot && { place, snapshot }
}

/**
 * A log that began anew gives numbers again. No snapshot leads to the GTID in the newest log that has it;
 * what an older log calls so may be another transaction, and nobody said which of them is meant.
 */
function requireSameMoment(older: FoundMoment, newer: FoundMoment, moment: Moment): void {
  if (moment.kind === 'at') return
  const [one, other] = [older, newer].map(found =>
    moment.kind === 'gtid' ? found.last : found.next,
  )
  const isSame = ['gtid', 'from', 'to', 'committedUs'] as const
  if (isSame.every(key => one?.[key] === other?.[key])) return
  const when = (found: Transaction | null | undefined): string =>
    found ? `, at ${new Date(Math.floor(found.committedUs / 1000)).toISOString()}` : ''
  throw new EcomdbError('OUTSIDE_WINDOW', {
    what: `cannot restore to ${momentText(moment)}`,
    why: `two logs of this server have it: the newer one${when(other)}, with no snapshot before it that fits; and the one before the server was reset or put back${when(one)}`,
    hints: [
      'where the older one is meant, name a snapshot of that log: `ecomdb backup window` has them',
      'or say the moment as a time (`--at`)',
    ],
  })
}

type IsBad = (snapshot: SnapshotEnvelope) => boolean

function oneSource(stretches: readonly Stretch[]): string {
  const sources = [...new Set(stretches.map(({ sourceId }) => sourceId))]
  if (sources.length <= 1) return sources[0] ?? ''
  throw new EcomdbError('USAGE', {
    what: `this repository has binary logs of ${sources.length} servers`,
    why: sources.join(', '),
    hints: ['name a snapshot of the one that is meant: `ecomdb backup list` has them'],
  })
}

function usableBefore(
  { stretch, stop }: FoundMoment,
  snapshots: readonly SnapshotEnvelope[],
  moment: Moment,
  isBad: IsBad,
): SnapshotEnvelope[] {
  return snapshots.filter(
    snapshot =>
      (snapshot.scope ?? null) === null &&
      segmentOfSnapshot(stretch, snapshot) !== null &&
      isAtLeast(stop, placeOf(snapshot)) &&
      holeBetween(stretch, placeOf(snapshot), stop) === null &&
      (moment.kind !== 'at' || microsOfIso(snapshot.consistentAt) <= moment.us) &&
      !isBad(snapshot),
  )
}

interface LogAndBefore {
  stretch: Stretch
  before: Stretch | null
  identities: readonly Secret[]
}

/**
 * A server that went back to an image of its disks, or of its memory, goes on in the same file, and gives
 * the same numbers again. What was backed up before it went back is a start in the new log only where the
 * old log is the same up to there, byte for byte.
 */
async function newestOfLog(
  archive: BinlogArchive,
  usable: readonly SnapshotEnvelope[],
  { stretch, before, identities }: LogAndBefore,
): Promise<SnapshotEnvelope | null> {
  for (const snapshot of usable.toReversed()) {
    if (!before || !isOfOldLog(snapshot, stretch, before)) return snapshot
    const place = placeOf(snapshot)
    const here = await digestUntil(archive, stretch, place, identities)
    const there = here && (await digestUntil(archive, before, place, identities))
    if (here !== null && here === there) return snapshot
  }
  return null
}

/** Of the file's bytes before a place; null where the archive does not have them all. */
async function digestUntil(
  archive: BinlogArchive,
  { segments }: Stretch,
  { file, offset }: LogPlace,
  identities: readonly Secret[],
): Promise<string | null> {
  const hash = createHash('sha256')
  let at = 0
  for (const one of segments.filter(segment => segment.file === file && segment.object !== null)) {
    if (at >= offset) break
    if (one.from !== at) return null
    const bytes = await archive.readBytes(one, identities).catch((error: unknown) => {
      if (error instanceof EcomdbError && error.code === 'OBJECT_DAMAGED') return null
      throw error
    })
    if (bytes === null) return null
    hash.update(bytes.subarray(0, offset - at))
    at = one.to
  }
  return at >= offset ? hash.digest('hex') : null
}

/** The log has the moment, and there is nothing that it could be replayed onto. */
function noStart(
  { stretch, stop }: FoundMoment,
  snapshots: readonly SnapshotEnvelope[],
  moment: Moment,
  isBad: IsBad,
  method: SnapshotEnvelope['method'],
): EcomdbError {
  const before = snapshots.filter(
    one => segmentOfSnapshot(stretch, one) !== null && isAtLeast(stop, placeOf(one)),
  )
  const isUsable = (one: SnapshotEnvelope): boolean =>
    one.method === method && (one.scope ?? null) === null
  const isCut = (one: SnapshotEnvelope): boolean =>
    holeBetween(stretch, placeOf(one), stop) !== null
  const bad = before.findLast(one => isUsable(one) && isBad(one) && !isCut(one))
  const count = (why: string, is: (one: SnapshotEnvelope) => boolean): string | null => {
    const many = before.filter(is).length
    return many > 0 ? `${many} ${why}` : null
  }
  const reasons = [
    count(OTHER[method].are, one => one.method !== method),
    count('of some databases only', one => one.method === method && !isUsable(one)),
    count('that a verify or drill has found bad', one => isUsable(one) && isBad(one)),
    count('from before a time of which the log lacks changes', one => isUsable(one) && isCut(one)),
  ].filter(reason => reason !== null)
  return new EcomdbError('OUTSIDE_WINDOW', {
    what: `cannot restore to ${momentText(moment)}`,
    why: `the archived log has it, but no ${method} snapshot of the whole server lies before it in the same log${reasons.length > 0 ? `; of those that do, ${reasons.join(', ')}` : ''}`,
    hints: [
      ...(bad
        ? [`name ${bad.snapshotId} to try it nonetheless: it is proved before anything is replayed`]
        : []),
      ...(before.some(one => one.method !== method) ? [OTHER[method].hint] : []),
      `run \`ecomdb backup ${method}\`${method === 'logical' ? ' without --databases' : ''}: from then on any moment can be restored`,
      '`ecomdb backup window` lists what can be restored, and from which snapshot',
    ],
  })
}

/** What a snapshot of the other method is called here, and how it is the start of a replay. */
const OTHER = {
  logical: {
    are: 'physical',
    hint: 'a physical snapshot is a start, too: with --data-dir, into an empty directory',
  },
  physical: {
    are: 'logical',
    hint: 'a logical snapshot is a start, too: leave --data-dir out, and name a server',
  },
} as const

function placeOf({ position }: SnapshotEnvelope): LogPlace {
  return { file: position?.file ?? '', offset: position?.offset ?? 0 }
}

/**
 * Is the snapshot's position a place between two transactions of this very log, with the same
 * GTIDs before it? Two servers can have files of the same names.
 */
async function requireSameHistory(
  archive: BinlogArchive,
  stretch: Stretch,
  snapshot: SnapshotEnvelope,
  { identities }: SnapshotAccess,
): Promise<void> {
  const [segment, second] = segmentsOfSnapshot(stretch, snapshot)
  const { offset } = placeOf(snapshot)
  if (!segment) return
  await requireNewerThanFile(archive, stretch, segment, snapshot, identities)
  const scan = new SegmentScan(archive, stretch, identities)
  const scanned = await scan.scan(segment).catch((error: unknown): Promise<ScannedSegment> => {
    // What lies before a place at a segment's end is not replayed: the one behind it tells as well.
    if (second && error instanceof EcomdbError && error.code === 'OBJECT_DAMAGED')
      return scan.scan(second)
    throw error
  })
  const here = scanned.historyAt(offset)
  const gtids = snapshot.position?.gtidSet ?? ''
  if (here !== null && isHistoryOf(segment.engine, here, gtids)) return
  throw new EcomdbError('CONTENT_MISMATCH', {
    what: `the archived binary log is not the one that snapshot ${snapshot.snapshotId} was taken in`,
    why:
      here === null
        ? `${segment.file}:${offset} lies in the middle of a transaction`
        : `at ${segment.file}:${offset} it has the GTIDs '${here}', and the snapshot '${gtids}'`,
    hints: ['name another snapshot: `ecomdb backup window` lists those within the log'],
  })
}

/** Clocks of the server and of the host that backed it up may differ by so much. */
const SKEW_MS = 5000

/** A log that was reset has the names, places and first GTIDs of the one before; its files are newer. */
async function requireNewerThanFile(
  archive: BinlogArchive,
  { segments }: Stretch,
  { file, sequence }: BinlogSegment,
  { snapshotId, consistentAt }: SnapshotEnvelope,
  identities: readonly Secret[],
): Promise<void> {
  const first = segments.find(one => one.file === file && one.from === 0 && one.object !== null)
  // Every stretch, and every file in it, begins at 0.
  if (!first) throw new Error(`segment ${sequence} has no beginning`)
  const bytes = await archive.readBytes(first, identities)
  const madeMs = readHeader(bytes, FILE_MAGIC.length).timestamp * 1000
  if (madeMs <= Date.parse(consistentAt) + SKEW_MS) return
  throw new EcomdbError('CONTENT_MISMATCH', {
    what: `the archived binary log is not the one that snapshot ${snapshotId} was taken in`,
    why: `it is of ${consistentAt}, and ${file} was begun at ${new Date(madeMs).toISOString()}: the log was reset between them`,
    hints: ['name another snapshot: `ecomdb backup window` lists those within the log'],
  })
}

function notFrom(
  snapshot: SnapshotEnvelope,
  moment: Moment,
  stretches: readonly Stretch[],
  method: SnapshotEnvelope['method'],
): EcomdbError {
  const within = stretches.some(stretch => segmentOfSnapshot(stretch, snapshot) !== null)
  const reasons = [
    snapshot.method === method ? null : `it is ${snapshot.method}`,
    (snapshot.scope ?? null) === null ? null : 'it holds some databases only',
    snapshot.position?.file ? null : 'its position in the binary log is not known',
    within ? 'the moment is not behind it in the same unbroken log' : 'it is in no archived log',
  ]
  return new EcomdbError('OUTSIDE_WINDOW', {
    what: `cannot restore to ${momentText(moment)} from snapshot ${snapshot.snapshotId}`,
    why: reasons
      .filter(reason => reason !== null)
      .slice(0, 2)
      .join('; '),
    hints: [
      ...(snapshot.method === method ? [] : [OTHER[method].hint]),
      'leave the snapshot out: the newest that fits is found; where there are logs of several servers here, name an older one of the same: `ecomdb backup window` has them',
    ],
  })
}
