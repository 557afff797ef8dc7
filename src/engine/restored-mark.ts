import { EVENT, HEADER_BYTES, readHeader, readQuery } from '#domain/binlog/event'

/** The table that no server has, and whose removal a log shows where rows come that it has not. */
export const RESTORED_MARK = { schema: 'ecomdb_restore', table: 'not_in_this_log' } as const

/** As both engines log it, whatever was typed. */
const LOGGED = `DROP TABLE IF EXISTS \`${RESTORED_MARK.schema}\`.\`${RESTORED_MARK.table}\``

/**
 * Says this event that a restore begins, or has ended, which the log of this server lacks? In a replica's log it is the source's.
 *
 * @param event a whole one, with or without a checksum
 * @param ownIds of the server: what it is called may have been changed since it wrote the file, or while it did
 */
export function isRestoredMark(event: Buffer, ownIds: readonly number[]): boolean {
  const header = readHeader(event)
  if (header.type !== EVENT.query || !ownIds.includes(header.serverId)) return false
  return readQuery(event.subarray(HEADER_BYTES)).startsWith(LOGGED)
}
