import type { KeptEvents } from '#domain/audit/kept-events'
import type { AuditTrail } from '../../audit-trail.ts'
import { quoteQualified } from '../../quote.ts'
import { orNone } from '../../server-error.ts'
import type { Session } from '../../session.ts'
import { inTransaction } from '../in-transaction.ts'
import { ownStores } from '../own-store/own-store.ts'
import { restoredSql } from './audit-reader.ts'

type Row = Record<string, string | number | Buffer | null>

/** Signed checkpoints in the database, and what restores have signed. */
export function storedBatches(
  storeOf: (session: Session) => string,
): Pick<
  AuditTrail,
  | 'lastBatch'
  | 'readBatch'
  | 'batchFrom'
  | 'storeBatch'
  | 'restoredStatements'
  | 'storeRestored'
  | 'leaveOutOfBinlog'
> {
  return {
    async lastBatch(session) {
      const [row] = await session.rows<Row>(
        `SELECT batch_id AS batch, statement FROM ${quoteQualified(storeOf(session), 'batch')}
         ORDER BY batch_id DESC LIMIT 1`,
      )
      return row ? { batch: Number(row['batch']), statement: row['statement'] as Buffer } : null
    },
    async readBatch(session, batch) {
      const [row] = await session.rows<Row>(
        `SELECT statement, leaves FROM ${quoteQualified(storeOf(session), 'batch')} WHERE batch_id = ?`,
        [batch],
      )
      return row ? { statement: row['statement'] as Buffer, leaves: row['leaves'] as Buffer } : null
    },
    async batchFrom(session, batch) {
      const [where, order] = batch === null ? ['', ' DESC'] : [`WHERE batch_id >= ${batch}`, '']
      const [row] = await session.rows<Row>(
        `SELECT batch_id AS batch, statement, leaves FROM ${quoteQualified(storeOf(session), 'batch')}
         ${where} ORDER BY batch_id${order} LIMIT 1`,
      )
      if (!row) return null
      const [statement, leaves] = [row['statement'] as Buffer, row['leaves'] as Buffer]
      return { batch: Number(row['batch']), statement, leaves }
    },
    async restoredStatements(session) {
      const rows = await orNone(session.rows<Row>(restoredSql(storeOf(session))))
      return rows.map(row => row['statement'] as Buffer)
    },
    async leaveOutOfBinlog(session) {
      await session.run('SET SESSION sql_log_bin = 0')
    },
    async storeRestored(session, restoreId, statement) {
      const store = await ownStores.ensureStore(session, 'audit')
      await session.run(
        `INSERT INTO ${quoteQualified(store, 'restored')} (restore_id, at, statement) VALUES (?, UTC_TIMESTAMP(6), ?)`,
        [restoreId, statement],
      )
    },
    async storeBatch(session, { batch }, statement, leaves, shorter) {
      await inTransaction(session, async () => {
        for (const one of shorter) await shorten(session, storeOf(session), one)
        await session.run(
          `INSERT INTO ${quoteQualified(storeOf(session), 'batch')} (batch_id, statement, leaves) VALUES (?, ?, ?)`,
          [batch, statement, leaves],
        )
      })
    },
  }
}

/** What is not in the list any more has still to go. */
async function shorten(session: Session, store: string, { batch, ids }: KeptEvents): Promise<void> {
  const lists = quoteQualified(store, 'kept_event')
  await (ids === ''
    ? session.run(`DELETE FROM ${lists} WHERE batch_id = ?`, [batch])
    : session.run(`UPDATE ${lists} SET ids = ? WHERE batch_id = ?`, [ids, batch]))
  const proofs = quoteQualified(store, 'leaf_proof')
  await session.run(`UPDATE ${proofs} SET removed_at = NULL WHERE batch_id = ?`, [batch])
}
