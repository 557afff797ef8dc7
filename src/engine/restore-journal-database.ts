import { RESTORED_MARK } from './restored-mark.ts'

/** The database of a restore's journal on the server: it is there while a restore is not done. */
export const RESTORE_JOURNAL = RESTORED_MARK.schema

/** The lock of its server that a restore holds for as long as it runs. */
export const RESTORE_LOCK = 'ecomdb.restore'

/**
 * A backup's finding.
 *
 * @param seen what tells of the restore
 */
export const unendedRestore = (seen: string): string =>
  `a restore had not ended at this point (${seen}): what it makes may be in this snapshot in part; back up again when it has ended. One that was cut short is ended by \`ecomdb restore\` with --resume or --start-over, by the account and on the host that began it. Where that cannot be, or nobody wants it any more: DROP DATABASE IF EXISTS ${RESTORE_JOURNAL}, and remove its journal there, too (restore/ in ECOMDB_STATE, else in ~/.local/state/ecomdb), or the next restore there is refused`

/** What a server, or its data files, hold of it. */
export const JOURNAL_SEEN = `the database ${RESTORE_JOURNAL} is there`
