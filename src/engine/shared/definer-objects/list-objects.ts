import type { DefinerObject } from '#domain/access/definer-object'
import { sameAccount } from '#domain/access/definer-object'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Session } from '../../session.ts'

type Row = Record<string, string | number | null>

/** The columns of information_schema tell a definer as user@host, unquoted. */
export async function listDefinerObjects(
  session: Session,
  definers: readonly AccountName[],
): Promise<DefinerObject[]> {
  if (definers.length === 0) return []
  const names = definers.map(({ user, host }) => `${user}@${host}`)
  const places = names.map(() => '?').join(', ')
  const rows = await session.rows<Row>(
    `SELECT 'view' AS kind, table_schema AS sch, table_name AS name, definer AS definer,
            NULL AS tbl, NULL AS fires, NULL AS state
       FROM information_schema.views WHERE definer IN (${places})
     UNION ALL SELECT LOWER(routine_type), routine_schema, routine_name, definer, NULL, NULL, NULL
       FROM information_schema.routines WHERE definer IN (${places})
     UNION ALL SELECT 'trigger', trigger_schema, trigger_name, definer, event_object_table,
            CONCAT(action_timing, ' ', event_manipulation), NULL
       FROM information_schema.triggers WHERE definer IN (${places})
     UNION ALL SELECT 'event', event_schema, event_name, definer, NULL, NULL, status
       FROM information_schema.events WHERE definer IN (${places})`,
    [...names, ...names, ...names, ...names],
  )
  return rows.map(row => objectOf(row, definers))
}

function objectOf(row: Row, definers: readonly AccountName[]): DefinerObject {
  const named = definerOf(String(row['definer']))
  return {
    kind: String(row['kind']) as DefinerObject['kind'],
    schema: String(row['sch']),
    name: String(row['name']),
    definer: accountOf(definers.find(one => sameAccount(one, named)) ?? named),
    ...(row['tbl'] === null ? {} : { table: String(row['tbl']), fires: String(row['fires']) }),
    ...(row['state'] === null ? {} : { enabled: row['state'] === 'ENABLED' }),
  }
}

export function definerOf(text: string): AccountName {
  const at = text.lastIndexOf('@')
  return { user: text.slice(0, at), host: text.slice(at + 1) }
}

const accountOf = ({ user, host }: AccountName): AccountName => ({ user, host })
