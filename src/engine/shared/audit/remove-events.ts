import type { AuditTrail } from '../../audit-trail.ts'
import { quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { whereIds } from './event-statements.ts'

/** What `ecomdb audit prune` removes, and what it keeps instead. */
export function retention(
  storeOf: (session: Session) => string,
): Pick<AuditTrail, 'removalsLeft' | 'storeLeafProof' | 'removeEvents' | 'endRemoval'> {
  const proofs = (session: Session): string => quoteQualified(storeOf(session), 'leaf_proof')
  return {
    async removalsLeft(session, upTo) {
      const sql = `SELECT batch_id AS batch FROM ${proofs(session)}
        WHERE batch_id <= ${upTo} AND removed_at IS NULL ORDER BY batch_id`
      return (await session.rows(sql)).map(({ batch }) => Number(batch))
    },
    async storeLeafProof(session, batch, { hashes, kept }) {
      const lists = quoteQualified(storeOf(session), 'kept_event')
      await (kept === ''
        ? session.run(`DELETE FROM ${lists} WHERE batch_id = ?`, [batch])
        : session.run(`REPLACE INTO ${lists} (batch_id, ids) VALUES (?, ?)`, [batch, kept]))
      await session.run(`REPLACE INTO ${proofs(session)} (batch_id, hashes) VALUES (?, ?)`, [
        batch,
        hashes,
      ])
    },
    async removeEvents(session, ranges) {
      await session.run("SET @ecomdb_audit_task = 'prune'")
      try {
        let removed = 0
        for (const where of whereIds(ranges)) {
          const { affectedRows } = await session.run(
            `DELETE FROM ${quoteQualified(storeOf(session), 'event')} WHERE ${where}`,
          )
          removed += affectedRows
        }
        return removed
      } finally {
        await session.run('SET @ecomdb_audit_task = NULL')
      }
    },
    async endRemoval(session, batch, stays) {
      const hashes = stays ? 'hashes' : "''"
      await session.run(
        `UPDATE ${proofs(session)} SET removed_at = UTC_TIMESTAMP(6), hashes = ${hashes} WHERE batch_id = ?`,
        [batch],
      )
    },
  }
}
