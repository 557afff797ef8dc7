import type { EngineFamily } from '../engine-family.ts'

/** A point in a server's binary log. */
export interface Position {
  engine: EngineFamily
  /** Binary log file and offset in bytes; null where binary logging is off. */
  file: string | null
  offset: number | null
  /** MySQL: gtid_executed. MariaDB: gtid_binlog_pos. '' where there is none. */
  gtidSet: string
  /**
   * ISO 8601, whole seconds: when the server began that file, by the file's first event. Files of two logs
   * may have one name. null or, in older snapshots, missing: not known.
   */
  begunAt?: string | null
}

/** The same transactions, and no others; false where binary logging is off. */
export function samePosition(a: Position, b: Position): boolean {
  return (
    a.file !== null &&
    a.engine === b.engine &&
    a.file === b.file &&
    a.offset === b.offset &&
    a.gtidSet === b.gtidSet
  )
}
