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
  /** Of a replica, how far it had come with each of its sources; missing elsewhere, and in the envelope. */
  sources?: readonly SourcePosition[]
}

/**
 * The place in a source's binary log up to which a replica had executed. Where several threads of it apply,
 * MariaDB's may be an earlier one, and the GTIDs say it exactly.
 */
export interface SourcePosition {
  /** MySQL's channel, MariaDB's connection name; '' for the one without a name. */
  channel: string
  host: string
  port: number
  /** null where the replica goes by GTIDs only. */
  file: string | null
  offset: number | null
  /** What it had executed: MySQL gtid_executed, its own among them; MariaDB gtid_slave_pos. '' without. */
  gtidSet: string
}

/** As the envelope has it, which anybody can read: the names of hosts are nobody's business. */
export function withoutSources({ sources: _, ...position }: Position): Position {
  return position
}

/** The same transactions, and no others; false where binary logging is off. */
export function samePosition(a: Position, b: Position): boolean {
  return (
    a.file !== null &&
    a.engine === b.engine &&
    a.file === b.file &&
    a.offset === b.offset &&
    a.gtidSet === b.gtidSet &&
    // A log that was reset begins with the same names and places.
    (!a.begunAt || !b.begunAt || a.begunAt === b.begunAt)
  )
}

/** Where it is not known: no log, or no right to see it. */
export function noPosition(engine: EngineFamily): Position {
  return { engine, file: null, offset: null, gtidSet: '' }
}
