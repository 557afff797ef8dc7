import {
  type CreateTable,
  firstList,
  identifiersIn,
  keywordsOf,
  parseCreateTable,
} from '../schema/create-table.ts'
import { isCheck, rewritesChecks } from '../schema/rewritten-checks.ts'
import type { TableEntry } from './manifest.ts'

/** A table's definition in two parts: what rows need, and what is faster made after them. */
export interface SplitTable {
  /** The table with columns, primary key, and all keys that cannot wait. */
  create: string
  /** Clauses for one ALTER TABLE each list: "ADD KEY `k` (`a`)". */
  indexes: readonly (readonly string[])[]
  /** Clauses for one ALTER TABLE, once every table has its keys; CHECKs, too. */
  foreignKeys: readonly string[]
}

/**
 * Decides which keys are made after the rows. The finished table must print the same SHOW
 * CREATE TABLE as before, where keys stand in the order of their making (unique ones
 * first, full-text ones last), so a key waits only when all keys behind it wait too.
 *
 * Stay in the table: the primary key; what an AUTO_INCREMENT column needs; unique keys of
 * a table without a primary key, because InnoDB may cluster by them; MariaDB's hashed and
 * period keys; every key of another storage engine, and anything unknown; and every key of a table whose
 * CHECKs an ALTER TABLE would rewrite. Where such a table has foreign keys, its CHECKs come with them.
 *
 * @param checksLast CHECKs come behind the rows in any case
 */
export function splitTable(create: string, storageEngine: string, checksLast = false): SplitTable {
  const table = parseCreateTable(create)
  if (storageEngine.toLowerCase() !== 'innodb') {
    return { create, indexes: [], foreignKeys: [] }
  }
  if (!checksLast && rewritesChecks(table)) return withChecksLast(create, table)
  const hasPrimary = table.clauses.some(clause => clause.startsWith('PRIMARY KEY'))
  const counter = counterColumn(table.clauses)
  const lastInline = table.clauses.findLastIndex(
    clause => isKeyClause(clause) && !mayWait(clause, hasPrimary, counter),
  )
  const waits = (clause: string, at: number): boolean => isKeyClause(clause) && at > lastInline
  const isLast = (clause: string): boolean =>
    isForeignKey(clause) || (checksLast && isCheck(clause))
  const kept = table.clauses.filter((clause, at) => !waits(clause, at) && !isLast(clause))
  const later = table.clauses.filter(waits)
  if (kept.length === table.clauses.length) return { create, indexes: [], foreignKeys: [] }
  const isFullText = (clause: string): boolean => clause.startsWith('FULLTEXT KEY')
  const plain = later.filter(clause => !isFullText(clause))
  return {
    create: `${table.head}\n  ${kept.join(',\n  ')}\n${table.tail}`,
    // InnoDB makes one full-text index at a time.
    indexes: [...(plain.length ? [plain] : []), ...later.filter(isFullText).map(key => [key])].map(
      keys => keys.map(key => `ADD ${key}`),
    ),
    foreignKeys: table.clauses.filter(isLast).map(clause => `ADD ${clause}`),
  }
}

/** With its foreign keys, which wait for other tables, and CHECKs in one ALTER TABLE, that is the last. */
function withChecksLast(create: string, { head, clauses, tail }: CreateTable): SplitTable {
  if (!clauses.some(isForeignKey)) return { create, indexes: [], foreignKeys: [] }
  const isLate = (clause: string): boolean => isForeignKey(clause) || isCheck(clause)
  const kept = clauses.filter(clause => !isLate(clause))
  return {
    create: `${head}\n  ${kept.join(',\n  ')}\n${tail}`,
    indexes: [],
    foreignKeys: clauses.filter(isLate).map(clause => `ADD ${clause}`),
  }
}

/**
 * The table as it is made for its rows. ARCHIVE refuses each key that is not above its counter
 * (error 1022), which after the rows is again what it was.
 */
export function madeForRows(
  create: string,
  { storageEngine, rows }: Pick<TableEntry, 'storageEngine' | 'rows'>,
): string {
  if (storageEngine.toUpperCase() !== 'ARCHIVE' || rows === 0) return create
  const { head, clauses, tail } = parseCreateTable(create)
  return `${head}\n  ${clauses.join(',\n  ')}\n${tail.replace(/^([^']*) AUTO_INCREMENT=\d+/, '$1')}`
}

/** All but the primary key. */
export const isKeyClause = (clause: string): boolean =>
  /^(UNIQUE |FULLTEXT |SPATIAL |VECTOR )?KEY [`(]/.test(clause)

const isForeignKey = (clause: string): boolean =>
  /^CONSTRAINT +FOREIGN KEY/.test(keywordsOf(clause))

function mayWait(clause: string, hasPrimary: boolean, counter: string | null): boolean {
  if (!/^(UNIQUE |FULLTEXT |SPATIAL )?KEY /.test(clause)) return false
  if (clause.startsWith('UNIQUE') && !hasPrimary) return false
  if (/USING HASH|WITHOUT OVERLAPS/.test(keywordsOf(clause))) return false
  return counter === null || !identifiersIn(firstList(clause)).includes(counter)
}

/** The AUTO_INCREMENT column of a definition that SHOW CREATE TABLE printed, or null. */
export function autoIncrementColumn(create: string): string | null {
  return autoIncrementOf(parseCreateTable(create).clauses)
}

function autoIncrementOf(clauses: readonly string[]): string | null {
  const column = clauses.find(
    clause => clause.startsWith('`') && /\bAUTO_INCREMENT\b/.test(keywordsOf(clause)),
  )
  return column === undefined ? null : (identifiersIn(column)[0] ?? null)
}

/** The AUTO_INCREMENT column, unless the primary key begins with it. */
function counterColumn(clauses: readonly string[]): string | null {
  const name = autoIncrementOf(clauses)
  if (name === null) return null
  const primary = clauses.find(clause => clause.startsWith('PRIMARY KEY'))
  return primary !== undefined && identifiersIn(firstList(primary))[0] === name ? null : name
}
