import { EcomdbError } from '#core/errors'
import type { Grantee, LiveSchema, ObjectKind, SchemaObject } from '#domain/schema/live-schema'
import type { SchemaDescription } from '#domain/schema/schema-description'
import { quoteIdentifier, quoteQualified } from '../../quote.ts'
import { orNone } from '../../server-error.ts'
import type { Session, SqlRow } from '../../session.ts'
import { definition } from '../logical/same-catalog.ts'
import { schemaObserver } from '../schema/observe-schema.ts'

/** Names of the objects of which the definition is wanted. */
export type KnownNames = Readonly<Record<ObjectKind, ReadonlySet<string>>>

/** Reads what provisioning decides on. The session's database is the schema, if it exists. */
export async function observeLiveSchema(
  session: Session,
  schema: string,
  known: KnownNames,
): Promise<LiveSchema> {
  const [found] = await session.rows<{ collation: string }>(
    'SELECT default_collation_name AS collation FROM information_schema.schemata WHERE schema_name = ?',
    [schema],
  )
  return {
    name: schema,
    exists: found !== undefined,
    collation: found?.collation ?? null,
    description: await describe(session, schema),
    objects: found ? await readObjects(session, schema, known) : [],
    grantees: found ? await readGrantees(session, schema) : [],
  }
}

async function describe(session: Session, schema: string): Promise<SchemaDescription> {
  try {
    return await schemaObserver.observe(session, schema)
  } catch (error) {
    if (!(error instanceof EcomdbError) || error.code !== 'SCHEMA_MISSING') throw error
    return { name: schema, flavor: session.flavor.toString(), tables: [], views: [] }
  }
}

/** Grants on procedures; also those that an interrupted run wrote down before it dropped one. */
async function readGrantees(session: Session, schema: string): Promise<Grantee[]> {
  const rows = await session.rows<Record<'name' | 'user' | 'host', string>>(
    `SELECT Routine_name AS name, User AS user, Host AS host FROM mysql.procs_priv
     WHERE Db = ? AND Routine_type = 'PROCEDURE' AND FIND_IN_SET('Execute', Proc_priv) > 0
     ORDER BY 1, 2, 3`,
    [schema],
  )
  const kept = await orNone(
    session.rows<{ content: string }>(
      `SELECT row_content AS content FROM ${quoteQualified(schema, 'ecomdb_set_aside')}
       WHERE table_name = 'mysql.procs_priv' ORDER BY row_content`,
    ),
  )
  const all = [
    ...rows.map(({ name, user, host }) => ({ procedure: name, user, host })),
    ...kept.map(({ content }) => JSON.parse(content) as Grantee),
  ]
  const unique = new Map(all.map(each => [`${each.procedure} ${each.user}@${each.host}`, each]))
  return [...unique.values()]
}

type Listed = Omit<SchemaObject, 'definition'>

async function readObjects(
  session: Session,
  schema: string,
  known: KnownNames,
): Promise<SchemaObject[]> {
  const objects: SchemaObject[] = []
  for (const listed of await listObjects(session, schema)) {
    const wanted =
      listed.table === null ? known[listed.kind].has(listed.name) : known.table.has(listed.table)
    if (wanted) objects.push({ ...listed, definition: await definitionOf(session, schema, listed) })
  }
  return objects
}

async function listObjects(session: Session, schema: string): Promise<Listed[]> {
  const rows = await session.rows<SqlRow & { kind: ObjectKind; name: string }>(
    `SELECT 'table' AS kind, table_name AS name, NULL AS tbl, NULL AS definer, table_comment AS comment
     FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE'
     UNION ALL SELECT 'view', table_name, NULL, definer, ''
     FROM information_schema.views WHERE table_schema = ?
     UNION ALL SELECT 'trigger', trigger_name, event_object_table, definer, ''
     FROM information_schema.triggers WHERE trigger_schema = ?
     UNION ALL SELECT 'procedure', specific_name, NULL, definer, routine_comment
     FROM information_schema.routines WHERE routine_schema = ? AND routine_type = 'PROCEDURE'`,
    [schema, schema, schema, schema],
  )
  return rows
    .map(row => ({
      kind: row.kind,
      name: row.name,
      table: textOrNull(row['tbl']),
      definer: textOrNull(row['definer']),
      comment: String(row['comment'] ?? ''),
    }))
    .sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name))
}

/** The columns that SHOW CREATE gives besides the text and that change what a program does. */
const SETTINGS = ['sql_mode', 'character_set_client', 'collation_connection']

async function definitionOf(session: Session, schema: string, listed: Listed): Promise<string> {
  const name = `${quoteIdentifier(schema)}.${quoteIdentifier(listed.name)}`
  const [row] = await session.rows(`SHOW CREATE ${listed.kind.toUpperCase()} ${name}`)
  const statement = Object.entries(row ?? {}).find(
    ([column]) => /^create /i.test(column) || column === 'SQL Original Statement',
  )?.[1]
  const settings = SETTINGS.filter(column => row?.[column] !== undefined).map(
    column => `${column} = ${String(row?.[column])}`,
  )
  const text = definition(String(statement ?? ''))
  return [text, ...settings].join('\n')
}

function textOrNull(value: SqlRow[string] | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}
