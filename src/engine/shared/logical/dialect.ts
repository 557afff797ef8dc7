import type { AccountEntry, ProgramEntry } from '#domain/backup/manifest'
import type { Position } from '#domain/backup/position'
import type { EngineFamily } from '#domain/engine-family'
import type { Session } from '../../session.ts'
import type { LockMethod } from './lock-methods.ts'

/** What differs between the engines in reading a server logically. */
export interface LogicalDialect {
  readonly family: EngineFamily
  /** Databases that belong to the server itself. */
  readonly systemDatabases: readonly string[]
  /** Global variables that a restore should compare. */
  readonly settings: readonly string[]
  /** Best first; a method whose privileges are missing gives way to the next. */
  readonly lockMethods: readonly LockMethod[]
  /** SHOW CREATE … of these, by their ROUTINE_TYPE, in the order in which they can be made. */
  readonly routineTypes: readonly string[]
  /** For every connection that reads rows, besides what both engines share. */
  readonly readerSettings: readonly string[]
  /** The same for every backup of this server. */
  sourceId(session: Session): Promise<string>
  /** @returns null when the account may not see it */
  position(session: Session): Promise<Position | null>
  accounts(session: Session): Promise<AccountEntry[]>
  sequences(session: Session, schema: string): Promise<ProgramEntry[]>
  /**
   * Keeps DDL out until the session ends, where the server can.
   * @returns what it did, in words; null when it cannot
   */
  fenceDefinitions(session: Session): Promise<string | null>
}
