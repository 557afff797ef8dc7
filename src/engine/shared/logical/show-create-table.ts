import { isUtf8 } from 'node:buffer'
import { EcomdbError } from '#core/errors'
import { withBinaryLiteralsAsHex } from '#domain/schema/binary-literals'
import { quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'

/**
 * SHOW CREATE TABLE as the server has it. With results in utf8mb4 it is not, and prints the
 * same wrong text for the copy, so that comparing the two finds nothing (measured on MySQL
 * 9.7 and MariaDB 10.11): MySQL prints four question marks for an emoji in a CHECK or a
 * generated column, and MariaDB prints the bytes of a binary default, which are no UTF-8.
 * With results in `binary` both print the bytes that they have.
 *
 * Options that no engine of a MariaDB knows any more (a table that was another engine's once) are
 * printed in a comment, and would be lost, but for the mode under which they are accepted.
 *
 * The three statements are sent without waiting in between: the session runs them one after
 * the other, so that nobody else's query on it comes between.
 *
 * @throws EcomdbError UNSUPPORTED for a definition that is no UTF-8
 */
export async function showCreateTable(
  session: Session,
  schema: string,
  name: string,
): Promise<string> {
  const table = quoteQualified(schema, name)
  const own = session.flavor.family === 'mariadb' ? ANY_OPTIONS : ''
  const [, shown] = await Promise.all([
    session.run(`SET SESSION character_set_results = binary${own}`),
    session.rows(`SHOW CREATE TABLE ${table}`),
    session.run(`SET SESSION character_set_results = utf8mb4${own && BACK}`),
  ]).catch(error => {
    throw unreadable(error, table)
  })
  const create = shown[0]?.['Create Table'] ?? ''
  if (!Buffer.isBuffer(create)) return String(create)
  const text = isUtf8(create) ? create.toString('utf8') : withBinaryLiteralsAsHex(create)
  if (text === null) {
    throw new EcomdbError('UNSUPPORTED', {
      what: `the definition of table ${table} cannot be backed up`,
      why: 'the server prints it with bytes that are no UTF-8, outside of a default or a member',
      hints: ['look at it with SHOW CREATE TABLE; leave its database out with --databases'],
    })
  }
  return text
}

/** A MERGE table that lacks one of its tables, for one. */
function unreadable(error: unknown, table: string): unknown {
  if (!(error instanceof EcomdbError) || error.code !== 'SERVER_REFUSED') return error
  return new EcomdbError('SERVER_REFUSED', {
    what: `the server cannot open table ${table}`,
    why: error.why ?? error.what,
    hints: [
      'CHECK TABLE tells more; mend it or drop it',
      'or leave its database out with --databases: nothing of it is backed up then',
    ],
    // The server's own, by which callers tell one that was dropped meanwhile.
    cause: error.cause,
  })
}

const ANY_OPTIONS =
  ", @ecomdb_mode = @@sql_mode, sql_mode = CONCAT(@@sql_mode, ',IGNORE_BAD_TABLE_OPTIONS')"
const BACK = ', sql_mode = @ecomdb_mode'
