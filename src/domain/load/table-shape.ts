/** What a column takes, as the live schema says; what the loader's checks are made from. */
export type ColumnKind =
  | { type: 'integer'; min: bigint; max: bigint }
  /** `digits` in all, `scale` of them behind the point. */
  | { type: 'decimal'; digits: number; scale: number; unsigned: boolean }
  | { type: 'float' }
  | { type: 'double' }
  | { type: 'date' }
  /** DATETIME and TIMESTAMP; `fraction` digits of a second. */
  | { type: 'datetime'; fraction: number }
  | { type: 'time'; fraction: number }
  | { type: 'year' }
  /** `padded`: CHAR, whose trailing spaces the server drops. */
  | { type: 'text'; maxCharacters: number | null; maxBytes: number | null; padded: boolean }
  | { type: 'enum'; members: readonly string[] }
  | { type: 'set'; members: readonly string[] }
  /** A type that has no one text form in a CSV file: BLOB, BIT, GEOMETRY, JSON and the like. */
  | { type: 'unsupported'; name: string }

export interface ColumnShape {
  name: string
  kind: ColumnKind
  nullable: boolean
  /** The server fills it when the file has no such column. */
  optional: boolean
  generated: boolean
}

export interface ReferenceShape {
  column: string
  table: string
  referencedColumn: string
}

export interface TableShape {
  name: string
  columns: readonly ColumnShape[]
  /** Column names in key order; empty without a primary key. */
  primaryKey: readonly string[]
  /** Foreign keys of one column to other tables. */
  references: readonly ReferenceShape[]
}
