import { identifiersIn } from '../schema/create-table.ts'

/** One statement of a grant. */
export interface GrantPiece {
  sql: string
  /** It needs a column, or a table of the server's own, that may not be there. */
  mayFail?: true
}

const NAMES = '\\((`(?:[^`]|``)*`(?:, `(?:[^`]|``)*`)*)\\)'
const PRIVILEGE = `[A-Z ]+?(?: ${NAMES})?`
const ON_COLUMNS = new RegExp(`^GRANT (${PRIVILEGE}(?:, ${PRIVILEGE})*)(?= ON )`)

interface GrantParts {
  /** As they stand between GRANT and ON. */
  list: string
  /** `names`: of its columns, as they stand in the parentheses. */
  privileges: { privilege: string; names: string | undefined; columns: string[] }[]
}

/** Null for a grant that names no columns. */
function partsOf(grant: string): GrantParts | null {
  const list = ON_COLUMNS.exec(grant)?.[1]
  if (list === undefined || !list.includes('(')) return null
  const found = [...list.matchAll(new RegExp(`(${PRIVILEGE})(?:, |$)`, 'g'))]
  const privileges = found.map(([, privilege = '', names]) => ({
    ...{ privilege, names },
    columns: names === undefined ? [] : identifiersIn(names),
  }))
  return { list, privileges }
}

interface GrantUnit {
  unit: string
  isColumn: boolean
}

/** "SELECT (`a`)", one for each column, and "INSERT" without. */
function unitsOf({ privileges }: GrantParts): GrantUnit[] {
  return privileges.flatMap(({ privilege, names, columns }): GrantUnit[] =>
    names === undefined
      ? [{ unit: privilege, isColumn: false }]
      : columns.map(name => ({
          unit: privilege.replace(`(${names})`, () => `(${inBackticks(name)})`),
          isColumn: true,
        })),
  )
}

const inBackticks = (name: string): string => `\`${name.replaceAll('`', '``')}\``

/**
 * Of a grant on a view, whose columns no snapshot has: one statement for each column, for a server refuses all of
 * a grant that names one that is gone (error 1054), and keeps it when the view is replaced.
 */
export function piecesByColumn(grant: string): GrantPiece[] {
  const parts = partsOf(grant)
  if (parts === null) return [{ sql: grant }]
  const of = (text: string): string => grant.replace(parts.list, () => text)
  const units = unitsOf(parts)
  const whole = units.filter(({ isColumn }) => !isColumn).map(({ unit }) => unit)
  return [
    ...(whole.length === 0 ? [] : [{ sql: of(whole.join(', ')) }]),
    ...units
      .filter(({ isColumn }) => isColumn)
      .map(({ unit }): GrantPiece => ({ sql: of(unit), mayFail: true })),
  ]
}

/**
 * What of a grant on a view the server has not taken, as a grant, and the one that it has in its place (null for
 * none). Null when more than columns differ.
 *
 * @param found grants of the same account
 */
export function lostColumns(
  grant: string,
  found: readonly string[],
): { lost: string; instead: string | null } | null {
  const parts = partsOf(grant)
  if (parts === null) return null
  const rest = restOf(grant, parts.list)
  const instead = found.find(one => privilegesOn(one, rest) !== null) ?? null
  const units = unitsOf(parts)
  const there = new Set(instead === null ? [] : privilegesOn(instead, rest))
  const lost = units.filter(({ unit }) => !there.has(unit))
  const isMore = [...there].some(one => !units.some(({ unit }) => unit === one))
  if (isMore || lost.some(({ isColumn }) => !isColumn)) return null
  const text = lost.map(({ unit }) => unit).join(', ')
  return { lost: grant.replace(parts.list, () => text), instead }
}

const restOf = (grant: string, list: string): string =>
  grant.slice(grant.indexOf(list) + list.length)

/** The units of a grant that ends like `rest`; null for another one. */
function privilegesOn(grant: string, rest: string): string[] | null {
  const list = ON_COLUMNS.exec(grant)?.[1]
  if (list === undefined || restOf(grant, list) !== rest) return null
  const parts = partsOf(grant)
  return parts === null ? list.split(', ') : unitsOf(parts).map(({ unit }) => unit)
}

/**
 * The grant without columns that are gone: the engines keep a grant on a column when the
 * column is dropped, too, and do not take it (error 1054). Null when nothing is left.
 */
export function withoutColumns(grant: string, isGone: (column: string) => boolean): string | null {
  const parts = partsOf(grant)
  if (parts === null) return grant
  const kept = parts.privileges.flatMap(({ privilege, names, columns }) => {
    if (names === undefined) return [privilege]
    const there = columns.filter(name => !isGone(name.toLowerCase()))
    const quoted = there.map(inBackticks).join(', ')
    return there.length === 0 ? [] : [privilege.replace(`(${names})`, () => `(${quoted})`)]
  })
  if (kept.length === 0) return null
  return grant.replace(parts.list, () => kept.join(', '))
}
