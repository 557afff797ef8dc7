/**
 * MariaDB lists every folder of its data directory as a database, also `.ssh` and `.local` of an account whose home
 * that is, and refuses each statement about it (error 1102). MySQL leaves such folders out.
 */
export const isHiddenFolder = (database: string): boolean => database.startsWith('#mysql50#.')
