import type { EngineFamily } from '../engine-family.ts'

/** A point in a server's binary log. */
export interface Position {
  engine: EngineFamily
  /** Binary log file and offset in bytes; null where binary logging is off. */
  file: string | null
  offset: number | null
  /** MySQL: gtid_executed. MariaDB: gtid_binlog_pos. '' where there is none. */
  gtidSet: string
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
