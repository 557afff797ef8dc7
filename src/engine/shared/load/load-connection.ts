import { Readable } from 'node:stream'
import { type Connection, createConnection, type ResultSetHeader } from 'mysql2/promise'
import { translateServerError } from '../../server-error.ts'
import type { ConnectOptions } from '../../session.ts'
import { describe, driverOptions } from '../mysql2-session.ts'
import { WITHOUT_LIMITS } from '../without-limits.ts'

/** A value as the server prints it, or null. */
export type PrintedRow = (string | null)[]

/** A packet holds less than 16 MiB; a LOCAL INFILE piece is one packet. */
const INFILE_PACKET_BYTES = 4 * 1024 * 1024

/**
 * The loader's connection. One LOAD DATA LOCAL runs at a time in this process, and with one
 * batch that is in memory anyway, so two limits of mysql2 do no harm: it has no backpressure
 * (node-mysql2 #1134), and the packet that ends a transfer is shared by all connections.
 */
export class LoadConnection {
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
    // Without a listener a connection that dies while idle would end the process.
    connection.on('error', () => {})
  }

  static async open(options: ConnectOptions): Promise<LoadConnection> {
    const connection = await createConnection(driverOptions(options)).catch(error => {
      throw translateServerError(error, `cannot connect to ${describe(options)}`)
    })
    const opened = new LoadConnection(connection)
    // An id of 0 stays 0; text that does not fit is an error, never cut.
    await opened.run(
      `SET ${WITHOUT_LIMITS}, sql_mode = CONCAT_WS(',', 'STRICT_ALL_TABLES', 'NO_ZERO_DATE', ` +
        "'NO_ZERO_IN_DATE', 'NO_AUTO_VALUE_ON_ZERO', 'NO_ENGINE_SUBSTITUTION')",
    )
    return opened
  }

  /** @throws the driver's error, for the caller to tell a bad row from a lost server */
  async run(sql: string): Promise<{ affectedRows: number; warnings: number }> {
    const [header] = await this.#connection.query<ResultSetHeader>(sql)
    return { affectedRows: header.affectedRows, warnings: header.warningStatus }
  }

  async rows(sql: string): Promise<PrintedRow[]> {
    const [rows] = await this.#connection.query({ sql, rowsAsArray: true })
    return (rows as unknown[][]).map(row =>
      row.map(value => (value === null ? null : String(value))),
    )
  }

  /** LOAD DATA LOCAL of these bytes. */
  async sendFile(
    sql: string,
    pieces: readonly Buffer[],
  ): Promise<{ affectedRows: number; warnings: number }> {
    const [header] = await this.#connection.query<ResultSetHeader>({
      sql,
      infileStreamFactory: () => Readable.from(packets(pieces)),
    })
    return { affectedRows: header.affectedRows, warnings: header.warningStatus }
  }

  async close(): Promise<void> {
    await this.#connection.end().catch(() => this.#connection.destroy())
  }

  destroy(): void {
    this.#connection.destroy()
  }
}

function* packets(pieces: readonly Buffer[]): Generator<Buffer> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += INFILE_PACKET_BYTES) {
      yield piece.subarray(at, at + INFILE_PACKET_BYTES)
    }
  }
}
