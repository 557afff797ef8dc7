import type { ProgramEntry } from '#domain/backup/manifest'
import { quoteIdentifier } from '../../quote.ts'

/** Of a program, as the server's own tables have it; '' where it has none. */
export interface StoredStrings {
  name: string
  /** "user@host" */
  definer: string
  comment: string
  /** Of a trigger. */
  table: string
}

/** A run of bytes of what SHOW CREATE puts together, and what they are in. */
export interface ShownPiece {
  bytes: Buffer
  /** Or in the character set of the client that made the program. */
  isUtf8: boolean
}

/**
 * SHOW CREATE puts a program together from its own text, which is in the character set of the
 * client that made it, and from strings of the server's dictionary, which are in UTF-8; a
 * server then takes all of it for the former. Which strings it does put into that set first
 * differs by engine, version and kind (MySQL 9.7: none; MariaDB 10.11: a routine's name and
 * definer), so each is looked for in UTF-8, and is the client's where it is not found.
 *
 * @param shown what SHOW CREATE printed, not converted (character_set_results = binary)
 */
export function shownPieces(
  kind: ProgramEntry['kind'],
  shown: Buffer,
  stored: StoredStrings,
): ShownPiece[] {
  // A character for each byte.
  const text = shown.toString('latin1')
  const pieces: ShownPiece[] = []
  let at = 0
  const find = (spellings: readonly string[]): void => {
    const places = spellings.map(one => [text.indexOf(one, at), one.length] as const)
    const [start, length] = places.find(([place]) => place >= 0) ?? [-1, 0]
    if (start < 0) return
    pieces.push({ bytes: shown.subarray(at, start), isUtf8: false })
    at = start + length
    pieces.push({ bytes: shown.subarray(start, at), isUtf8: true })
  }
  for (const spellings of namesOf(kind, stored)) find(spellings)
  if (kind === 'function') find(membersOf(text))
  if (!isAscii(stored.comment)) find([utf8(` COMMENT ${printed(stored.comment)}`)])
  return [...pieces, { bytes: shown.subarray(at), isUtf8: false }]
}

/**
 * A program under NO_BACKSLASH_ESCAPES, which reads a comment, and the members of the ENUM or SET
 * that a function returns, as they stand: both engines print the escapes of other modes, and they
 * would come back with twice as many backslashes.
 */
export function withoutEscapes(
  kind: ProgramEntry['kind'],
  create: string,
  comment: string,
): string {
  const plain = `'${comment.replaceAll("'", "''")}'`
  return (kind === 'function' ? create.replace(MEMBERS, unescaped) : create).replace(
    ` COMMENT ${printed(comment)}`,
    () => ` COMMENT ${plain}`,
  )
}

const unescaped = (members: string): string =>
  members.replace(/\\([\\0nr])/g, (_, letter: string) => UNESCAPED[letter] ?? letter)

const UNESCAPED: Record<string, string> = { '0': '\0', n: '\n', r: '\r' }

/** Of the ENUM or SET that a function returns; MariaDB's sql_mode ORACLE prints RETURN. */
const MEMBERS = /\) RETURNS? (?:enum|set)\('(?:[^']|'')*'(?:,'(?:[^']|'')*')*\)/

export function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what ASCII is.
  return /^[\x00-\x7f]*$/.test(text)
}

/** In the order of the statement, each with and without ANSI_QUOTES. */
function namesOf(kind: ProgramEntry['kind'], { name, definer, table }: StoredStrings): string[][] {
  const names = [
    { value: definer, write: (quote: Quote) => `DEFINER=${writtenDefiner(definer, quote)}` },
    { value: name, write: (quote: Quote) => ` ${kind.toUpperCase()} ${quote(name)}` },
    { value: table, write: (quote: Quote) => ` ON ${quote(table)}` },
  ]
  return names
    .filter(({ value }) => !isAscii(value))
    .map(({ write }) => [quoteIdentifier, inDoubleQuotes].map(quote => utf8(write(quote))))
}

type Quote = (name: string) => string

/** @param definer "user@host", or a role of MariaDB, which has no host and is printed without. */
export function writtenDefiner(definer: string, quote: Quote): string {
  const [, user, host] = /^(.*)@([^@]*)$/s.exec(definer) ?? [null, definer, '']
  return host ? `${quote(user ?? '')}@${quote(host)}` : quote(user ?? '')
}

const inDoubleQuotes: Quote = name => `"${name.replaceAll('"', '""')}"`

/**
 * The members of an ENUM or SET that a function returns: no other type has letters of a user.
 * MariaDB's information_schema has them garbled, too, so that they are known by being UTF-8.
 */
function membersOf(text: string): string[] {
  const [found] = MEMBERS.exec(text) ?? []
  if (found === undefined || isAscii(found)) return []
  const bytes = Buffer.from(found, 'latin1')
  return bytes.equals(Buffer.from(bytes.toString())) ? [found] : []
}

/** As both engines print a comment, whatever the sql_mode (measured). */
function printed(text: string): string {
  const escapes: Record<string, string> = {
    ...{ '\\': '\\\\', "'": "''" },
    ...{ '\0': '\\0', '\n': '\\n', '\r': '\\r' },
  }
  return `'${text.replace(/[\\'\0\n\r]/g, letter => escapes[letter] ?? letter)}'`
}

/** A character for each byte of the text in UTF-8. */
function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}
