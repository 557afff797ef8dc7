/** 2^64 - 1, in few letters: a server may take no statement of more than 1024 bytes. */
const MOST = '~0'

/**
 * What a server may give to every session (SET GLOBAL, an option file), and what then cuts our answers,
 * refuses our statements or loses our changes, most of it without a word: a logical backup of a
 * server with a global sql_select_limit of 3 saw no database, and ended with 0 (measured on both engines).
 * `init_connect` sets the names, too, of every account that is no administrator's ("SET NAMES utf8" was
 * common), and --skip-character-set-client-handshake of everybody: letters beyond the set came as question marks.
 * Each connection begins with these, as assignments of one SET, before it asks for anything.
 */
export const WITHOUT_LIMITS = [
  'character_set_client = utf8mb4',
  'character_set_results = utf8mb4',
  // As the driver's own handshake has it.
  'collation_connection = utf8mb4_general_ci',
  `sql_select_limit = ${MOST}`,
  'max_sort_length = 1024',
  `max_join_size = ${MOST}`,
  'sql_safe_updates = 0',
  'sql_auto_is_null = 0',
  'autocommit = 1',
  'completion_type = 0',
  'foreign_key_checks = 1',
  'unique_checks = 1',
  'div_precision_increment = 4',
  // Bytes. With the least, 32 KiB, a list of accounts in their order is more than the server sorts.
  'sort_buffer_size = CAST(GREATEST(@@sort_buffer_size, 2097152) AS UNSIGNED)',
  // The one prints what nobody said; the other, of the session that asks, as if it were a view's own.
  '/*!80011 show_create_table_verbosity = 0, transaction_read_only = 0, */ sql_buffer_result = 0',
  // A millisecond ends any SELECT on a busy machine.
  '/*!80011 max_execution_time = 0, */ sql_notes = 1',
  // Hidden ones (generated invisible primary keys) were in no backup, and nobody was told.
  '/*!80030 show_gipk_in_create_table_and_information_schema = 1, */ sql_big_selects = 1',
  // Seconds: the longest that all platforms take. A job may take longer than a server lets a quiet session be.
  'wait_timeout = 2147483',
  `/*M!100303 ${[
    // DEFAULT is no moment at all here, and not the global value.
    'system_versioning_asof = DEFAULT',
    'check_constraint_checks = 1',
    // An account without a password is printed without its plugin, and would get one that nobody can log in by.
    'old_passwords = 0',
    'max_statement_time = 0',
    // What a session may have in memory, and in temporary tables on the disk.
    `max_session_mem_used = ${MOST} >> 1`,
    `tmp_disk_table_size = ${MOST}`,
    'tx_read_only = 0',
    'idle_transaction_timeout = 0',
    'idle_readonly_transaction_timeout = 0',
    'idle_write_transaction_timeout = 0',
  ].join(', ')}, */ time_zone = '+00:00'`,
]
  .join(', ')
  .replaceAll(' = ', '=')
