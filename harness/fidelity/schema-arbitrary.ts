import * as fc from 'fast-check'

/**
 * A schema as numbers: what they mean is decided in table-text.ts and program-text.ts. So a
 * schema that fails shrinks to a small one, and a seed makes the same one on every machine.
 */
export interface ColumnWish {
  type: number
  charset: number
  nullable: boolean
  default: number
  invisible: boolean
  comment: number
}

export interface TableWish {
  name: number
  key: number
  columns: readonly ColumnWish[]
  generated: readonly number[]
  indexes: readonly { columns: readonly number[]; kind: number }[]
  check: number
  engine: number
  option: number
  partition: number
  foreign: number
  versioned: number
  rows: readonly (readonly number[])[]
  changes: readonly number[]
}

export interface ProgramWish {
  kind: number
  name: number
  table: number
  mode: number
  context: number
}

export interface CheckWish {
  table: number
  column: number
  kind: number
}

export interface SchemaWish {
  database: number
  charset: number
  tables: readonly TableWish[]
  programs: readonly ProgramWish[]
  /** Of clients whose character set is not UTF-8. */
  otherClients: readonly ProgramWish[]
  /** What few servers have. */
  rare: readonly ProgramWish[]
  /** Besides those of the tables. */
  checks: readonly CheckWish[]
  /** Rows are written by a session that takes days which are none. */
  invalidDates: boolean
}

const small = (max: number): fc.Arbitrary<number> => fc.nat({ max })

const column: fc.Arbitrary<ColumnWish> = fc.record({
  type: small(999),
  charset: small(999),
  nullable: fc.boolean(),
  default: small(11),
  invisible: small(9).map(n => n === 9),
  comment: small(9),
})

const table: fc.Arbitrary<TableWish> = fc.record({
  name: small(999),
  key: small(19),
  columns: fc.array(column, { minLength: 1, maxLength: 8 }),
  generated: fc.array(small(99), { maxLength: 2 }),
  indexes: fc.array(
    fc.record({ columns: fc.array(small(99), { minLength: 1, maxLength: 3 }), kind: small(19) }),
    { maxLength: 3 },
  ),
  check: small(5),
  engine: small(19),
  option: small(19),
  partition: small(19),
  foreign: small(9),
  versioned: small(5),
  rows: fc.array(fc.array(small(9999), { minLength: 10, maxLength: 10 }), { maxLength: 20 }),
  changes: fc.array(small(99), { maxLength: 4 }),
})

const program: fc.Arbitrary<ProgramWish> = fc.record({
  kind: small(99),
  name: small(999),
  table: small(99),
  mode: small(99),
  context: small(99),
})

export const schemaArbitrary: fc.Arbitrary<SchemaWish> = fc.record({
  database: small(999),
  charset: small(99),
  tables: fc.array(table, { minLength: 1, maxLength: 4 }),
  programs: fc.array(program, { maxLength: 6 }),
  // Last, so that a seed keeps what it made before there were these.
  otherClients: fc.array(program, { maxLength: 3 }),
  rare: fc.array(program, { maxLength: 2 }),
  checks: fc.array(fc.record({ table: small(99), column: small(99), kind: small(999) }), {
    maxLength: 4,
  }),
  invalidDates: small(3).map(n => n === 3),
})
