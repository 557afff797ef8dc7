import { messageOf } from '#core/errors'
import { serverErrorNumber } from '../../server-error.ts'

/**
 * Errors that one row brings about, so that others may still be loaded. All else (disk
 * full, read-only, no privilege, lost) is not the row's fault, and ends the load.
 * Numbers: MySQL's Server Error Message Reference, MariaDB's Error Codes.
 */
const ROW_ERRORS = new Set([
  1048, // a column cannot be NULL
  1062, // duplicate key
  1586, // duplicate key, with its name
  1216, // foreign key, without its name
  1452, // foreign key
  1264, // out of range
  1265, // data truncated
  1292, // incorrect date, time or number
  1366, // a character that the column's set has not; incorrect integer
  1367, // illegal value
  1406, // too long
  1411, // incorrect value for a function
  1416, // no geometry
  1526, // no partition for the value
  1644, // SIGNAL by a trigger
  1690, // out of range in an expression
  3140, // no JSON
  3819, // CHECK (MySQL)
  4025, // CHECK (MariaDB)
  1364, // no default
  1748, // not in the chosen partition
  3105, // a value for a generated column
  3854, // a character that the set has not, in a comparison (MySQL)
  3903, // no JSON value for the cast
  4038, // no JSON (MariaDB)
])

/** Is a row to blame, and not the server or the account? SIGNALs with numbers of their own count. */
export function isRowError(error: unknown): boolean {
  const number = serverErrorNumber(error)
  return (number !== undefined && ROW_ERRORS.has(number)) || sqlState(error) === '45000'
}

function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('sqlState' in error)) return undefined
  return typeof error.sqlState === 'string' ? error.sqlState : undefined
}

/** The server's words, as a reason in the rejects file. */
export function rowErrorReason(error: unknown): string {
  return `the server refused it: ${messageOf(error)}`
}
