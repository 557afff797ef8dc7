import type { AccountEntry, ProgramEntry, SpatialReferenceEntry } from '#domain/backup/manifest'
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
  /** Best first; one that the account may not use, or not now, gives way to the next. */
  readonly lockMethods: readonly LockMethod[]
  /** SHOW CREATE … of these, by their ROUTINE_TYPE, in the order in which they can be made. */
  readonly routineTypes: readonly string[]
  /** For the session that reads definitions. */
  readonly catalogSettings: readonly string[]
  /** For every connection that reads rows, besides what both engines share. */
  readonly readerSettings: readonly string[]
  /**
   * A statement without which ROLLBACK TO SAVEPOINT keeps metadata locks; it wants a
   * privilege that the account may lack.
   */
  readonly freesMetadataLocks: string | null
  /** The same for every backup of this server. */
  sourceId(session: Session): Promise<string>
  /** @returns null when the account may not see it */
  position(session: Session): Promise<Position | null>
  accounts(session: Session): Promise<AccountEntry[]>
  /** Of the server, without those that every server has. */
  spatialReferences(session: Session): Promise<SpatialReferenceEntry[]>
  sequences(session: Session, schema: string): Promise<ProgramEntry[]>
  readonly definitionFence: DefinitionFence
}

/** Keeps DDL out, where the server can. */
export interface DefinitionFence {
  /**
   * Until it is lowered, or the session ends. UNLOCK TABLES after LOCK TABLES lowers it as
   * well (MySQL 9.7, measured), so its session takes no table locks.
   *
   * @returns what it did, in words; null when the server or the account cannot
   */
  raise(session: Session): Promise<string | null>
  lower(session: Session): Promise<void>
}
