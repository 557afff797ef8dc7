import { EcomdbError } from '#core/errors'
import type { ReadableTable } from '../../logical-reader.ts'
import type { RowConnection } from '../bulk/row-connection.ts'

/** ER_WARN_ALLOWED_PACKET_OVERFLOWED */
const CUT = '1301'

/**
 * MySQL sends an empty text for JSON whose text is longer than max_allowed_packet, also where the column is
 * read as it is, and any server NULL for what a function makes longer; a warning is all that tells
 * (measured on 9.7: a value of 600 KB that was stored under a larger limit came as nothing). A session
 * cannot raise the limit for itself. To be called right behind the statement that read the rows.
 *
 * @throws EcomdbError UNSUPPORTED
 */
export async function refuseCutValues(
  connection: Pick<RowConnection, 'query' | 'warnings'>,
  { schema, name }: ReadableTable,
): Promise<void> {
  if (connection.warnings === 0) return
  const warnings = await connection.query('SHOW WARNINGS')
  const cut = warnings.filter(([, number]) => number === CUT)
  const unseen = connection.warnings - warnings.length
  if (cut.length === 0 && unseen > 0) throw tooManyWarnings(`${schema}.${name}`, unseen)
  if (cut.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: `the server does not send all values of table ${schema}.${name}`,
    why: `${cut.length} are longer as text than its max_allowed_packet: ${cut[0]?.[2] ?? ''}`,
    hints: [
      'raise it for as long as this takes (SET GLOBAL max_allowed_packet = 1073741824), then run the command again',
    ],
  })
}

function tooManyWarnings(table: string, unseen: number): EcomdbError {
  return new EcomdbError('UNSUPPORTED', {
    what: `the server warns more often of values of table ${table} than it tells why`,
    why: `${unseen} warnings are not shown (max_error_count), and one may be of a value that is longer than max_allowed_packet, which is not sent`,
    hints: [
      'as an administrator: GRANT SESSION_VARIABLES_ADMIN ON *.* TO the account, with which all are shown',
    ],
  })
}
