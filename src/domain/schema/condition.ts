import type { EngineFamily } from '../engine-family.ts'
import { findObject, findTable, type LiveSchema, type ObjectKind } from './live-schema.ts'

/**
 * When a statement of a migration is needed, told by what the live schema has. A fact that
 * a statement makes true stays true through all later ones, so every condition can be
 * judged before the first statement runs, and again after a crash between or in the
 * middle of any two.
 */
export interface Condition {
  /** True for "@when": the fact must hold; false for "@unless": it must not. */
  wanted: boolean
  fact: Fact
}

export type Fact =
  | { is: 'object'; kind: ObjectKind; name: string; own: boolean }
  | { is: 'column'; table: string; name: string }
  | { is: 'primary key'; table: string }
  /** For ecomdb's own stores: the shop's schema is the same on both. */
  | { is: 'engine'; family: EngineFamily }

/** What ecomdb's tables begin their comment with; an older table has none, or another. */
const OWN_COMMENT = 'ecomdb: '

/** @throws Error for a fact that it does not know */
export function parseCondition(wanted: boolean, text: string): Condition {
  const column = /^column (\w+)\.(\w+)$/.exec(text)
  if (column) {
    return { wanted, fact: { is: 'column', table: column[1] ?? '', name: column[2] ?? '' } }
  }
  const key = /^primary key of (\w+)$/.exec(text)
  if (key) return { wanted, fact: { is: 'primary key', table: key[1] ?? '' } }
  const engine = /^engine (mysql|mariadb)$/.exec(text)
  if (engine) return { wanted, fact: { is: 'engine', family: engine[1] as EngineFamily } }
  const object = /^(own )?(table|trigger|view|procedure) (\w+)$/.exec(text)
  if (!object) throw new Error(`a migration has a condition that is none: ${text}`)
  const kind = object[2] as ObjectKind
  return { wanted, fact: { is: 'object', kind, name: object[3] ?? '', own: !!object[1] } }
}

/** @param definer user@host of the account that owns ecomdb's programs */
export function holds(condition: Condition, schema: LiveSchema, definer: string): boolean {
  return isTrue(condition.fact, schema, definer) === condition.wanted
}

function isTrue(fact: Fact, schema: LiveSchema, definer: string): boolean {
  if (fact.is === 'column') {
    const columns = findTable(schema, fact.table)?.columns ?? []
    return columns.some(column => column.name === fact.name)
  }
  if (fact.is === 'primary key') {
    return findTable(schema, fact.table)?.indexes.some(index => index.primary) ?? false
  }
  if (fact.is === 'engine') throw new Error("the shop's migrations are for both engines")
  const object = findObject(schema.objects, fact.kind, fact.name)
  if (object === undefined) return false
  if (!fact.own) return true
  return fact.kind === 'table' ? object.comment.startsWith(OWN_COMMENT) : object.definer === definer
}
