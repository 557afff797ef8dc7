import type { EngineFamily } from '#domain/engine-family'
import type { Random } from '#domain/sample/random'

/** How a server is started, and the global variables that it has then. */
export interface Settings {
  options: readonly string[]
  /** "time_zone='+03:00'": set one by one; one that a version does not know is passed over. */
  globals: readonly string[]
}

/** Of probes: every group is tried under the same odd settings, and restored under others. */
export const PROBE_SETTINGS: Readonly<
  Record<EngineFamily, { source: Settings; target: Settings }>
> = {
  mariadb: {
    source: {
      options: ['--binlog-format=MIXED', '--secure-file-priv='],
      globals: [
        ...['default_tmp_storage_engine=MyISAM', "innodb_default_row_format='compact'"],
        ...['aria_page_checksum=OFF', 'innodb_compression_default=ON'],
        ...['innodb_compression_level=3', 'max_sp_recursion_depth=10', 'max_sort_length=8'],
        ...["time_zone='+03:00'", 'max_error_count=0', 'max_heap_table_size=100000000'],
        ...["lc_messages='de_DE'", 'log_bin_trust_function_creators=1'],
        ...[`ft_boolean_syntax=' +-><()~*:""&|'`, "sql_mode=''", 'innodb_strict_mode=OFF'],
        ...["old_mode=''"],
      ],
    },
    target: {
      options: [],
      globals: [
        ...['updatable_views_with_limit=NO', "time_zone='-08:00'", 'max_heap_table_size=16384'],
        ...['sql_quote_show_create=0'],
      ],
    },
  },
  mysql: {
    source: {
      options: ['--binlog-format=MIXED', '--secure-file-priv='],
      globals: [
        ...['default_tmp_storage_engine=MyISAM', "innodb_default_row_format='compact'"],
        ...['windowing_use_high_precision=OFF', 'max_sp_recursion_depth=10', 'max_sort_length=8'],
        ...["time_zone='+03:00'", 'max_error_count=0', 'max_heap_table_size=100000000'],
        ...['log_bin_trust_function_creators=1', "block_encryption_mode='aes-256-cbc'"],
        ...[`ft_boolean_syntax=' +-><()~*:""&|'`, 'partial_revokes=ON'],
        ...['max_points_in_geometry=1000000', 'sql_generate_invisible_primary_key=ON'],
        ...['binlog_row_value_options=PARTIAL_JSON', 'binlog_transaction_compression=ON'],
        ...['default_collation_for_utf8mb4=utf8mb4_general_ci', 'activate_all_roles_on_login=ON'],
        ...["sql_mode=''", 'innodb_strict_mode=OFF', 'xa_detach_on_prepare=ON'],
      ],
    },
    target: {
      options: [],
      globals: [
        ...['updatable_views_with_limit=NO', "time_zone='-08:00'", 'max_heap_table_size=16384'],
        ...['max_points_in_geometry=3', 'sql_require_primary_key=ON'],
        ...['default_table_encryption=OFF', 'table_encryption_privilege_check=ON'],
        ...['regexp_time_limit=1', 'sql_quote_show_create=0', 'xa_detach_on_prepare=OFF'],
        ...['parser_max_mem_size=10000000'],
      ],
    },
  },
}

type Drawn = readonly [share: number, ...values: string[]]

/** Of a round: drawn anew for the source and for each target. */
export function drawSettings(
  family: EngineFamily,
  random: Random,
  role: 'source' | 'target',
): Settings {
  const formats = role === 'source' ? ['ROW', 'MIXED', 'MIXED'] : ['ROW', 'MIXED']
  const options = [
    `--binlog-format=${random.pick(formats)}`,
    '--log-bin-trust-function-creators=1',
    ...(role === 'source' ? ['--secure-file-priv='] : []),
  ]
  if (family === 'mysql' && random.chance(0.3)) options.push(...WITHOUT_GTIDS)
  const all = [...SHARED, ...(family === 'mysql' ? OF_MYSQL : OF_MARIADB)]
  const globals = all
    .flatMap(([share, ...values]) => (random.chance(share) ? [random.pick(values)] : []))
    .filter(text => role === 'source' || !OF_SOURCE.test(text))
  return { options, globals }
}

export const WITHOUT_GTIDS = ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF']

/** A target so small has not the room for the source's tables, or for their keys: it is refused. */
const OF_SOURCE = /^(?:max_heap_table_size|innodb_default_row_format)/

