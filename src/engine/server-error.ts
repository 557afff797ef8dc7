import { EcomdbError, type ErrorCode, messageOf, systemCode } from '#core/errors'

/**
 * Server and driver errors become ecomdb's in this one place. Numbers: MySQL's Server
 * Error Message Reference and MariaDB's Error Codes; below 1900 the two agree.
 */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EACCES',
])
const LOST = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
])
const AUTHENTICATION = new Set([1045, 1698, 3118, 4151, 3955, 4150, 1820, 1862])
const PRIVILEGE = new Set([1044, 1142, 1143, 1227, 1370, 1419, 3530])
/** The server is shutting down, or killed the connection. */
const ENDED = new Set([1053, 1077, 1079, 1927, 2006, 2013])

/** The server's error number, or undefined for an error that is not the server's. */
export function serverErrorNumber(error: unknown): number | undefined {
  const source = error instanceof EcomdbError ? error.cause : error
  if (typeof source !== 'object' || source === null || !('errno' in source)) return undefined
  return typeof source.errno === 'number' && source.errno > 0 ? source.errno : undefined
}

export const isDeadlock = (error: unknown): boolean =>
  [1205, 1213].includes(serverErrorNumber(error) ?? 0)
export const isNoSuchTable = (error: unknown): boolean =>
  [1146, 1049].includes(serverErrorNumber(error) ?? 0)

/** A database, table, view, routine, trigger or event that was listed is not there any more. */
export const isGone = (error: unknown): boolean =>
  [1049, 1146, 1305, 1360, 1539].includes(serverErrorNumber(error) ?? 0)

/**
 * Errors that a value of a row makes, and nothing that is missing: too many rows of a subquery, one key
 * twice in a temporary table, division by zero, out of range, no date, no number, no JSON, no geometry.
 * Manuals: "Server Error Message Reference".
 */
const OF_ROWS = [
  ...[1062, 1242, 1264, 1292, 1365, 1366, 1367, 1406, 1411, 1441, 1690],
  ...[3037, 3055, 3140, 3141, 3146, 3156],
  // A view with TABLESAMPLE (MySQL 9.7) opens everywhere, and only a secondary engine has its rows.
  3889,
]

/** ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION: what was asked calls something that writes. */
export const wouldWrite = (error: unknown): boolean => serverErrorNumber(error) === 1792

/** ER_OPTION_PREVENTS_STATEMENT of secure_file_priv: what was asked calls something that writes a file, or reads one. */
export const isKeptFromFiles = (error: unknown): boolean =>
  serverErrorNumber(error) === 1290 && messageOf(error).includes('secure-file-priv')

/** The server refuses because of what rows hold. */
export const comesOfRows = (error: unknown): boolean =>
  OF_ROWS.includes(serverErrorNumber(error) ?? 0)

/**
 * A grant needs what is not there: a column, a table, a routine, what a view reads, or the account that it runs as. A right
 * that who grants it lacks is another error (1142, 1370), whatever is there.
 */
export const isNotThere = (error: unknown): boolean =>
  [1054, 1146, 1305, 1356, 1449].includes(serverErrorNumber(error) ?? 0)

/** The table was dropped, or is not as it was when the snapshot was opened. */
export const isChangedTable = (error: unknown): boolean =>
  [1054, 1146, 1412].includes(serverErrorNumber(error) ?? 0)

/** The rows, or none where the table or the schema is not there. */
export async function orNone<Row>(rows: Promise<Row[]>): Promise<Row[]> {
  try {
    return await rows
  } catch (error) {
    if (isNoSuchTable(error)) return []
    throw error
  }
}

/** What an error of the driver or the server is called in ecomdb. */
function codeOf(error: unknown): ErrorCode {
  const code = systemCode(error) ?? ''
  const number = serverErrorNumber(error)
  if (number !== undefined && AUTHENTICATION.has(number)) return 'AUTHENTICATION_REFUSED'
  if (number !== undefined && PRIVILEGE.has(number)) return 'PRIVILEGE_MISSING'
  if (number !== undefined && ENDED.has(number)) return 'SERVER_LOST'
  if (number === 1049) return 'SCHEMA_MISSING'
  // The driver's error on a connection that has ended while nobody asked has no code.
  if (LOST.has(code) || /in closed state/.test(messageOf(error))) return 'SERVER_LOST'
  if (UNREACHABLE.has(code)) return 'SERVER_UNREACHABLE'
  return 'SERVER_REFUSED'
}

const HINTS: Partial<Record<ErrorCode, readonly string[]>> = {
  AUTHENTICATION_REFUSED: [
    'check server.user and the password source in ecomdb.yaml',
    'MariaDB says the same where it wants TLS (require_secure_transport): set `tls: true` under `server`',
    'run `ecomdb doctor`',
  ],
  PRIVILEGE_MISSING: ['run `ecomdb doctor` to see which privileges the account lacks'],
  SCHEMA_MISSING: [
    'check server.database in ecomdb.yaml, ECOMDB_DATABASE or --database',
    'run `ecomdb provision plan`, then `ecomdb provision apply`, to make the schema',
  ],
  SERVER_UNREACHABLE: [
    'is the server running? run `ecomdb doctor`, or `ecomdb sandbox start` for a private one',
  ],
  SERVER_LOST: [
    "look at the server's error log, then run the command again: what was done is kept",
  ],
}

