/**
 * Tables whose files the server encrypts with a key of its own. A server without a keyring (MySQL) or a
 * key management plugin (MariaDB) makes no such table: "Can't find master key", "Wrong create options".
 *
 * Source: MySQL reference manual, "InnoDB Data-at-Rest Encryption"; MariaDB's "InnoDB Encryption".
 */

/** Where the options of a table begin in what SHOW CREATE TABLE prints. */
const OPTIONS = '\n) '
/** MySQL prints `ENCRYPTION='Y'`, in a comment before 8.4; MariaDB the names of options as names, as typed. */
const ENCRYPTED = /( ENCRYPTION='Y'| \/\*!80016 ENCRYPTION='Y' \*\/| `ENCRYPTED`='?YES'?)/i
const QUOTED = /('(?:[^'\\]|\\.|'')*')/
const EITHER = new RegExp(`${ENCRYPTED.source}|${QUOTED.source}`, 'gi')
/** What a definition says that is not encrypted. MySQL says it where its database would have it so. */
const IN_THE_CLEAR = / (?:\/\*!80016 )?ENCRYPTION='N'(?: \*\/)?/

/** Does the server encrypt the files of this table, by its own definition? */
export function isEncryptedAtRest(create: string): boolean {
  return inTheClear(create) !== create
}

/** The definition of the same table whose files nobody encrypts. */
export function inTheClear(create: string): string {
  return ofOptions(create, options =>
    options.replace(EITHER, (found: string, clause: string | undefined) => {
      if (clause === undefined) return found
      return clause.includes('`') ? '' : clause.replace("'Y'", "'N'")
    }),
  )
}

/** Without what only says that it is not encrypted, which is the same where nothing says it. */
export function withoutClearMark(create: string): string {
  return ofOptions(create, options => options.replace(IN_THE_CLEAR, ''))
}

function ofOptions(create: string, change: (options: string) => string): string {
  const at = create.lastIndexOf(OPTIONS)
  return at < 0 ? create : create.slice(0, at) + change(create.slice(at))
}
