import type { EngineFamily } from '#domain/engine-family'

interface DefinitionSetting {
  value: string
  /**
   * The first versions that have it, as version comments name them: where a script for the client sets it, too.
   * Without an engine its scripts have no need of it.
   */
  script: Partial<Record<EngineFamily, number>>
}

const ALL: Required<DefinitionSetting['script']> = { mysql: 80000, mariadb: 100000 }

/**
 * What only some servers have, or let only some accounts set. By a loader each is tried, and one that is refused is
 * left: what it would have hindered then fails by its own name.
 */
export const DEFINITION_SETTINGS: Readonly<Record<string, DefinitionSetting>> = {
  // Definitions are the source's own; nothing is to be added to them or refused.
  sql_generate_invisible_primary_key: { value: 'OFF', script: { mysql: 80030 } },
  sql_require_primary_key: { value: 'OFF', script: { mysql: 80013 } },
  restrict_fk_on_non_standard_key: { value: 'OFF', script: { mysql: 80400 } },
  innodb_strict_mode: { value: 'OFF', script: ALL },
  explicit_defaults_for_timestamp: { value: 'ON', script: { mysql: 80000, mariadb: 100804 } },
  check_constraint_checks: { value: 'OFF', script: { mariadb: 100201 } },
  // MariaDB: indexes are added as can be, in the tables' own engines. Scripts make tables with theirs.
  alter_algorithm: { value: "'DEFAULT'", script: {} },
  enforce_storage_engine: { value: 'NULL', script: { mariadb: 100101 } },
  // MariaDB: what else a table takes that does not say so, and prints then.
  innodb_compression_default: { value: 'OFF', script: { mariadb: 100101 } },
  innodb_default_encryption_key_id: { value: '1', script: { mariadb: 100101 } },
  // MariaDB's row history comes as rows, with its own times.
  system_versioning_insert_history: { value: 'ON', script: { mariadb: 101100 } },
  system_versioning_alter_history: { value: "'KEEP'", script: { mariadb: 100304 } },
  // A MEMORY table keeps the limit of the session that made it, in bytes.
  max_heap_table_size: { value: '17179869184', script: ALL },
  // MySQL sorts an index in a buffer of this size, in bytes, for all its threads together: only speed.
  innodb_ddl_buffer_size: { value: '67108864', script: {} },
  // MariaDB brings no sequence to its value where it logs statements only.
  binlog_format: {
    value: "IF(@@binlog_format = 'STATEMENT', 'MIXED', @@binlog_format)",
    script: { mariadb: 100300 },
  },
}

/** As statements for the client, which stops at the first one that is refused. */
export function scriptSettings(family: EngineFamily): string[] {
  return Object.entries(DEFINITION_SETTINGS).flatMap(([name, { value, script }]) => {
    const since = script[family]
    const mark = family === 'mysql' ? '!' : 'M!'
    return since === undefined ? [] : [`/*${mark}${since} SET SESSION ${name} = ${value} */`]
  })
}
