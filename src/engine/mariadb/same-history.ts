import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { LogSequence } from '#domain/backup/envelope'
import type { Position } from '#domain/backup/position'
import type { BaseCopy } from '../physical-backup.ts'
import type { Session } from '../session.ts'
import { redoLogBegin } from './redo-log.ts'
import { importedSince, tableFilesOf } from './tablespaces.ts'

/**
 * An increment has the pages that were written after its base, by log sequence numbers. These count on from
 * where they were when a server was put back to an image of its disks, so what its base had of later is not in the
 * increment, and the restored files are of two histories: no program notices, and a drill reads them without an
 * error (10.11, measured).
 *
 * @returns why the base is none for what the server has now; null when it is one
 */
export async function whyNoBase(session: Session, base: BaseCopy): Promise<string | null> {
  const now = await statusOf(session, 'Innodb_lsn_current')
  if (now !== null && now < BigInt(base.lsn.to)) {
    return `its log sequence numbers end at ${base.lsn.to}, and the server is at ${now}: it was put back to an earlier state`
  }
  return (
    (await anotherRedoLog(session, base.lsn)) ??
    (await brokenHistory(session, base)) ??
    (await imported(session, base.lsn))
  )
}

/**
 * A prepared backup that is copied over the data writes into the same files, and the binary log of before, which stays beside them, has
 * the place of the base: an increment mixed two histories (10.11, measured).
 */
async function anotherRedoLog(session: Session, { logBegin }: LogSequence): Promise<string | null> {
  const now = await redoLogBegin(session)
  // Where only the number was noted, it has to do.
  if (logBegin === undefined || now === null || `${now} `.startsWith(`${logBegin} `)) return null
  return `the server's redo log was begun anew since (number, file: ${now}; its own ${logBegin}): files were restored into the data directory, the log was copied, or innodb_log_file_size was changed`
}

async function brokenHistory(session: Session, base: BaseCopy): Promise<string | null> {
  const inLog = base.position && (await placeInLog(session, base.position))
  const elsewhere = inLog === 'there' ? await logOnAnotherDisk(session) : null
  if (inLog === 'there' && elsewhere === null) return null
  if (inLog === 'lost') {
    return `the server's binary log has no such place as ${base.position?.file}:${base.position?.offset} any more, where it was: the server was put back to an earlier state, or its log was reset`
  }
  const uptime = await statusOf(session, 'Uptime')
  const clock = await session.value('SELECT UNIX_TIMESTAMP()')
  // Both are told in whole seconds.
  const startedMs = (Number(clock) - Number(uptime ?? 0) + 1) * 1000
  if (startedMs <= Date.parse(base.consistentAt)) return null
  return `the server was started again since, and ${nothingTells(base, inLog, elsewhere)} that it was not put back to an earlier state meanwhile`
}

function nothingTells(
  { position }: BaseCopy,
  inLog: 'there' | { first: string } | null,
  elsewhere: string | null,
): string {
  if (elsewhere !== null) {
    return `its binary log lies on another file system than its data (${elsewhere}), and goes on where only the data is put back: nothing tells`
  }
  if (inLog === null || inLog === 'there') return 'no binary log tells'
  return `its binary log does not go back to ${position?.file} any more (it begins with ${inLog.first}): nothing tells`
}

/**
 * An image of the data's disk has no log then, and the log that stays has the place of the base, which the data has
 * lost: an increment was made and drilled with rows of before and after (10.11, measured).
 *
 * @returns the folder of the log; null where both are on one file system
 */
async function logOnAnotherDisk(session: Session): Promise<string | null> {
  const log = dirname((await session.value('SELECT @@log_bin_basename')) ?? '')
  const data = (await session.value('SELECT @@datadir')) ?? ''
  const [ofLog, ofData] = await Promise.all(
    [log, data].map(async folder => (await stat(folder).catch(() => null))?.dev ?? null),
  )
  return ofLog !== null && ofLog === ofData ? null : log
}

/** Each start begins a new file of the log: one that was cut by an image of the disks stays shorter. */
async function placeInLog(
  session: Session,
  { file, offset, gtidSet }: Position,
): Promise<'there' | 'lost' | { first: string } | null> {
  if (file === null || offset === null) return null
  const files = await session.rows('SHOW BINARY LOGS').catch(() => null)
  const found = files?.find(row => String(row['Log_name']) === file)
  if (!found) {
    const first = files?.[0]?.['Log_name']
    return first ? { first: String(first) } : null
  }
  if (Number(found['File_size']) < offset) return 'lost'
  const gtids = await session.value('SELECT BINLOG_GTID_POS(?, ?)', [file, offset])
  if (gtids === null) return 'lost'
  // A replica's position has GTIDs besides that its own log has not.
  const known = new Set(gtidSet.split(',').map(gtid => gtid.trim()))
  const others = gtids.split(',').filter(gtid => gtid !== '' && !known.has(gtid))
  return others.length > 0 ? 'lost' : 'there'
}

async function imported(session: Session, { highest }: LogSequence): Promise<string | null> {
  if (!highest) {
    return 'an earlier version of ecomdb made it, and did not note by what imported tablespaces are told'
  }
  const files = await tableFilesOf(session)
  const folder = (await session.value('SELECT @@datadir')) ?? ''
  const names = await importedSince(files?.spaces ?? [], highest, folder)
  if (names.length === 0) return null
  return `tablespaces were imported since, of which an increment would have nothing: ${names.slice(0, 10).join(', ')}`
}

async function statusOf(session: Session, name: string): Promise<bigint | null> {
  const [row] = await session.rows(`SHOW GLOBAL STATUS LIKE '${name}'`)
  const value = row?.['Value']
  return value === undefined || value === null ? null : BigInt(String(value))
}
