/** What a server says of how it writes its binary log. */
export interface LogSettings {
  /** SHOW BINARY LOG STATUS: databases that alone are in it, or are left out; ''. */
  only: string
  without: string
  /** binlog_format */
  format: string
  /** A replica whose log does not get what its source sends: log_slave_updates, log_replica_updates. */
  unlogged: boolean
}

/**
 * Why a replay of this log would not bring back what the server has; null when it would. Nothing
 * in the log itself tells: what is left out is just not there, and a statement that gives
 * another result each time is there as text.
 */
export function whyNotWhole({ only, without, format, unlogged }: LogSettings): string | null {
  if (only) return `it holds ${only} only (binlog_do_db)`
  if (without) return `it leaves out ${without} (binlog_ignore_db)`
  if (unlogged) {
    return 'it is a replica, and what it gets from its source is not in its own log: log_slave_updates (MySQL: log_replica_updates) is OFF'
  }
  if (format.toUpperCase() !== 'STATEMENT') return null
  return 'binlog_format is STATEMENT: NOW(6), UUID(), LIMIT without an order and the like give other rows when they are run again'
}
