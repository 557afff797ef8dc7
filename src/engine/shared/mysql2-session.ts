import { createConnection as createSocket, isIP, type Socket } from 'node:net'
import { type Connection, createConnection, type ResultSetHeader } from 'mysql2/promise'
import { Flavor } from '../flavor.ts'
import { translateServerError, translateStatementError } from '../server-error.ts'
import type { ConnectOptions, Session, SqlRow, SqlValue } from '../session.ts'
import { WITHOUT_LIMITS } from './without-limits.ts'

/** Opens a connection to either engine. The flavor is what the server says it is. */
export async function openSession(options: ConnectOptions): Promise<Session> {
  const connection = await connect(options)
  try {
    await connection.query(`SET ${WITHOUT_LIMITS}`)
    await connection.query(
      `SET sql_quote_show_create = 1, sql_mode = CONCAT_WS(',', 'STRICT_TRANS_TABLES', 'NO_ZERO_DATE', ` +
        "'NO_ZERO_IN_DATE', 'ERROR_FOR_DIVISION_BY_ZERO', 'NO_ENGINE_SUBSTITUTION')",
    )
    const [rows] = await connection.query<never>(
      'SELECT VERSION() AS version, CONNECTION_ID() AS id, @@sql_log_bin AS logs',
    )
    const [first] = rows as { version: string; id: number; logs: number }[]
    if (!first) throw new Error('VERSION() gave no row')
    const flavor = Flavor.parse(first.version)
    // By init_connect, so the account may: what is done here would be missing on every replica.
    if (Number(first.logs) === 0) await connection.query('SET sql_log_bin = 1')
    return new Mysql2Session(connection, flavor, options, Number(first.id))
  } catch (error) {
    connection.destroy()
    throw translateServerError(error, `cannot prepare the session at ${describe(options)}`)
  }
}

/** Driver settings that every connection of ecomdb has in common. */
export function driverOptions(options: ConnectOptions) {
  // On a socket there is no name to compare, and the file system says who may listen there.
  const tls = options.tlsCa
    ? { ca: options.tlsCa, verifyIdentity: options.socketPath === undefined }
    : options.tls
      ? { rejectUnauthorized: false }
      : undefined
  const host = options.host ?? '127.0.0.1'
  const port = options.port ?? 3306
  return {
    ...(options.socketPath ? { socketPath: options.socketPath } : { host, port }),
    ...(options.tlsCa && !options.socketPath && isIP(host)
      ? { stream: () => addressedStream(host, port) }
      : {}),
    user: options.user,
    ...(options.password ? { password: options.password.reveal() } : {}),
    ...(options.database ? { database: options.database } : {}),
    ...(tls ? { ssl: tls } : {}),
    connectTimeout: options.connectTimeoutMs ?? 10_000,
    charset: 'utf8mb4',
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: false,
    multipleStatements: false,
  }
}

/**
 * A connection to an address that TLS will know by it: for an address the driver names no host, and
 * Node then compares the certificate with what the socket says, or else with "localhost".
 */
function addressedStream(host: string, port: number): Socket {
  return Object.assign(createSocket({ host, port }), { _host: host })
}

async function connect(options: ConnectOptions): Promise<Connection> {
  try {
    return await createConnection(driverOptions(options))
  } catch (error) {
    throw translateServerError(error, `cannot connect to ${describe(options)}`)
  }
}

/** "'root' at /run/mysqld/mysqld.sock": for messages. */
export function describe(options: ConnectOptions): string {
  const place = options.socketPath ?? `${options.host ?? '127.0.0.1'}:${options.port ?? 3306}`
  return `'${options.user}' at ${place}`
}

class Mysql2Session implements Session {
  readonly flavor: Flavor
  readonly options: ConnectOptions
  readonly connectionId: number
  readonly #connection: Connection

  constructor(connection: Connection, flavor: Flavor, options: ConnectOptions, id: number) {
    this.#connection = connection
    this.flavor = flavor
    this.options = options
    this.connectionId = id
    // Without a listener a connection that dies while idle would end the process.
    connection.on('error', () => {})
  }

  async rows<Row extends SqlRow = SqlRow>(
    sql: string,
    values: readonly SqlValue[] = [],
  ): Promise<Row[]> {
    const result = await this.#query(sql, values)
    return (Array.isArray(result) ? result : []) as Row[]
  }

  async value(sql: string, values: readonly SqlValue[] = []): Promise<string | null> {
    const [row] = await this.rows(sql, values)
    const first = row ? Object.values(row)[0] : null
    return first === null || first === undefined ? null : String(first)
  }

  async run(
    sql: string,
    values: readonly SqlValue[] = [],
  ): Promise<{ affectedRows: number; warnings: number }> {
    const result = (await this.#query(sql, values)) as ResultSetHeader
    return { affectedRows: result.affectedRows ?? 0, warnings: result.warningStatus ?? 0 }
  }

  async close(): Promise<void> {
    await this.#connection.end().catch(() => this.#connection.destroy())
  }

  destroy(): void {
    this.#connection.destroy()
  }

  async #query(sql: string, values: readonly SqlValue[]): Promise<unknown> {
    try {
      const [result] = await this.#connection.query(sql, values.map(bindable))
      return result
    } catch (error) {
      throw translateStatementError(error, sql, `the server refused: ${headOf(sql)}`)
    }
  }
}

function bindable(value: SqlValue): unknown {
  return value instanceof Uint8Array && !Buffer.isBuffer(value) ? Buffer.from(value) : value
}

/** The start of a statement, for errors: its first line, without literals that may be secret. */
function headOf(sql: string): string {
  const line = sql.trim().split('\n', 1)[0] ?? ''
  const masked = line.replace(/'(?:[^'\\]|''|\\.)*'?/g, "'…'")
  return masked.length > 120 ? `${masked.slice(0, 120)}…` : masked
}
