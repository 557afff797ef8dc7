import { expression } from './expressions.ts'
import { type Known, oneOf, type Ways } from './known.ts'
import { characterSet, collationOf } from './types.ts'

/** Variables of the session, and statements that are prepared with them. */
export function aboutVariables(known: Known): string {
  const { random } = known
  const table = known.table()
  const { name } = known.column(table, known.writable(table))
  const prepared = JSON.stringify(`INSERT INTO ${table} (\`${name}\`) VALUES (?)`)
  const shared: Ways = [
    () => `SET @a = ${expression(known, 'double')}`,
    () => `SET @b = ${expression(known)}`,
    () => `SET @c = ${expression(known, 'text')}`,
    () => `SET @a = ${random.between(1, 9)}e0 / ${random.between(3, 11)}`,
    () => `SET @d = ${expression(known, 'datetime')}, @e = ${expression(known, 'blob')}`,
    () => `SELECT ${expression(known)} INTO @b`,
    () => `PREPARE st FROM ${prepared}; EXECUTE st USING @a; EXECUTE st USING @c`,
  ]
  if (known.isMysql) return oneOf(known, shared)
  return oneOf(known, [
    ...shared,
    () => `EXECUTE IMMEDIATE 'INSERT INTO audit (what, n) VALUES (?, ?)' USING @c, @b`,
    () => 'CREATE OR REPLACE SEQUENCE sq START WITH 3 INCREMENT BY 2',
    () => 'ALTER SEQUENCE sq RESTART 77',
    // Of DECIMAL: a variable that is FLOAT or DOUBLE is written as another literal (NAME_CONST), known.
    () =>
      'BEGIN NOT ATOMIC DECLARE v DECIMAL(20,10) DEFAULT 1/7; INSERT INTO audit (what) VALUES (v); END',
  ])
}

/** SET statements of a session, some of all. */
export function sessionSettings(known: Known): string[] {
  const own = known.isMysql ? ofMysql(known) : ofMariadb(known)
  return [...shared(known), ...own].flatMap(([share, text]) =>
    known.random.chance(share) ? [`SET ${text()}`] : [],
  )
}

type Setting = readonly [share: number, text: () => string]

function shared(known: Known): Setting[] {
  const { random } = known
  const number = (): number => random.between(1, 7)
  return [
    [0.4, () => `sql_mode = '${sqlMode(known)}'`],
    [0.5, () => `time_zone = '${random.pick(ZONES)}'`],
    [0.3, () => `lc_time_names = '${random.pick(LOCALES)}'`],
    [0.2, () => 'foreign_key_checks = 0'],
    [0.2, () => `auto_increment_increment = ${number()}, auto_increment_offset = ${number()}`],
    [0.3, () => `binlog_format = '${known.pick('ROW', 'MIXED', 'MIXED')}'`],
    [0.2, () => `collation_connection = '${collationOf(known, 'utf8mb4')}'`],
    [0.2, () => `collation_server = '${collationOf(known, characterSet(known))}'`],
    [0.15, () => 'autocommit = 0'],
    [0.15, () => `explicit_defaults_for_timestamp = ${known.pick(0, 1)}`],
    [0.15, () => 'sql_auto_is_null = 1'],
    [0.2, () => `SESSION TRANSACTION ISOLATION LEVEL ${random.pick(ISOLATIONS)}`],
    [0.1, () => `innodb_strict_mode = ${known.pick(0, 1)}`],
    // Without ucs2: no client has it, and MariaDB's SET time_zone beside it is known.
    [0.1, () => `character_set_connection = ${known.pick('latin1', 'utf8mb3', 'cp1251', 'gbk')}`],
  ]
}

const ofMysql = (known: Known): Setting[] => [
  [0.1, () => 'unique_checks = 0'],
  [
    known.canLie ? 0.1 : 0,
    () => `timestamp = ${known.random.between(1_000_000_000, 2_000_000_000)}.123456`,
  ],
  [0.1, () => 'default_collation_for_utf8mb4 = utf8mb4_general_ci'],
  [0.1, () => `sql_generate_invisible_primary_key = ${known.pick(0, 1)}`],
  [0.1, () => `binlog_row_image = '${known.pick('FULL', 'MINIMAL', 'NOBLOB')}'`],
  [0.1, () => "binlog_row_value_options = 'PARTIAL_JSON'"],
  [0.1, () => 'binlog_transaction_compression = ON'],
]

// Known, and so without: unique_checks = 0, and a timestamp or system_versioning_insert_history,
// which make a row_start that is no real time.
const ofMariadb = (known: Known): Setting[] => [
  [0.1, () => 'check_constraint_checks = 0'],
  [0.1, () => 'sql_if_exists = 1'],
  [0.1, () => `binlog_row_image = '${known.pick('FULL', 'MINIMAL', 'NOBLOB')}'`],
  [0.2, () => 'system_versioning_alter_history = KEEP'],
  [0.1, () => `character_set_client = ${known.random.pick(CLIENTS)}`],
]

function sqlMode(known: Known): string {
  const { random } = known
  if (random.chance(0.5)) return 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'
  const modes = [...MODES, ...(known.isMysql ? ['TIME_TRUNCATE_FRACTIONAL'] : MODES_OF_MARIADB)]
  return modes.filter(() => random.chance(0.15)).join(',')
}

const ZONES = ['+00:00', '-07:30', '+05:45', 'SYSTEM', '+13:00']
const LOCALES = ['en_US', 'de_DE', 'fr_FR', 'ja_JP', 'ru_RU', 'ar_AE']
const CLIENTS = ['latin1', 'utf8mb3', 'cp1251', 'ascii', 'gbk', 'sjis', 'binary']
const ISOLATIONS = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE', 'READ UNCOMMITTED']
const MODES = [
  ...['ANSI_QUOTES', 'PIPES_AS_CONCAT', 'NO_BACKSLASH_ESCAPES', 'STRICT_TRANS_TABLES'],
  ...['STRICT_ALL_TABLES', 'NO_ZERO_DATE', 'NO_ZERO_IN_DATE', 'ALLOW_INVALID_DATES'],
  ...['ERROR_FOR_DIVISION_BY_ZERO', 'NO_ENGINE_SUBSTITUTION', 'NO_UNSIGNED_SUBTRACTION'],
  ...['HIGH_NOT_PRECEDENCE', 'IGNORE_SPACE', 'REAL_AS_FLOAT', 'NO_AUTO_VALUE_ON_ZERO'],
  ...['PAD_CHAR_TO_FULL_LENGTH', 'ONLY_FULL_GROUP_BY'],
]
const MODES_OF_MARIADB = [
  ...['EMPTY_STRING_IS_NULL', 'SIMULTANEOUS_ASSIGNMENT', 'TIME_ROUND_FRACTIONAL'],
  ...['ORACLE', 'MSSQL', 'NO_FIELD_OPTIONS'],
]
