import { EcomdbError } from '#core/errors'
import { packetFor, tablesWithLargeRows } from '#domain/backup/largest-rows'
import { largestLoad } from '#domain/backup/loads'
import type { Manifest, TableEntry } from '#domain/backup/manifest'
import { namedTables } from '#domain/backup/manifest-inside'
import { keywordsOf } from '#domain/schema/create-table'
import type { RestoreTarget } from '#engine/logical-writer'

type IsWanted = (schema: string) => boolean

/**
 * What global settings of the server would end a restore in its middle, or make tables otherwise.
 *
 * @param binlog is the restore written to the server's binary log?
 * @throws EcomdbError UNSUPPORTED
 */
export function refuseSettings(
  target: RestoreTarget,
  manifest: Manifest,
  isWanted: IsWanted,
  binlog: boolean,
): void {
  refuseSharedTablespace(target, manifest, isWanted)
  refuseLargeRows(target, manifest, isWanted)
  refuseShorterKeys(target, manifest, isWanted)
  refuseTablesHere(target, manifest, isWanted)
  if (binlog) refuseSmallLogCache(target, manifest, isWanted)
}

/** Told before anything is made, where the snapshot can tell: a statement of one row must fit into a packet. */
function refuseLargeRows(
  { localInfile, maxPacket }: RestoreTarget,
  manifest: Manifest,
  isWanted: (schema: string) => boolean,
): void {
  const large = localInfile ? [] : tablesWithLargeRows(manifest, isWanted, maxPacket)
  if (large.length === 0) return
  const most = large.reduce((found, { bytes }) => Math.max(found, bytes), 0)
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore into this server: rows are larger than what it takes in one statement',
    why: `local_infile is OFF and max_allowed_packet is ${maxPacket} here, and rows have ${most} bytes or more: ${large
      .slice(0, 5)
      .map(({ table: { schema, name } }) => `${schema}.${name}`)
      .join(', ')}`,
    hints: [
      'turn local_infile on there (SET GLOBAL), and off again after the restore',
      `or set max_allowed_packet to more than ${packetFor(most)}, which is what they need at least`,
      'nothing was changed',
    ],
  })
}

