import { type Connection, createConnection } from 'mysql2/promise'

/**
 * A client of its own, as any program is: without the settings that ecomdb gives its sessions, so
 * that those of the server hold. Several statements may be given at once.
 */
export class BareSession {
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  static async open(socketPath: string, user = 'root', password = ''): Promise<BareSession> {
    const connection = await createConnection({
      ...{ socketPath, user, password, charset: 'utf8mb4', multipleStatements: true },
      ...{ dateStrings: true, supportBigNumbers: true, bigNumberStrings: true },
    })
    // A server that goes away is told by the next statement.
    connection.on('error', () => {})
    return new BareSession(connection)
  }

  /** @param timeout in ms; behind it the connection is of no more use, and the statement may still run */
  async run(sql: string, timeout?: number): Promise<void> {
    await this.#connection.query(timeout === undefined ? { sql } : { sql, timeout })
  }

  /** By the protocol for prepared statements. */
  async execute(sql: string): Promise<void> {
    await this.#connection.execute(sql)
  }

  /** Every value as text; null stays. */
  async rows(sql: string): Promise<Record<string, string | null>[]> {
    const [rows] = await this.#connection.query(sql)
    if (!Array.isArray(rows)) return []
    return rows.map(row =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, textOf(value)])),
    )
  }

  async value(sql: string): Promise<string | null> {
    const [row] = await this.rows(sql)
    return row ? (Object.values(row)[0] ?? null) : null
  }

  async close(): Promise<void> {
    await this.#connection.end().catch(() => this.#connection.destroy())
  }
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
