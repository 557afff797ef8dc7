import type { ConsistencyProof } from '#domain/backup/manifest'
import { quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { oldestWriter, statementRunning } from './running-work.ts'

/**
 * A way to stop commits for the moment in which all readers open their snapshots. Each
 * acts on a session of its own: whatever goes wrong, dropping that session lets go.
 */
export interface LockMethod {
  readonly name: ConsistencyProof['method']
  /** What `acquire` does, for the proof and the dry run. */
  readonly words: string
  /** It waits for whoever holds a table, also for reading: not beside LOCK TABLES. */
  readonly closesTables: boolean
  /** The DDL fence can be taken before the lock, so that writers do not wait for it. */
  readonly fenceFirst: boolean
  /** What stays of an attempt that was not granted in time, whatever is let go, in words. */
  readonly leaves: string | null
  /**
   * What runs on the server and would make others wait behind the lock, in words; null
   * when the moment is good.
   *
   * @param seconds work older than this counts
   */
  obstacle(control: Session, seconds: number): Promise<string | null>
  /**
   * The session's lock_wait_timeout is set. On failure the caller drops the session.
   *
   * @param tables with transactions
   * @param blocking called just before the first statement that writers may have to wait for
   */
  acquire(
    session: Session,
    tables: readonly { schema: string; name: string }[],
    blocking: () => Promise<void>,
  ): Promise<void>
  release(session: Session): Promise<void>
}

/**
 * MariaDB: blocks DDL, then commits. Statements that run go on, and no one waits behind
 * them (measured on 10.11, with a SELECT that ran for 8 s).
 */
export const backupStage: LockMethod = {
  name: 'backup-stage',
  words: 'BACKUP STAGE up to BLOCK_COMMIT',
  closesTables: false,
  fenceFirst: false,
  leaves: null,
  obstacle: async () => null,
  async acquire(session, _tables, blocking) {
    for (const stage of ['START', 'FLUSH', 'BLOCK_DDL']) await session.run(`BACKUP STAGE ${stage}`)
    await blocking()
    await session.run('BACKUP STAGE BLOCK_COMMIT')
  },
  async release(session) {
    await session.run('BACKUP STAGE END')
  },
}

/**
 * Blocks writes to all tables that are backed up. It waits for transactions that have
 * written to them, and not for readers: a long SELECT is no obstacle, and a request that
 * times out leaves nothing behind. So on MySQL it comes before FLUSH TABLES WITH READ LOCK.
 */
export const lockTables: LockMethod = {
  name: 'lock-tables',
  words: 'LOCK TABLES … READ on all of them',
  closesTables: false,
  fenceFirst: true,
  leaves: null,
  obstacle: oldestWriter,
  async acquire(session, tables, blocking) {
    await blocking()
    if (tables.length === 0) return
    const locks = tables.map(({ schema, name }) => `${quoteQualified(schema, name)} READ`)
    await session.run(`LOCK TABLES ${locks.join(', ')}`)
  },
  async release(session) {
    await session.run('UNLOCK TABLES')
  },
}

/**
 * Seconds for which a statement may have run when FLUSH TABLES WITH READ LOCK is tried: what has
 * run for longer is likely to run on.
 */
const FLUSH_SECONDS = 0.2

/**
 * MySQL: blocks all commits, also those of transactions that are open for long. But it
 * closes all tables first, which waits for every statement; and when it times out, two
 * things stay (measured on 9.7): the session still holds the global read lock, and the
 * tables of the statement that it waited for are closed to everyone until that statement
 * ends, readers too. Nothing but that end, or a KILL of the user's statement, opens them. So it is
 * only tried while no statement has run for long; one that had just begun can still be hit.
 */
export const flushTablesWithReadLock: LockMethod = {
  name: 'ftwrl',
  words: 'FLUSH TABLES WITH READ LOCK',
  closesTables: true,
  fenceFirst: false,
  leaves:
    'FLUSH TABLES WITH READ LOCK was not granted in time, and the server opens the tables of the statement that it waited for to nobody, until that statement ends ("Waiting for table flush")',
  obstacle: (control, seconds) => statementRunning(control, Math.min(seconds, FLUSH_SECONDS)),
  async acquire(session, _tables, blocking) {
    await blocking()
    await session.run('FLUSH TABLES WITH READ LOCK')
  },
  async release(session) {
    await session.run('UNLOCK TABLES')
  },
}
