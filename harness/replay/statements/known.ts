import type { EngineFamily } from '#domain/engine-family'
import type { Random } from '#domain/sample/random'

export interface Column {
  name: string
  /** As information_schema has it, in small letters: "varchar". */
  type: string
  isGenerated: boolean
  isPrimary: boolean
}

/**
 * What statements are drawn from: the random numbers, and the tables that are there. The same
 * seed and the same tables give the same statements.
 */
export class Known {
  readonly family: EngineFamily
  readonly random: Random
  /** Whether a session may SET timestamp: a moment is not found by a time then. */
  canLie: boolean
  /**
   * Rows that a log numbers are told (3), and nothing else is looked at behind that: so few rounds have them.
   */
  readonly mayNumber: boolean
  /** Of the tables in `shop`, by name. */
  columns = new Map<string, readonly Column[]>()

  constructor(family: EngineFamily, random: Random, canLie: boolean) {
    this.family = family
    this.random = random
    this.canLie = canLie
    this.mayNumber = random.chance(0.1)
  }

  get isMysql(): boolean {
    return this.family === 'mysql'
  }

  pick<Item>(...items: readonly Item[]): Item {
    return this.random.pick(items)
  }

  /** A table of ours, t0 to t9, that is there. */
  table(): string {
    const there = [...this.columns.keys()].filter(name => /^t\d$/.test(name))
    return there.length > 0 ? this.random.pick(there) : 't0'
  }

  /** A name of a table, there or not. */
  tableName(): string {
    return `t${this.random.between(0, 9)}`
  }

  writable(table: string): readonly Column[] {
    const all = this.columns.get(table) ?? []
    return all.filter(({ name, isGenerated }) => !isGenerated && !HIDDEN.test(name))
  }

  column(table: string, from = this.columns.get(table) ?? []): Column {
    return from.length > 0 ? this.random.pick(from) : NO_COLUMN
  }
}

/** The server's own. */
const HIDDEN = /^(my_row_id|row_start|row_end)$/

const NO_COLUMN: Column = { name: 'c0', type: 'varchar', isGenerated: false, isPrimary: false }

/** For one of several ways of a statement; only the one that is picked draws further numbers. */
export type Ways = readonly (() => string)[]

export const oneOf = (known: Known, ways: Ways): string => known.random.pick(ways)()
