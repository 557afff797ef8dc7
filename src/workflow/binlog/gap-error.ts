import { EcomdbError } from '#core/errors'
import type { BinlogSegment, StretchBegin } from '#domain/binlog/segment'
import { endOf, type HashedSegment } from '#domain/binlog/stretch'
import type { BinlogServer } from '#engine/binlog'
import type { SegmentWriter } from './segment-writer.ts'

/** The error for what is lost between the newest stretch and the one that was begun. */
export function gapError(
  begin: StretchBegin,
  heads: readonly HashedSegment[],
  begun: BinlogSegment | null,
  server: BinlogServer,
): EcomdbError {
  const before = heads.at(-1)?.segment
  const end = before ? endOf(before) : null
  const until = before?.knownUntil ?? before?.lastAt ?? 'its beginning'
  const from = begun?.firstAt ?? begun?.knownUntil ?? 'now'
  const first = begun?.file ?? server.files[0]?.name ?? server.end.file
  const reason =
    begin.reason === 'gap'
      ? `the server no longer has it: its oldest binary log is ${first}`
      : "the server's log is not the one that was archived: it was reset, restored, or given another name (log_bin), or this is another server. Nothing of it is lost where the dedup key was made anew, by which an archive is known, but no replay leads over that either"
  return new EcomdbError('BINLOG_GAP', {
    what: isOverlap(until, from)
      ? `the binary log begins anew at ${from}, before the end of the archived one, ${until}`
      : `the binary log from ${until} to ${from} is lost`,
    why: `the archive ends at ${end?.file ?? ''}:${end?.offset ?? 0}, and ${reason}`,
    hints: [
      'take a new snapshot now: `ecomdb backup logical`; until then no moment after the gap can be restored',
      `a new stretch of the archive was begun at ${first}, and the next run goes on with it`,
      'keep binary logs longer on the server (binlog_expire_logs_seconds, expire_logs_days), or archive more often',
    ],
  })
}

/** A server that was put back to an earlier moment has written since then what is not in the archive. */
function isOverlap(until: string, from: string): boolean {
  return Date.parse(from) < Date.parse(until)
}

/** The error for a change that is not in the server's own log. */
export function incidentError({
  file,
  offset,
  why,
  gtids,
}: NonNullable<SegmentWriter['incident']>): EcomdbError {
  return new EcomdbError('BINLOG_GAP', {
    ...LACKS[why](`${file}:${offset}`, file, gtids),
    hints: [
      'take a new snapshot now, unless one was taken behind that place: `ecomdb backup logical`; until then no moment after it can be restored',
      CURES[why],
      'what came behind it is archived, and the next run goes on with it',
    ],
  })
}

const ERROR_LOG =
  "look at the server's error log: a full disk, or a statement that was larger than max_binlog_stmt_cache_size"

const CURES: Readonly<Record<Why, string>> = {
  unlogged: ERROR_LOG,
  elsewhere:
    'let log_bin have one name, and sync_binlog be 1; what is loaded with SET sql_log_bin = 0 and a gtid_purged is in no log',
  'put-back':
    'where data files are put back, move the log away with them, or restore with `ecomdb restore --binlog`',
  incident: ERROR_LOG,
  restored: 'with --binlog a restore is in the log',
}

type Why = NonNullable<SegmentWriter['incident']>['why']

type Lack = (place: string, file: string, gtids: string) => { what: string; why: string }

const LACKS: Readonly<Record<Why, Lack>> = {
  unlogged: (_, file) => ({
    what: 'the binary log lacks what was changed while the server did not log',
    why: `it could not begin the file that follows ${file}, and logged nothing until it was started again`,
  }),
  elsewhere: (place, _, gtids) => ({
    what: 'the binary log lacks transactions that the server has had',
    why: `the archive ended at ${place}; since then ${gtids} came to the server's gtid_purged, and they are in no file of its log: it was started with another log_bin meanwhile, lost the end of its log, or was given them otherwise`,
  }),
  'put-back': place => ({
    what: 'the binary log lacks that its server was put back to an earlier state',
    why: `the archive ended at ${place}; at a start since then InnoDB's log was not as far as it had been (Innodb_lsn_flushed): older data files were put in place, and this log stayed`,
  }),
  incident: place => ({
    what: 'the binary log lacks a change that the server made',
    why: `the server noted an incident in its log, at ${place}: it could not write all`,
  }),
  restored: place => ({
    what: 'the binary log lacks what was restored into the server',
    why: `at ${place} \`ecomdb restore\` began to change the server without its log`,
  }),
}
