import { EcomdbError } from '#core/errors'
import { SYNC_SETTINGS } from '#domain/binlog/crashes'
import { SEARCH_SETTINGS, SYSDATE_IS_NOW } from '#domain/binlog/unlogged'
import { quoteString } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { DEFAULT_COLLATION } from '../bulk-load/source-settings.ts'
import { COMPUTING_SETTINGS } from '../computing-settings.ts'
import { readSettings } from '../server-settings.ts'
import { WITHOUT_LIMITS } from '../without-limits.ts'
import type { ServerChanges } from './server-changes.ts'

/** What statements of a log read, and no event of it says: the source's own values are taken. */
const SOURCES_OWN = [
  'alter_algorithm',
  'block_encryption_mode',
  'cte_max_recursion_depth',
  'default_regex_flags',
  'default_storage_engine',
  'default_tmp_storage_engine',
  'default_week_format',
  'div_precision_increment',
  'enforce_storage_engine',
  'group_concat_max_len',
  'innodb_compression_default',
  'innodb_default_encryption_key_id',
  'innodb_ft_enable_stopword',
  // What a trigger that handles an error notes of it.
  'lc_messages',
  'max_error_count',
  // Bytes; a MEMORY table keeps that of the session that made it.
  'max_heap_table_size',
  'max_points_in_geometry',
  'max_recursive_iterations',
  'max_sort_length',
  'max_sp_recursion_depth',
  'old_alter_table',
  'old_mode',
  'old_passwords',
  'windowing_use_high_precision',
]

/** The same, of those that no session has for itself: the server has them while it replays. */
const SOURCES_GLOBALS = [
  'aria_page_checksum',
  'ft_boolean_syntax',
  'innodb_default_row_format',
  'mysql56_temporal_format',
  'partial_revokes',
  'regexp_stack_limit',
  'regexp_time_limit',
]

/** Of those that a server has from its start, or that its indexes were built with. */
export const COMPARED_SETTINGS = [SYSDATE_IS_NOW, ...SEARCH_SETTINGS]

/** Of the source; with its version, which says what some of them mean. */
export const REPLAYED_SETTINGS = [
  ...SOURCES_OWN,
  ...SOURCES_GLOBALS,
  ...COMPARED_SETTINGS,
  ...SYNC_SETTINGS,
  ...COMPUTING_SETTINGS,
  DEFAULT_COLLATION.mariadb.name,
  'max_allowed_packet',
  'time_zone',
  'version',
]

/**
 * Definitions were taken by the source once, whatever its session had set: nothing is to be refused here, or
 * added by a server's own settings. No event tells these.
 */
const AS_DEFINED = [
  '/*!80030 sql_generate_invisible_primary_key = 0, */ /*!80400 restrict_fk_on_non_standard_key = 0, */ /*!80011 old_alter_table = 0, */',
  "/*M!100304 alter_algorithm = 'DEFAULT', default_tmp_storage_engine = NULL, enforce_storage_engine = NULL, innodb_compression_default = 0,",
  "innodb_default_encryption_key_id = 1, system_versioning_alter_history = 'KEEP', */ innodb_strict_mode = 0, updatable_views_with_limit = 1",
].join(' ')

/**
 * What a replaying session begins with: nothing of what its server gives to every session, and of the source what the log
 * has not: also the time zone, which the log has where a statement reads it. Keys over a TIMESTAMP's date are
 * kept by rows, and those that the snapshot brought were made in it.
 *
 * @param source global variables of the source, as far as the snapshot has them
 * @param keys see ReplayOptions.zone
 */
export function replaySettings(
  source: Readonly<Record<string, string>>,
  keys: string | null,
): string {
  const own = SOURCES_OWN.flatMap(name => {
    const value = source[name]
    if (value === undefined || !isMeant(name, value, source['version'] ?? '')) return []
    return [`${name} = ${literalOf(value)}`]
  })
  const zone = `${collationsOf(source)} time_zone = ${zoneExpression(keys)}`
  return `SET ${[WITHOUT_LIMITS, AS_DEFINED, zone, ...own].join(', ')}`
}

/** Of a name that this server does not know, as of a source that did not say: its own. */
export function zoneExpression(zone: string | null): string {
  if (zone === null) return '@@GLOBAL.time_zone'
  if (zone === 'SYSTEM' || /^[+-]/.test(zone)) return quoteString(zone)
  const name = quoteString(zone)
  return `IF(CONVERT_TZ('2000-01-01', ${name}, '+00:00') IS NULL, @@GLOBAL.time_zone, ${name})`
}

/**
 * Which collation a table has that names only its character set: 11.5 and later begin with another one than servers had
 * before. The log of a server that has the setting says it where a session has it otherwise; that of an older one never.
 * MySQL's log says it with each statement.
 */
function collationsOf(source: Readonly<Record<string, string>>): string {
  const { name, none } = DEFAULT_COLLATION.mariadb
  return `/*M!110200 ${name} = ${quoteString(source[name] ?? none)}, */`
}

const literalOf = (value: string): string => (/^\d+$/.test(value) ? value : quoteString(value))

/**
 * Sets global variables as the source has them, where they are otherwise here.
 *
 * @param source its global variables, as far as the snapshot has them
 * @param changes of the server, to which they are added
 */
export async function takeGlobals(
  session: Session,
  source: Readonly<Record<string, string>>,
  changes: ServerChanges,
): Promise<void> {
  const here = await readSettings(session, SOURCES_GLOBALS)
  for (const [name, was] of Object.entries(here)) {
    const value = source[name] ?? was
    if (value === was) continue
    await session.run(`SET GLOBAL ${name} = ${literalOf(value)}`)
    changes.note(by =>
      by.run(`SET GLOBAL ${name} = ${literalOf(was)}`).catch(error => {
        if (!hasRestrictions(name, error)) throw error
        return PARTIAL_REVOKES
      }),
    )
  }
}

/** MySQL lets it not be switched off while an account has a privilege without a part of it. */
const hasRestrictions = (name: string, error: unknown): boolean =>
  name === 'partial_revokes' && error instanceof EcomdbError && error.code === 'SERVER_REFUSED'

const PARTIAL_REVOKES =
  'partial_revokes stays ON here, which was OFF: accounts of the log have a privilege without a part of it (REVOKE), and databases in grants are names now and no patterns ("_", "%"), also in those of accounts that were here before; once no account has such a restriction: SET PERSIST partial_revokes = OFF'

/**
 * The empty name is none; that utf8 has three bytes was no mode before MariaDB 10.6. A table that is altered as a
 * copy has all rows stored anew, as sql_mode is then (zeros in dates); by what else a server was told, they come out
 * alike, and no statement is to be refused for it. MariaDB has both names of it, and does not heed it since 11.5.
 */
function isMeant(name: string, value: string, version: string): boolean {
  if (name.endsWith('_storage_engine')) return value !== ''
  if (name === 'old_alter_table') return value === 'ON'
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? []
  const release = Number(major) * 100 + Number(minor)
  if (name === 'alter_algorithm') return value === 'COPY' && !(release >= 1105)
  return name !== 'old_mode' || release >= 1006
}
