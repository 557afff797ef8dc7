/** The database of a restore's journal on the server: it is there while a restore is not done. */
export const RESTORE_JOURNAL = 'ecomdb_restore'
