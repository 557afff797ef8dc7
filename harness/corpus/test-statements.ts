/**
 * The SQL of a file of the servers' own test suite (mysqltest): statements that define and fill, in order, without
 * the test's own commands, what it takes from variables, and what concerns more than the session's database.
 */
export function statementsOf(text: string): string[] {
  const found: string[] = []
  let delimiter = ';'
  let begun = ''
  for (const line of text.split('\n')) {
    if (begun === '') {
      const next = newDelimiter(line, delimiter)
      if (next !== null) delimiter = next
      if (next !== null || /^\s*(?:#|--|$)/.test(line)) continue
    }
    begun += `${begun && '\n'}${line}`
    const whole = begun.trimEnd()
    if (!whole.endsWith(delimiter)) continue
    found.push(whole.slice(0, -delimiter.length).trim())
    begun = ''
  }
  return found.filter(isFed)
}

/** "delimiter |;", "--delimiter ;", "delimiter ;|". */
function newDelimiter(line: string, old: string): string | null {
  const [, word] = /^\s*(?:--\s*)?delimiter\s+(\S+)\s*$/i.exec(line) ?? []
  if (word === undefined) return null
  return word.length > old.length && word.endsWith(old) ? word.slice(0, -old.length) : word
}

function isFed(sql: string): boolean {
  return SQL.test(sql) && !sql.includes('$') && !OF_MORE.test(sql) && !LEFT.test(sql)
}

const SQL =
  /^(?:create|alter|insert|replace|update|set|rename|call|delete|analyze|start|begin|commit|drop|truncate|with|execute|prepare|deallocate|rollback|savepoint)\b/i

/** Of the whole server, of other servers and files, of accounts, or of what is only read. */
const OF_MORE = new RegExp(
  [
    /\b(?:global|sleep|kill|shutdown|benchmark|get_lock|sql_log_bin|password|install|uninstall|debug\w*)\b/,
    /\b(?:outfile|dumpfile|load_file|load data|(?:data|index) directory|tablespace|read.?only|import|discard)\b/,
    /\b(?:server_id|gtid\w*|pseudo_\w+|autocommit|storage_engine|max_session_\w+|transaction_read_only)\b/,
    /\b(?:foreign_key_checks|unique_checks|check_constraint_checks|system_versioning_\w+|secure_timestamp)\b/,
    /\bengine\s*=?\s*(?:connect|spider|federated\w*|blackhole|oqgraph|rocksdb|mroonga|s3|memory|heap)\b/,
    /\b(?:mysql|performance_schema|sys)\s*\.\s*\w+|\bencrypt(?:ed|ion)\w*\s*=|recursive|\bseq_\d/,
    /^(?:create|drop|alter)\s+(?:or\s+replace\s+)?(?:database|schema|user|role|server|undo|logfile|event)\b/,
    /^set\s+(?:default\s+)?role\b/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'i',
)

/** What is known and left: history by transaction numbers, what no definition makes again, keys that are switched off. */
const LEFT =
  /row_start\s+bigint|without\s+system\s+versioning|auto_increment\s+null\b|disable\s+keys/i
