import { createHash } from 'node:crypto'
import { type Condition, parseCondition } from './condition.ts'

/** One file of src/engine/migrations: plain SQL with conditions in comments. */
export interface Migration {
  version: number
  /** "order_items" of 0003_order_items.sql */
  name: string
  /** SHA-256 of the file's bytes, hexadecimal. */
  checksum: string
  statements: readonly MigrationStatement[]
}

export interface MigrationStatement {
  /** From 1, within the file; checks have numbers too. */
  index: number
  conditions: readonly Condition[]
  /** A query of one count that must be 0 before anything is changed; what it counts. */
  check: string | null
  /** A procedure: the statement runs for each of its grantees, who stands at `{grantee}`. */
  forGranteesOf: string | null
  /** May hold `{drop keys of TABLE}`, and the definer account as DEFINER_TOKEN. */
  sql: string
}

/** How the files write the account that owns programs; another name is put in when asked. */
export const DEFINER_TOKEN = '`ecomdb_definer`@`localhost`'

/**
 * Reads a migration. A statement ends at a line that ends in the delimiter, which a
 * DELIMITER line changes as in the mysql client. Comment lines directly before a
 * statement may say when it is needed:
 *
 *     -- @when trigger insert_new_orders
 *     -- @unless table orders
 *     -- @check orders that lack a date
 *     -- @for each grantee of order_performance
 *
 * @throws Error when a line cannot be understood: the files are part of the program
 */
export function parseMigration(fileName: string, text: string): Migration {
  const named = /^(\d{4})_([a-z_]+)\.sql$/.exec(fileName)
  if (!named) throw new Error(`${fileName} is no name of a migration`)
  const statements: MigrationStatement[] = []
  let delimiter = ';'
  let conditions: Condition[] = []
  let check: string | null = null
  let forGranteesOf: string | null = null
  let lines: string[] = []
  for (const line of text.split('\n')) {
    const directive = /^-- @(when|unless|check|for each grantee of) (.+)$/.exec(line)
    const changed = /^DELIMITER (\S+)$/.exec(line)
    if (changed) delimiter = changed[1] ?? ';'
    else if (directive?.[1] === 'check') check = directive[2] ?? ''
    else if (directive?.[1]?.startsWith('for each')) forGranteesOf = directive[2] ?? ''
    else if (directive) conditions.push(parseCondition(directive[1] === 'when', directive[2] ?? ''))
    else if (lines.length === 0 && (line.startsWith('--') || line.trim() === '')) continue
    else if (line.endsWith(delimiter)) {
      const sql = [...lines, line.slice(0, -delimiter.length)].join('\n')
      statements.push({ index: statements.length + 1, conditions, check, forGranteesOf, sql })
      conditions = []
      check = null
      forGranteesOf = null
      lines = []
    } else lines.push(line)
  }
  if (lines.length > 0) throw new Error(`${fileName}: the last statement has no end`)
  return {
    version: Number(named[1]),
    name: named[2] ?? '',
    checksum: createHash('sha256').update(text).digest('hex'),
    statements,
  }
}
