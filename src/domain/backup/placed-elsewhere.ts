import { blankQuotes, identifiersIn } from '../schema/create-table.ts'

/**
 * Why a table cannot be made on another server as SHOW CREATE TABLE prints it: it lies in a
 * general tablespace or a directory of its own, which a logical backup does not bring. Null
 * for a table that lies where tables do.
 *
 * Source: MySQL reference manual, "General Tablespaces"; DATA DIRECTORY is both engines'.
 */
export function placedElsewhere(create: string): string | null {
  const words = blankQuotes(create)
  const space = / TABLESPACE /.exec(words)
  if (space) {
    const [name = ''] = identifiersIn(create.slice(space.index))
    return /^innodb_(file_per_table|system)$/.test(name) ? null : `the tablespace ${name}`
  }
  return / DATA DIRECTORY=/.test(words) ? 'a DATA DIRECTORY' : null
}