const ROW_FORMAT =
  'a key of the source is too long for the row format that tables get there: SET GLOBAL innodb_default_row_format = DYNAMIC, then run the command again'

const binlogCache = (name: string): string =>
  `raise ${name} there (SET GLOBAL), or keep the work out of its binary log (--no-binlog)`

/** What helps against errors of a server's limits and states, by their numbers. */
const HINTS_OF_NUMBER: Readonly<Record<number, readonly string[]>> = {
  1038: ['raise sort_buffer_size there (SET GLOBAL), then run the command again'],
  1040: [
    'wait until others have gone (SHOW PROCESSLIST), or raise max_connections there (SET GLOBAL)',
    'fewer connections of this command may do, too: --readers of a backup, --connections of a restore',
  ],
  1071: [ROW_FORMAT],
  1153: ['raise max_allowed_packet there (SET GLOBAL), then run the command again'],
  1197: [binlogCache('max_binlog_cache_size')],
  1203: ["the account's MAX_USER_CONNECTIONS, or max_user_connections, is the limit: raise it"],
  1301: ['raise max_allowed_packet there (SET GLOBAL), then run the command again'],
  1602: [
    // MySQL 8.0 and 8.4; 9.7 shows such a trigger. Its name was sent in a set in which it takes the backtick behind it.
    'the server cannot read that trigger, and takes no change to its table: DROP TRIGGER makes both good again',
  ],
  1705: [binlogCache('max_binlog_stmt_cache_size')],
  1709: [ROW_FORMAT],
  1814: [
    "the table's data file is discarded: ALTER TABLE … IMPORT TABLESPACE brings another, DROP TABLE takes it away; then run the command again",
  ],
  3032: ['turn offline_mode off there (SET GLOBAL), or use an account with CONNECTION_ADMIN'],
  3159: ['set `tls: true` under `server` in ecomdb.yaml, or connect over its socket'],
}

function hintsOf(error: unknown, code: ErrorCode): readonly string[] {
  const ofNumber = HINTS_OF_NUMBER[serverErrorNumber(error) ?? 0]
  if (ofNumber) return ofNumber
  return code === 'SERVER_REFUSED' && meansFullDisk(messageOf(error))
    ? [NO_ROOM]
    : (HINTS[code] ?? [])
}

const NO_ROOM =
  'free some space on its host, or give the server another tmpdir, then run the command again'

/**
 * @param what what was being done, e.g. "cannot connect to mariadb at /run/mysqld.sock"
 */
export function translateServerError(error: unknown, what: string): EcomdbError {
  if (error instanceof EcomdbError) return error
  const code = codeOf(error)
  return new EcomdbError(code, {
    what,
    why: messageOf(error),
    hints: hintsOf(error, code),
    cause: error,
  })
}

/** Statements that MySQL's LOCK INSTANCE FOR BACKUP keeps waiting, as a logical backup's does until it has ended. */
const OF_ACCOUNTS =
  /^\s*(?:(?:CREATE|ALTER|DROP|RENAME)\s+(?:USER|ROLE)|GRANT|REVOKE|SET\s+(?:DEFAULT\s+ROLE|PASSWORD)|CALL\s+\S*(?:mint_session|end_session|end_overdue))\b/i

/** The same for a statement: of one about accounts that has waited in vain it is told who lets it wait. */
export function translateStatementError(error: unknown, sql: string, what: string): EcomdbError {
  if (serverErrorNumber(error) !== 1205 || !OF_ACCOUNTS.test(sql))
    return translateServerError(error, what)
  // InnoDB's own wait for a row has the same number, and the broker's procedures write rows.
  const isCall = /^\s*CALL\b/i.test(sql)
  const rows = isCall ? ', or another transaction holds the rows that it changes' : ''
  const seeRows = 'SHOW ENGINE INNODB STATUS tells of a transaction that holds rows: end it'
  return new EcomdbError('LOCKED', {
    what,
    why: `${messageOf(error)}: another session keeps statements about accounts out, as a backup does${rows}`,
    hints: [
      ...(isCall ? [seeRows] : []),
      'run it again when the backup has ended: on MySQL `ecomdb backup logical` holds LOCK INSTANCE FOR BACKUP as long as it reads rows',
      "where it cannot wait, KILL that connection, and back up again: SELECT t.PROCESSLIST_ID, t.PROCESSLIST_USER FROM performance_schema.metadata_locks m JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID WHERE m.OBJECT_TYPE = 'BACKUP LOCK'",
    ],
    cause: error,
  })
}

/**
 * Do a server's complaints mean that the disk is full? Both engines print errno 28; of the redo log
 * they say only that it could not be made so large.
 */
export function meansFullDisk(text: string): boolean {
  return OF_A_FULL_DISK.some(pattern => pattern.test(text))
}

const OF_A_FULL_DISK = [
  /no space left|disk (is )?full|out of disk space/i,
  /errcode: 28|os error(?: number)? 28|error:? 28\b/i,
  /cannot set log file \S+ size/i,
  /cannot resize redo log file \S+ to .* \(failed to set size\)/i,
]
