import type { SchemaDescription, TableDescription } from './schema-description.ts'

/** What provisioning knows of a schema: its shape, and how the server writes its objects. */
export interface LiveSchema {
  name: string
  /** False when the server has no such schema; everything else is then empty. */
  exists: boolean
  collation: string | null
  description: SchemaDescription
  /** The shop's tables, views and procedures, as far as they are there, and all triggers on the tables. */
  objects: readonly SchemaObject[]
  /** Who may call a procedure by a grant on it, which goes when the procedure is dropped. */
  grantees: readonly Grantee[]
}

export interface Grantee {
  procedure: string
  user: string
  /** '' of a MariaDB role. */
  host: string
}

export interface SchemaObject {
  kind: ObjectKind
  name: string
  /** Of a trigger: its table. */
  table: string | null
  /** user@host; null of a table. */
  definer: string | null
  comment: string
  /** What SHOW CREATE says, and of a program its session settings; without the AUTO_INCREMENT counter. */
  definition: string
}

export const OBJECT_KINDS = ['table', 'view', 'trigger', 'procedure'] as const
export type ObjectKind = (typeof OBJECT_KINDS)[number]

export function findTable(schema: LiveSchema, name: string): TableDescription | undefined {
  return schema.description.tables.find(table => table.name === name)
}

export function findObject<Named extends Pick<SchemaObject, 'kind' | 'name'>>(
  objects: readonly Named[],
  kind: ObjectKind,
  name: string,
): Named | undefined {
  return objects.find(object => object.kind === kind && object.name === name)
}
