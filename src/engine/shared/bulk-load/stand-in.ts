import type { RestoreStatement } from '#domain/backup/restore-plan'
import type { StandIn } from '../../logical-writer.ts'
import { quoteQualified, quoteString } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'
import { plain } from './restore-statement.ts'

const MARK = 'ecomdb_stand_in'
const BODY = `DO ${quoteString(MARK)}`

/** Up to its body, and without its place among others. */
const HEAD = /^(?:`(?:[^`]|``)*`|'(?:[^']|'')*'|"(?:[^"]|"")*"|[^`'"])*?\bFOR\s+EACH\s+ROW\b/i

/** See LogicalWriter.standInFor. */
export function standInFor(program: RestoreStatement): RestoreStatement[] {
  const { stage, object, schema, isGrant } = program
  if (isGrant || schema === null) return []
  if (stage === 'triggers') {
    const head = HEAD.exec(program.sql)?.[0]
    return head === undefined ? [] : [{ ...program, sql: `${head} ${BODY}` }]
  }
  if (stage !== 'views') return []
  // As it is: of a table that is gone. No statement reads it, nor is a view made of it, without an error.
  const table = quoteQualified(schema, MARK)
  return [
    `CREATE TABLE ${table} (id INT PRIMARY KEY)`,
    `CREATE ${object.replace(/^view/, 'VIEW')} AS SELECT id FROM ${table}`,
    `DROP TABLE ${table}`,
  ].map(sql => ({ ...plain(stage, object, schema, sql), mayFail: true }))
}

interface StandInRow extends SqlRow {
  place: string
  name: string
  on: string
}

/** See LogicalWriter.standIns. */
export async function standIns(session: Session): Promise<StandIn[]> {
  const triggers = await session.rows<StandInRow>(
    `SELECT TRIGGER_SCHEMA AS place, TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS \`on\`
       FROM information_schema.TRIGGERS WHERE ACTION_STATEMENT = ${quoteString(BODY)}`,
  )
  const views = await session.rows<StandInRow>(
    `SELECT TABLE_SCHEMA AS place, TABLE_NAME AS name, '' AS \`on\`
       FROM information_schema.VIEWS WHERE LOCATE(${quoteString(MARK)}, VIEW_DEFINITION) > 0`,
  )
  return [
    ...triggers.map(row => standIn('trigger', 'triggers', row)),
    ...views.map(row => standIn('view', 'views', row)),
  ]
}

function standIn(kind: string, stage: 'triggers' | 'views', row: StandInRow): StandIn {
  const name = quoteQualified(row.place, row.name)
  const object = `${kind} ${name}`
  const drop = plain(stage, object, null, `DROP ${kind.toUpperCase()} ${name}`)
  return { object, table: row.on, drop: { ...drop, mayFail: true } }
}
