import { EcomdbError, messageOf } from '#core/errors'
import { quoteQualified } from '../../quote.ts'
import type { ConnectOptions, Session } from '../../session.ts'
import { openSession } from '../mysql2-session.ts'
import { requireSameServer } from './same-server.ts'

/**
 * Tables without transactions have no snapshot: what they hold at the point, they hold as
 * long as nobody writes to them. So they stay read-locked, by a connection of its own, from
 * before the point until their rows are read; everyone may read them, and all other tables
 * are written to as ever.
 *
 * The order was measured. MariaDB 10.11: BACKUP STAGE BLOCK_DDL waits for a writer that
 * waits for such a lock, so the lock comes after that stage, when it is granted at once.
 * MySQL 9.7: a second LOCK TABLES READ waits behind a writer that waits, so the lock on all
 * other tables leaves these out.
 */
export class HeldTables {
  readonly #connect: ConnectOptions
  readonly #control: Session
  readonly #names: readonly string[]
  readonly #holdSeconds: number
  #session: Session | null = null
  #sinceMs = 0
  #timer: NodeJS.Timeout | undefined
  /** Milliseconds for which writers may have waited; null while they are held. */
  heldMs: number | null = null

  constructor(
    connect: ConnectOptions,
    control: Session,
    tables: readonly { schema: string; name: string }[],
    holdSeconds: number,
  ) {
    this.#connect = connect
    this.#control = control
    this.#names = tables.map(({ schema, name }) => quoteQualified(schema, name))
    this.#holdSeconds = holdSeconds
  }

  get isEmpty(): boolean {
    return this.#names.length === 0
  }

  has({ schema, name }: { schema: string; name: string }): boolean {
    return this.#names.includes(quoteQualified(schema, name))
  }

  /** @throws EcomdbError PRIVILEGE_MISSING; a lock wait timeout */
  async lock(lockSeconds: number): Promise<void> {
    if (this.isEmpty) return
    const session = await openSession({ ...this.#connect, database: undefined })
    this.#session = session
    await requireSameServer(this.#control, sql => session.value(sql))
    await session.run(`SET SESSION lock_wait_timeout = ${lockSeconds}`)
    this.#sinceMs = performance.now()
    await session.run(`LOCK TABLES ${this.#names.map(name => `${name} READ`).join(', ')}`)
    this.#timer = setTimeout(() => void this.drop(), this.#holdSeconds * 1000)
    this.#timer.unref()
  }

  /**
   * Lets writers go on.
   * @throws EcomdbError NOT_CONSISTENT when the lock was gone before
   */
  async release(): Promise<void> {
    if (this.isEmpty || this.heldMs !== null) return
    clearTimeout(this.#timer)
    const session = this.#session
    const unlocked = session?.run('UNLOCK TABLES') ?? Promise.reject(new Error('given up'))
    await unlocked.catch(error => {
      throw new EcomdbError('NOT_CONSISTENT', {
        what: 'tables without transactions were not locked until they were read',
        why: `${this.#names.join(', ')}: ${this.#session ? messageOf(error) : `the limit is ${this.#holdSeconds} s`}`,
        hints: [
          'raise --hold: their writers wait for that long',
          'ALTER TABLE … ENGINE=InnoDB gives a table transactions',
        ],
        // It was held for its whole limit, and its writers waited.
        ...(this.#session ? {} : { again: false }),
        cause: error,
      })
    })
    this.heldMs = Math.ceil(performance.now() - this.#sinceMs)
    await session?.close()
  }

  /** Never throws; nothing is held afterwards. */
  async drop(): Promise<void> {
    clearTimeout(this.#timer)
    const session = this.#session
    this.#session = null
    if (!session || this.heldMs !== null) return
    session.destroy()
    // The server may not notice a closed socket while it waits.
    await this.#control.run(`KILL CONNECTION ${session.connectionId}`).catch(() => {})
  }

  /** For the proof. */
  get words(): string {
    return `LOCK TABLES … READ on ${this.#names.join(', ')}, which have no transactions, from before the point until they were read: their writers waited for at most ${this.heldMs} ms`
  }
}
