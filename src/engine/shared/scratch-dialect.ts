import type { EngineFamily } from '#domain/engine-family'
import type { ProgramCommand } from '#process/program'
import type { ScratchServerOptions } from '../scratch-server.ts'

/** What differs between the engines in making, starting and upgrading a private server. */
export interface ScratchDialect {
  readonly family: EngineFamily
  /** Makes the system tables in an empty folder, under these options, with a root that has no password. */
  initialize(dataFolder: string, options: readonly string[]): Promise<void>
  /** Files of a fresh data directory that each server must make for itself: ids and keys. */
  readonly ownFiles: readonly string[]
  /**
   * The version that last wrote this data directory, as the server's own files tell, e.g.
   * "9.7.4" ("0" when they do not tell); null when it is none of this engine's.
   */
  dataVersion(dataFolder: string): Promise<string | null>
  /** Brings the system tables of a running server up; null where the server does it itself. */
  readonly upgrade: ((socketPath: string) => Promise<void>) | null
  server(): ProgramCommand
  /** Prints time zones of this host as statements. */
  zonePrinter(): ProgramCommand
  client(socketPath: string): ProgramCommand
  /** Options besides data directory, socket, port and log. */
  options(purpose: ScratchServerOptions['purpose']): readonly string[]
}
