import type { ConnectOptions } from './session.ts'

/**
 * A private server: its own data directory, socket and log, a free loopback port or none,
 * no root needed. Sandboxes, drills and tests run on it; the user's servers are never
 * touched.
 */
export interface ScratchServers {
  /**
   * Starts the server of this folder, making its data directory first where there is none.
   * Idempotent: a server that runs already is returned as it is; one that crashed is
   * started again on its data.
   *
   * @throws EcomdbError TOOL_MISSING, TOOL_FAILED (with the end of the server's log), LOCKED
   */
  start(options: ScratchServerOptions): Promise<RunningServer>
  /** The running server of this folder, or null. */
  status(folder: string): Promise<RunningServer | null>
  /** Stops it and waits until it is gone. Returns false when none was running. */
  stop(folder: string): Promise<boolean>
}

export interface ScratchServerOptions {
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
}

export interface RunningServer {
  folder: string
  pid: number
  socketPath: string
  port: number | null
  version: string
  /** root over the socket, without a password: the folder's mode 0700 is the guard. */
  administrator: ConnectOptions
}
