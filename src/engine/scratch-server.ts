import type { EngineFamily } from '#domain/engine-family'
import type { ProgramCommand } from '#process/program'
import type { ConnectOptions } from './session.ts'

/**
 * A private server: its own data directory, socket and log, a free loopback port or none,
 * no root needed. Sandboxes, drills and tests run on it; the user's servers are never
 * touched.
 *
 * All calls on one folder wait for each other, across processes. A folder is known by its
 * real path, so links and relative paths to it mean the same server.
 */
export interface ScratchServers {
  /**
   * Starts the server of this folder, making its data directory first where there is none.
   * Idempotent: a server that runs already is returned as it is; one that crashed is
   * started again on its data. The server outlives its starter.
   *
   * @throws EcomdbError TOOL_MISSING; TOOL_FAILED (with the end of the server's log);
   *   STORAGE_FAILED (full disk, not writable); UNSUPPORTED (the folder holds something
   *   else, another engine's data, or data of a newer version); LOCKED
   */
  start(options: ScratchServerOptions): Promise<RunningServer>
  /**
   * Makes an empty folder a private server's without making data: whoever calls puts a data
   * directory into its `data/` before `start`.
   *
   * @returns the folder's real path
   * @throws EcomdbError UNSUPPORTED when it holds anything else
   */
  claim(folder: string): Promise<string>
  /**
   * Does what can be refused before anything is made: the program is here, and the folder's path is
   * not too long for it.
   *
   * @returns the program's version
   * @throws EcomdbError TOOL_MISSING, UNSUPPORTED
   */
  check(folder: string): Promise<string>
  /** The running server of this folder, or null. Waits for one that is starting. */
  status(folder: string): Promise<RunningServer | null>
  /** What is in this folder, without talking to the server; null when it is none of ours. */
  inspect(folder: string): Promise<ScratchFolder | null>
  /** Stops it in good order and waits until it is gone. Returns false when none was running. */
  stop(folder: string): Promise<boolean>
  /**
   * Ends the server at once and deletes the folder with all its data. Returns false when
   * there was no folder.
   *
   * @throws EcomdbError UNSUPPORTED when the folder was not made by `start`
   */
  remove(folder: string): Promise<boolean>
  /**
   * Was the server that this process has started there killed (SIGKILL), and not by us? The kernel does that
   * for want of memory; a server that fails on its data ends otherwise (SIGABRT, SIGSEGV, a status).
   */
  wasKilled(folder: string): Promise<boolean>
  /**
   * Has the server that this process has started there ended in good order? To be asked where a connection to it was
   * lost, and it was not we who stopped it. Waits for a server that is about to end.
   */
  wasStopped(folder: string): Promise<boolean>
  /** Tells the server this host's time zones, where it has files of them and the engine's program for it. */
  loadTimeZones(socketPath: string): Promise<void>
  /** The engine's own client, as root on this server. No password is in its arguments. */
  client(server: RunningServer): ProgramCommand
}

/** What a data directory is made with, and keeps for its life. */
export interface LastingSettings {
  /**
   * lower_case_table_names = 1: MySQL decides that when the data directory is made. Names in views and
   * triggers of a server that has it may be in other letters than the tables'.
   */
  lowerCaseNames?: boolean
  /** innodb_page_size in bytes, where it is not 16384: larger pages hold larger rows. */
  pageSize?: number
}

export interface ScratchServerOptions extends LastingSettings {
  /** Everything of the server lives here: data/, server.json, server.log, tmp/. */
  folder: string
  /** Listen on a free port of 127.0.0.1 as well as on the socket. */
  tcp: boolean
  /**
   * sandbox: as durable as a real server. drill: thrown away after use, so without fsync,
   * doublewrite and binary log; event scheduler off, no network.
   */
  purpose: 'sandbox' | 'drill'
  /** More server options, e.g. "--local-infile=OFF"; they come last and so win. */
  serverOptions?: readonly string[]
  /**
   * A copy that is looked at as it is: no upgrade program of ours is run on it, which would need
   * root without a password, and on MariaDB turn the grants on that were to be off.
   */
  asItIs?: boolean
  /**
   * Whom to ask as whether it is ready, on data whose root may have a password, or no root at
   * all. By default root without one.
   */
  administrator?: Pick<ConnectOptions, 'user' | 'password'>
}

export interface RunningServer {
  folder: string
  pid: number
  socketPath: string
  port: number | null
  version: string
  /** root over the socket, without a password, or who was given: the folder's mode 0700 is the guard. */
  administrator: ConnectOptions
}

export interface ScratchFolder {
  folder: string
  family: EngineFamily
  /** crashed: it ended without having been stopped. `start` brings it back on its data. */
  state: 'running' | 'stopped' | 'crashed'
  pid: number | null
  socketPath: string | null
  port: number | null
}
