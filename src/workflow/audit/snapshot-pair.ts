import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError } from '#core/errors'
import type { AuditReader, AuditTrail } from '#engine/audit-trail'
import type { ConnectOptions } from '#engine/session'

const TRIES = 20
const BETWEEN_MS = 100

/**
 * Two snapshots with the same batches and the same state of retention: one can be asked while the
 * other streams. A prune that committed between them would look like events put in or changed.
 *
 * @throws EcomdbError LOCKED when it does not come to rest
 */
export async function openSnapshotPair(
  auditTrail: AuditTrail,
  connect: ConnectOptions,
): Promise<{ reader: AuditReader; second: AuditReader; close(): Promise<void> }> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const both = [auditTrail.openReader(connect), auditTrail.openReader(connect)] as const
    const close = async (): Promise<void> => {
      const opened = await Promise.allSettled(both)
      for (const one of opened) if (one.status === 'fulfilled') await one.value.close()
    }
    try {
      const [reader, second] = await Promise.all(both)
      if ((await reader.sealedState()) === (await second.sealedState())) {
        return { reader, second, close }
      }
    } catch (error) {
      await close()
      throw error
    }
    await close()
    await sleep(BETWEEN_MS)
  }
  throw new EcomdbError('LOCKED', {
    what: 'cannot read the audit trail at one moment',
    why: `it was sealed, or retention removed events, between two looks, ${TRIES} times in a row`,
    hints: ['run the command again when `ecomdb audit prune` has ended'],
  })
}
