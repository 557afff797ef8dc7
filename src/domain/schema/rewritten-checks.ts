import { afterToken, type CreateTable, identifiersIn, keywordsOf } from './create-table.ts'

/**
 * Would an ALTER TABLE rewrite the CHECKs of this definition? MySQL reads them anew with each, and keeps a
 * literal in the character set of what it is compared with (measured on 9.7): `c` <> _utf8mb4'é' on a latin1
 * column becomes _latin1 x'e9' when a key is added. What functions return is of the connection's, which is
 * utf8mb4 in a restore. So a CHECK of utf8mb4 alone stays, unless a number is BETWEEN its literals: they
 * become latin1. A DATE'…' that is compared with a number becomes one. MariaDB rewrites none.
 *
 * @returns true, too, for some that would stay as they are
 */
export function rewritesChecks({ clauses, tail }: CreateTable): boolean {
  const usual = /\bCHARSET=(\w+)/.exec(keywordsOf(tail))?.[1] ?? USUAL
  const columns = new Map(
    clauses
      .filter(clause => clause.startsWith('`'))
      .map(clause => [identifiersIn(clause)[0] ?? '', characterSetOf(clause, usual)]),
  )
  return clauses.filter(isCheck).some(check => {
    if (hasTime(check)) return true
    const literals = introducersIn(check)
    const compared = identifiersIn(check).map(name => columns.get(name))
    if (literals.length === 0) return false
    if (CONVERTS.test(keywordsOf(check))) return true
    if (compared.includes(null) && / between /i.test(keywordsOf(check))) return true
    return [...literals, ...compared].some(set => typeof set === 'string' && set !== USUAL)
  })
}

/** A constraint of the table; MariaDB has CHECKs in its columns as well. */
export function isCheck(clause: string): boolean {
  return /^CONSTRAINT +CHECK/.test(keywordsOf(clause))
}

const USUAL = 'utf8mb4'

/** To another set, perhaps: CONVERT('…' USING latin1), which MySQL takes away, and CAST(… AS CHAR CHARSET …). */
const CONVERTS = / using | char(?:acter )?set /i

/** Of shapes and bits, too: beside one 'x' becomes _binary'x'. */
const BYTES =
  /^ *(?:bit|(?:var)?binary|\w*blob|geometry|point|linestring|polygon|multi\w+|geom(?:etry)?collection|vector)\b/

/** Of a column's definition; `usual` for a text without one, null for what is no text. */
function characterSetOf(clause: string, usual: string): string | null {
  const words = keywordsOf(clause)
  if (BYTES.test(words)) return 'binary'
  if (!/^ *(?:(?:var)?char|\w*text|enum|set)\b/.test(words)) return null
  return /\bCHARACTER SET (\w+)/.exec(words)?.[1] ?? usual
}

/** DATE'…', TIME'…' or TIMESTAMP'…'. */
function hasTime(clause: string): boolean {
  for (let at = 0; at < clause.length; at = afterToken(clause, at)) {
    if (clause[at] === "'" && /\b(?:date|time|timestamp) *$/i.test(clause.slice(0, at))) return true
  }
  return false
}

/** The character sets that literals name: _latin1'…', _utf16 x'…'. */
function introducersIn(clause: string): string[] {
  const found: string[] = []
  for (let at = 0; at < clause.length; at = afterToken(clause, at)) {
    if (clause[at] !== "'") continue
    const [, name] = /(?:^|\W)_([a-z0-9]+)(?: x)?$/.exec(clause.slice(0, at)) ?? []
    if (name !== undefined) found.push(name)
  }
  return found
}
