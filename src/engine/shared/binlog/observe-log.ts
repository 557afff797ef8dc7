import { EcomdbError } from '#core/errors'
import { laxSettings, SYNC_SETTINGS } from '#domain/binlog/crashes'
import { isLogFileName } from '#domain/binlog/stretch'
import { type BinlogServer, LogNotWhole } from '../../binlog.ts'
import type { Flavor } from '../../flavor.ts'
import { quoteString } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { replicaBehind } from '../replica-lacks.ts'
import { readSettings } from '../server-settings.ts'
import type { BinlogDialect } from './dialect.ts'
import { logStatus, whyLogLacks } from './log-lacks.ts'

/** See BinaryLog.observe. */
export async function observeLog(dialect: BinlogDialect, session: Session): Promise<BinlogServer> {
  const sourceId = await dialect.sourceId(session)
  if ((await session.value('SELECT @@log_bin')) !== '1') throw switchedOff(session, sourceId)
  const time = await session.value('SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED)')
  const status = await serverStatus(session)
  const purged = dialect.purged && (await session.value(dialect.purged))
  try {
    const [log] = await logStatus(session)
    const gtids = await session.value(dialect.gtids)
    // MariaDB, and MySQL where it is told to, stop logging when they cannot write, and refuse to show files.
    if (!log) throw switchedOff(session, sourceId, 'it stopped logging when it could not write')
    const files = await session.rows('SHOW BINARY LOGS')
    const lack = await whyLogLacks(session, log)
    if (lack !== null) throw notWhole(sourceId, lack)
    return {
      sourceId,
      serverUuid: await dialect.serverUuid(session),
      serverId: Number(await session.value('SELECT @@server_id')),
      serverVersion: session.flavor.text,
      files: files.map(row => ({
        name: fileName(row['Log_name']),
        bytes: Number(row['File_size']),
      })),
      end: { file: fileName(log['File']), offset: Number(log['Position']) },
      gtids: (gtids ?? '').replaceAll('\n', ''),
      purged: (purged ?? '').replaceAll('\n', ''),
      timeUs: Number(time),
      startedUs: Number(time) - (status.get('Uptime') ?? 0) * 1_000_000,
      ...lsnsOf(session.flavor, status),
      lax: laxSettings(await readSettings(session, SYNC_SETTINGS)),
      doubts: [...(await replicaBehind(session)), ...(await mayLeaveItsLog(session))],
    }
  } catch (error) {
    if (!(error instanceof EcomdbError) || error.code !== 'PRIVILEGE_MISSING') throw error
    throw new EcomdbError('PRIVILEGE_MISSING', {
      what: 'the account may not read the binary log',
      ...(error.why ? { why: error.why } : {}),
      hints: [`as an administrator: GRANT ${dialect.privileges} ON *.* TO the account`],
      cause: error,
    })
  }
}

async function serverStatus(session: Session): Promise<Map<string, number>> {
  const rows = await session.rows(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Uptime', 'Innodb_lsn_current', 'Innodb_lsn_flushed', 'Innodb_os_log_written')",
  )
  return new Map(rows.map(row => [String(row['Variable_name']), Number(row['Value'])]))
}

/**
 * Since MariaDB 10.8 what was written is counted from where the log was at the start (10.11: the same all the time, and never less than what
 * was on the disk before, by clean stops, SIGKILL and other log sizes); before, it is the bytes of all blocks, many of them again and again. With
 * innodb_force_recovery = 6 the log begins at nothing.
 */
export function lsnsOf(
  flavor: Flavor,
  status: ReadonlyMap<string, number>,
): Pick<BinlogServer, 'flushedLsn' | 'startLsn'> {
  const [current, flushed, written] = ['lsn_current', 'lsn_flushed', 'os_log_written'].map(
    name => status.get(`Innodb_${name}`) ?? Number.NaN,
  )
  if (flavor.family !== 'mariadb' || !isLsn(current) || !isLsn(flushed))
    return { flushedLsn: null, startLsn: null }
  const start = flavor.atLeast('mariadb', 10, 8) ? current - (written ?? Number.NaN) : Number.NaN
  return { flushedLsn: flushed, startLsn: isLsn(start) ? Math.min(start, flushed) : flushed }
}

/** The first that InnoDB has is of a log without any change; and a segment holds what JSON can say. */
const isLsn = (value: number | undefined): value is number =>
  Number.isSafeInteger(value) && Number(value) > FIRST_LSN

const FIRST_LSN = 12_288

/** MariaDB has no such choice, and its files tell in most cases. */
async function mayLeaveItsLog(session: Session): Promise<string[]> {
  if (session.flavor.family === 'mariadb') return []
  if ((await session.value('SELECT @@global.binlog_error_action')) !== 'IGNORE_ERROR') return []
  return [
    'binlog_error_action = IGNORE_ERROR: where this server cannot write its log it goes on without, and once it was started again nothing tells of it; set ABORT_SERVER, the default',
  ]
}

function notWhole(sourceId: string, why: string): EcomdbError {
  return new LogNotWhole(sourceId, why, {
    what: "this server's binary log is not enough to restore from",
    why,
    hints: [
      'take binlog_do_db and binlog_ignore_db out of the configuration, set binlog_format to ROW or MIXED, and on a replica log_slave_updates (log_replica_updates) to ON; then restart the server',
      'or archive the log of its source, and take the snapshots for it there',
      'then run `ecomdb backup logical`: what was changed until now is in no log',
    ],
  })
}

/** It becomes an argument and a path, so it must look like what it is. */
function fileName(value: unknown): string {
  const name = String(value)
  if (isLogFileName(name)) return name
  throw new EcomdbError('UNSUPPORTED', {
    what: `cannot archive a binary log that is called ${JSON.stringify(name)}`,
    why: 'its files are called by letters, digits, ".", "_" and "-", and end with a number',
    hints: ['set log_bin to such a name'],
  })
}

/** See BinaryLog.lock. */
export async function lockArchiver(session: Session, repositoryId: string): Promise<void> {
  // Names of locks are up to 64 characters.
  const name = `ecomdb.binlog.${repositoryId}`
  if ((await session.value(`SELECT GET_LOCK(${quoteString(name)}, 0)`)) === '1') return
  const holder = await session.value(`SELECT IS_USED_LOCK(${quoteString(name)})`)
  throw new EcomdbError('LOCKED', {
    what: "this server's binary log is being archived to this repository already",
    why: `connection ${holder} holds the lock ${name}`,
    hints: ['wait for the other archiver to end; the lock goes with its connection'],
  })
}

function switchedOff(
  session: Session,
  sourceId: string,
  why = `log_bin is OFF on ${session.flavor}`,
): EcomdbError {
  return new LogNotWhole(sourceId, 'it wrote no binary log', {
    what: 'there is no binary log to archive',
    why,
    hints: [
      'look at its disk and its error log, set log_bin in its configuration, and restart it; then `ecomdb backup logical`',
    ],
  })
}
