import { quoteString } from '../../quote.ts'
import { WITHOUT_LIMITS } from '../without-limits.ts'

/** What statements of a log read, and no event of it says: the source's own values are taken. */
const SOURCES_OWN = [
  'cte_max_recursion_depth',
  'default_regex_flags',
  'default_storage_engine',
  'default_week_format',
  'div_precision_increment',
  'enforce_storage_engine',
  'group_concat_max_len',
  'max_recursive_iterations',
  'old_mode',
]

/** Of the source; with its version, which says what some of them mean. */
export const REPLAYED_SETTINGS = [...SOURCES_OWN, 'version']

/**
 * Definitions were taken by the source once, whatever its session had set: nothing is to be refused here, or
 * added by a server's own settings. No event tells these.
 */
const AS_DEFINED = [
  '/*!80030 sql_generate_invisible_primary_key = 0, */ /*!80400 restrict_fk_on_non_standard_key = 0, */',
  "/*M!100304 alter_algorithm = 'DEFAULT', enforce_storage_engine = NULL, innodb_compression_default = 0,",
  "innodb_default_encryption_key_id = 1, system_versioning_alter_history = 'KEEP', */ innodb_strict_mode = 0",
].join(' ')

/**
 * What a replaying session begins with: nothing of what its server gives to every session, but the time
 * zone, which the log has where a statement reads it; and of the source what the log has not.
 *
 * @param source global variables of the source, as far as the snapshot has them
 */
export function replaySettings(source: Readonly<Record<string, string>>): string {
  const own = SOURCES_OWN.flatMap(name => {
    const value = source[name]
    if (value === undefined || !isMeant(name, value, source['version'] ?? '')) return []
    return [`${name} = ${/^\d+$/.test(value) ? value : quoteString(value)}`]
  })
  return `SET ${[WITHOUT_LIMITS, AS_DEFINED, 'time_zone = @@GLOBAL.time_zone', ...own].join(', ')}`
}

/** No engine is enforced by the empty name; that utf8 has three bytes was no mode before MariaDB 10.6. */
function isMeant(name: string, value: string, version: string): boolean {
  if (name === 'enforce_storage_engine') return value !== ''
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return name !== 'old_mode' || Number(major) > 10 || (Number(major) === 10 && Number(minor) >= 6)
}
