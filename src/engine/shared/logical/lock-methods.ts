import type { ConsistencyProof } from '#domain/backup/manifest'
import { quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'

/**
 * A way to stop commits for the moment in which all readers open their snapshots. Each
 * acts on a session of its own: whatever goes wrong, dropping that session lets go.
 */
export interface LockMethod {
  readonly name: ConsistencyProof['method']
  /** Only one reader can be used. */
  readonly singleReader: boolean
  /** What `acquire` does, for the proof and the dry run. */
  readonly words: string
  /**
   * The session's lock_wait_timeout is set. On failure the caller drops the session: a
   * FLUSH TABLES WITH READ LOCK that timed out still holds the global read lock (MySQL
   * 9.7, measured).
   *
   * @param blocking called just before the first statement that writers may have to wait for
   */
  acquire(
    session: Session,
    tables: readonly { schema: string; name: string }[],
    blocking: () => void,
  ): Promise<void>
  release(session: Session): Promise<void>
}

/** MySQL: blocks all writes and commits, and waits for running statements. */
export const flushTablesWithReadLock: LockMethod = {
  name: 'ftwrl',
  singleReader: false,
  words: 'FLUSH TABLES WITH READ LOCK',
  async acquire(session, _tables, blocking) {
    blocking()
    await session.run('FLUSH TABLES WITH READ LOCK')
  },
  async release(session) {
    await session.run('UNLOCK TABLES')
  },
}

/** MariaDB: blocks DDL, then commits; statements that run go on. */
export const backupStage: LockMethod = {
  name: 'backup-stage',
  singleReader: false,
  words: 'BACKUP STAGE up to BLOCK_COMMIT',
  async acquire(session, _tables, blocking) {
    for (const stage of ['START', 'FLUSH', 'BLOCK_DDL']) await session.run(`BACKUP STAGE ${stage}`)
    blocking()
    await session.run('BACKUP STAGE BLOCK_COMMIT')
  },
  async release(session) {
    await session.run('BACKUP STAGE END')
  },
}

/** Without RELOAD: blocks writes to the tables that are backed up. */
export const lockTables: LockMethod = {
  name: 'lock-tables',
  singleReader: false,
  words: 'LOCK TABLES … READ',
  async acquire(session, tables, blocking) {
    if (tables.length === 0) return
    blocking()
    const locks = tables.map(({ schema, name }) => `${quoteQualified(schema, name)} READ`)
    await session.run(`LOCK TABLES ${locks.join(', ')}`)
  },
  async release(session) {
    await session.run('UNLOCK TABLES')
  },
}

/** Without any lock: one transaction sees one point in time by itself. */
export const singleReader: LockMethod = {
  name: 'single-reader',
  singleReader: true,
  words: 'one reader in one transaction, without a lock',
  async acquire() {},
  async release() {},
}
