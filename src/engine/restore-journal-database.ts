import { RESTORED_MARK } from './restored-mark.ts'

/** The database of a restore's journal on the server: it is there while a restore is not done. */
export const RESTORE_JOURNAL = RESTORED_MARK.schema
