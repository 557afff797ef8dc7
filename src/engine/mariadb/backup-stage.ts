import type { ConnectOptions } from '../session.ts'
import { openSession } from '../shared/mysql2-session.ts'

/** Writers to tables without transactions wait from the first of these lines to the second. */
const CLOSES = 'Started BACKUP STAGE BLOCK_DDL'
const OPENS = 'Executing BACKUP STAGE END'

/**
 * How long mariadb-backup keeps writers to tables without transactions (Aria, MyISAM) waiting: by its own
 * words, from BACKUP STAGE BLOCK_DDL on, which waits itself for statements that write such a table, until its
 * end. In between it copies these tables, as fast as they are taken. It knows no limit for that, so we have one.
 */
export class HeldStage {
  /** Milliseconds until now, or as a whole; null before it begins. */
  #sinceMs: number | null = null
  heldMs: number | null = null
  /** The limit was reached, and the program was ended for it. */
  isOver = false
  #timer: NodeJS.Timeout | undefined
  readonly #limitSeconds: number
  readonly #end: () => void

  /** @param end lets the writers go on */
  constructor(limitSeconds: number, end: () => void) {
    this.#limitSeconds = limitSeconds
    this.#end = end
  }

  /** A line of the program. */
  read(line: string): void {
    if (this.#sinceMs === null && line.includes(CLOSES)) {
      this.#sinceMs = performance.now()
      this.#timer = setTimeout(() => {
        this.isOver = true
        this.#end()
      }, this.#limitSeconds * 1000)
      this.#timer.unref()
    }
    if (line.includes(OPENS)) this.stop()
  }

  /** Never throws. */
  stop(): void {
    clearTimeout(this.#timer)
    if (this.#sinceMs !== null) this.heldMs ??= Math.ceil(performance.now() - this.#sinceMs)
  }
}

/**
 * Ends the wait of a program of this account for a stage. A server does not notice that the program was
 * killed while it waits; and as long as it waits, so do all that come behind it. Never throws.
 */
export async function endWaitForStage(connect: ConnectOptions): Promise<void> {
  try {
    const session = await openSession({ ...connect, database: undefined })
    try {
      const rows = await session.rows(
        "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = SUBSTRING_INDEX(USER(), '@', 1) AND INFO LIKE 'BACKUP STAGE %'",
      )
      for (const { id } of rows) await session.run(`KILL CONNECTION ${Number(id)}`).catch(() => {})
    } finally {
      await session.close()
    }
  } catch {
    // Then the program's end has to do: where it does not wait, the server lets go at once.
  }
}
