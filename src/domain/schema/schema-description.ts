/** A database as its catalogue describes it: the live schema, not what was declared. */
export interface SchemaDescription {
  /** The database. */
  name: string
  /** "mariadb 10.11.19" */
  flavor: string
  /** By name. */
  tables: readonly TableDescription[]
  /** By name. */
  views: readonly ViewDescription[]
}

export interface TableDescription {
  name: string
  /** In their own order. */
  columns: readonly ColumnDescription[]
  /** Every index, the primary key's included, in the server's order. */
  indexes: readonly IndexDescription[]
  /** By name. */
  foreignKeys: readonly ForeignKeyDescription[]
}

export interface ColumnDescription {
  name: string
  /** As the server writes it: "int(11)", "enum('a','b')". */
  type: string
  nullable: boolean
  generated: boolean
  autoIncrement: boolean
}

export interface IndexDescription {
  name: string
  primary: boolean
  unique: boolean
  /** Column names in order; null for a part that is an expression. */
  columns: readonly (string | null)[]
}

export interface ForeignKeyDescription {
  name: string
  columns: readonly string[]
  referencedSchema: string
  referencedTable: string
  referencedColumns: readonly string[]
  /** "RESTRICT", "CASCADE", … */
  onDelete: string
  onUpdate: string
}

export interface ViewDescription {
  name: string
  columns: readonly ColumnDescription[]
  /** Tables and views that it reads, by name; null where the account may not see it. */
  reads: readonly { schema: string; name: string }[] | null
}

/** How many rows may be at each end of a foreign key. */
export interface Cardinality {
  /** Rows of the referenced table for one row here: a nullable column may refer to none. */
  referenced: 'one' | 'zero-or-one'
  /** Rows here for one row of the referenced table: a unique key allows one at most. */
  referencing: 'zero-or-one' | 'zero-or-many'
}

/** What the constraints allow, whatever the rows are. */
export function cardinalityOf(table: TableDescription, key: ForeignKeyDescription): Cardinality {
  const nullable = table.columns.some(c => c.nullable && key.columns.includes(c.name))
  const single = table.indexes.some(
    index => index.unique && index.columns.every(c => c !== null && key.columns.includes(c)),
  )
  return {
    referenced: nullable ? 'zero-or-one' : 'one',
    referencing: single ? 'zero-or-one' : 'zero-or-many',
  }
}