const NAMES_TABLESPACE = /\bTABLESPACE `/

/** Told before anything is made: what is defined otherwise would be found out at the end. */
function refuseSharedTablespace(
  target: RestoreTarget,
  { tables }: Manifest,
  isWanted: (schema: string) => boolean,
): void {
  if (!target.sharesTablespace) return
  const own = tables.filter(
    ({ schema, storageEngine, create }) =>
      isWanted(schema) && storageEngine === 'InnoDB' && !NAMES_TABLESPACE.test(create),
  )
  if (own.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore into this server: it would put tables into its system tablespace',
    why: `${own.length} had a file each on the source, and innodb_file_per_table is OFF here: ${own
      .slice(0, 5)
      .map(({ schema, name }) => `${schema}.${name}`)
      .join(', ')}`,
    hints: [
      'turn innodb_file_per_table on there (SET GLOBAL), and off again after the restore',
      'nothing was changed',
    ],
  })
}

/**
 * Told before anything is made: keys of more than 767 bytes would be refused when the rows are there, and the other
 * tables would have that format without a word. Manuals, "InnoDB Row Formats".
 */
function refuseShorterKeys(
  target: RestoreTarget,
  { tables, settings }: Manifest,
  isWanted: IsWanted,
): void {
  const [was, is] = [settings, target.settings].map(all =>
    all['innodb_default_row_format']?.toLowerCase(),
  )
  if (was !== 'dynamic' || is === undefined || is === was) return
  const own = tables.filter(
    ({ schema, storageEngine, create }) =>
      isWanted(schema) && storageEngine === 'InnoDB' && !NAMES_FORMAT.test(keywordsOf(create)),
  )
  if (own.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore into this server: its tables get another row format, with shorter keys',
    why: `innodb_default_row_format was ${was} on the source and is ${is} here, where a key has 767 bytes of a column at most; these name none: ${namedTables(own)}`,
    hints: [
      `set innodb_default_row_format to ${was} there (SET GLOBAL), and back again after the restore`,
      'nothing was changed',
    ],
  })
}

const NAMES_FORMAT = /\bROW_FORMAT=/

interface TableRefusal {
  setting: string
  /** Does this value of it, in lower case, refuse the table? */
  refuses: (value: string, table: TableEntry) => boolean
  hint: string
}

/** As measured on MySQL 9.7 and MariaDB 10.11; the first two refuse CREATE TABLE, the third rows with their times. */
const TABLE_REFUSALS: readonly TableRefusal[] = [
  {
    setting: 'disabled_storage_engines',
    refuses: (value, { storageEngine }) =>
      value.split(/ *, */).includes(storageEngine.toLowerCase()),
    hint: 'start it without these engines in disabled_storage_engines, and with them again after the restore',
  },
  {
    setting: 'innodb_force_primary_key',
    refuses: (value, { storageEngine, key, create }) =>
      value === 'on' && storageEngine === 'InnoDB' && key === null && !PRIMARY.test(create),
    hint: 'start it without innodb_force_primary_key, and with it again after the restore',
  },
  {
    setting: 'secure_timestamp',
    refuses: (value, { history, rows }) => value === 'yes' && history === true && rows > 0,
    hint: 'start it with secure_timestamp = SUPER: the times of row history come back as they were',
  },
  {
    setting: 'mysql56_temporal_format',
    refuses: (value, { create }) =>
      value === 'off' && / GENERATED ALWAYS AS ROW START\b/.test(keywordsOf(create)),
    hint: 'turn mysql56_temporal_format on there (SET GLOBAL), and off again after the restore',
  },
]

const PRIMARY = /^ +PRIMARY KEY /m

/** Told before anything is made, and for all tables at once: the server says it of one, on the way. */
function refuseTablesHere(
  { settings }: RestoreTarget,
  { tables }: Manifest,
  isWanted: IsWanted,
): void {
  for (const { setting, refuses, hint } of TABLE_REFUSALS) {
    const value = settings[setting]
    if (value === undefined) continue
    const refused = tables.filter(
      table => isWanted(table.schema) && refuses(value.toLowerCase(), table),
    )
    if (refused.length === 0) continue
    throw new EcomdbError('UNSUPPORTED', {
      what: 'cannot restore into this server: it refuses tables that the source had',
      why: `${setting} is ${value} here: ${namedTables(refused)}`,
      hints: [hint, 'nothing was changed'],
    })
  }
}

/** Told before anything is made: rows are loaded in large transactions, which the log takes whole. */
function refuseSmallLogCache(
  { binlogCache }: RestoreTarget,
  { tables }: Manifest,
  isWanted: IsWanted,
): void {
  const wanted = tables.filter(({ schema }) => isWanted(schema))
  for (const { name, most, takes } of caches(binlogCache)) {
    const large = wanted.filter(table => takes(table.storageEngine) && largestLoad(table) > most)
    if (large.length === 0) continue
    const needed = Math.max(...large.map(largestLoad))
    throw new EcomdbError('UNSUPPORTED', {
      what: 'cannot restore into this server: its binary log takes no transaction of that size',
      why: `${name} is ${most} here, and rows are loaded in transactions of up to ${needed} bytes: ${namedTables(large)}`,
      hints: [
        `set ${name} to ${needed} there (SET GLOBAL), and back again after the restore`,
        'or keep the restore out of its binary log with --no-binlog, where it has no replicas',
        'nothing was changed',
      ],
    })
  }
}

function caches({ transactions, statements }: RestoreTarget['binlogCache']) {
  const isInnodb = (engine: string): boolean => engine === 'InnoDB'
  return [
    { name: 'max_binlog_cache_size', most: transactions, takes: isInnodb },
    {
      ...{ name: 'max_binlog_stmt_cache_size', most: statements },
      takes: (engine: string): boolean => !isInnodb(engine),
    },
  ]
}