// Without, as known: --sysdate-is-now, alter_algorithm=COPY, unique_checks=0 on MariaDB;
// old_passwords, which locks root out; what only says how a table is stored or shown
// (mysql56_temporal_format, innodb_compression_default, sql_quote_show_create).
const SHARED: readonly Drawn[] = [
  [0.6, "sql_mode=''", "sql_mode='STRICT_ALL_TABLES'", "sql_mode='TRADITIONAL'"],
  [0.2, "sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'"],
  [0.6, "time_zone='+03:00'", "time_zone='-09:30'", "time_zone='SYSTEM'"],
  [0.4, 'div_precision_increment=9', 'div_precision_increment=0'],
  [0.4, 'group_concat_max_len=6', 'group_concat_max_len=100000'],
  [0.4, 'default_week_format=3', 'default_week_format=6'],
  [0.4, "lc_time_names='de_DE'", "lc_time_names='ru_RU'"],
  [0.4, 'collation_server=latin1_german1_ci', 'collation_server=utf8mb4_bin'],
  [0.1, 'character_set_server=cp1251'],
  [0.3, 'auto_increment_increment=3', 'auto_increment_offset=2'],
  [0.3, "default_storage_engine='MyISAM'"],
  [0.3, "default_tmp_storage_engine='MyISAM'", "default_tmp_storage_engine='InnoDB'"],
  [0.3, 'explicit_defaults_for_timestamp=0', 'explicit_defaults_for_timestamp=1'],
  [0.3, 'foreign_key_checks=0'],
  [0.2, 'completion_type=1'],
  [0.15, 'autocommit=0'],
  [0.3, 'sql_auto_is_null=1'],
  [0.3, "innodb_default_row_format='compact'", "innodb_default_row_format='redundant'"],
  [0.3, 'innodb_strict_mode=OFF', 'innodb_strict_mode=ON'],
  [0.3, 'max_sort_length=4', 'max_sort_length=64'],
  [0.2, 'max_heap_table_size=16384'],
  [0.2, 'max_error_count=0'],
  [0.2, 'updatable_views_with_limit=NO'],
  [0.2, 'max_sp_recursion_depth=5'],
  [0.3, "character_set_filesystem='latin1'"],
  [0.2, "lc_messages='fr_FR'"],
  [0.4, "binlog_row_image='MINIMAL'", "binlog_row_image='NOBLOB'"],
  [0.3, "binlog_row_metadata='FULL'"],
  [0.2, "binlog_checksum='NONE'", "binlog_checksum='CRC32'"],
  [0.2, 'event_scheduler=OFF'],
  [0.2, 'sql_notes=0'],
]

const OF_MYSQL: readonly Drawn[] = [
  [0.2, 'unique_checks=0'],
  [0.3, "transaction_isolation='READ-COMMITTED'"],
  [0.3, 'default_collation_for_utf8mb4=utf8mb4_general_ci'],
  [0.3, 'sql_generate_invisible_primary_key=ON'],
  [0.3, 'binlog_transaction_compression=ON'],
  [0.3, 'binlog_row_value_options=PARTIAL_JSON'],
  [0.3, 'windowing_use_high_precision=OFF'],
  [0.2, 'partial_revokes=ON'],
  [0.3, "block_encryption_mode='aes-256-cbc'"],
  [0.3, 'cte_max_recursion_depth=20'],
  [0.3, 'activate_all_roles_on_login=ON'],
  [0.2, 'xa_detach_on_prepare=OFF', 'xa_detach_on_prepare=ON'],
  [0.2, "internal_tmp_mem_storage_engine='MEMORY'"],
  [0.2, 'restrict_fk_on_non_standard_key=OFF'],
]

const OF_MARIADB: readonly Drawn[] = [
  [0.3, "tx_isolation='READ-COMMITTED'"],
  [0.3, "default_regex_flags='DOTALL'"],
  [0.3, 'max_recursive_iterations=20'],
  [0.4, "old_mode=''", "old_mode='NO_DUP_KEY_WARNINGS_WITH_IGNORE,ZERO_DATE_TIME_CAST'"],
  [0.3, "system_versioning_alter_history='KEEP'"],
  [0.3, 'check_constraint_checks=0'],
  [0.3, 'aria_page_checksum=OFF'],
  [0.2, 'sql_if_exists=1'],
  [0.2, 'log_bin_compress=ON'],
  [0.2, 'log_bin_compress_min_len=10'],
  [0.2, 'binlog_annotate_row_events=OFF'],
]
