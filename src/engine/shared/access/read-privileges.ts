import type { Place } from '#domain/access/right'
import type { Session, SqlRow } from '../../session.ts'
import type { PrincipalTable } from './principal-rows.ts'

/** Columns of mysql.user and mysql.db whose privilege is not the column's name. */
const COLUMN_NAMES: Readonly<Record<string, string>> = {
  Grant_priv: 'GRANT OPTION',
  Show_db_priv: 'SHOW DATABASES',
  Create_tmp_table_priv: 'CREATE TEMPORARY TABLES',
  Repl_slave_priv: 'REPLICATION SLAVE',
  Repl_client_priv: 'REPLICATION CLIENT',
}

/** The privileges of a row of Y and N columns. */
export function privilegesOfRow(row: SqlRow): string[] {
  return Object.entries(row)
    .filter(([column, value]) => column.endsWith('_priv') && value === 'Y')
    .map(([column]) => COLUMN_NAMES[column] ?? plainName(column.slice(0, -'_priv'.length)))
}

/** "Alter_routine" and "Show view" are ALTER ROUTINE and SHOW VIEW. */
function plainName(name: string): string {
  return name.replaceAll('_', ' ').toUpperCase()
}

/** The names in a SET column; its 'Grant' is GRANT OPTION. */
function privilegesOfSet(value: unknown): string[] {
  return String(value ?? '')
    .split(',')
    .filter(name => name !== '')
    .map(name => {
      if (name === 'Grant') return 'GRANT OPTION'
      return name === 'Delete versioning rows' ? 'DELETE HISTORY' : name.toUpperCase()
    })
}

type Row = Record<string, string | number | null>

/**
 * What is held on schemas, tables, columns and programs, and to act as others. These five
 * tables are alike on both engines. Read as a whole: one account at a time would be a
 * thousand queries.
 */
export async function readPrivileges(session: Session, principals: PrincipalTable): Promise<void> {
  const give = (row: Row, privileges: readonly string[], place: Place): void => {
    const principal = principals.find(String(row['User']), String(row['Host']))
    for (const privilege of privileges) principal?.rights.push({ privilege, place })
  }
  for (const row of await session.rows<Row>('SELECT * FROM mysql.db')) {
    give(row, privilegesOfRow(row), { on: 'schema', schema: String(row['Db']) })
  }
  const tables = 'SELECT Host, User, Db, Table_name, Table_priv FROM mysql.tables_priv'
  for (const row of await session.rows<Row>(tables)) {
    const [schema, name] = [String(row['Db']), String(row['Table_name'])]
    give(row, privilegesOfSet(row['Table_priv']), { on: 'table', schema, name, column: null })
  }
  const columns =
    'SELECT Host, User, Db, Table_name, Column_name, Column_priv FROM mysql.columns_priv'
  for (const row of await session.rows<Row>(columns)) {
    const [schema, name] = [String(row['Db']), String(row['Table_name'])]
    const column = String(row['Column_name'])
    give(row, privilegesOfSet(row['Column_priv']), { on: 'table', schema, name, column })
  }
  const routines = `SELECT Host, User, Db, Routine_name, Routine_type, Proc_priv
    FROM mysql.procs_priv`
  for (const row of await session.rows<Row>(routines)) {
    const [schema, name] = [String(row['Db']), String(row['Routine_name'])]
    const type = String(row['Routine_type'])
    give(row, privilegesOfSet(row['Proc_priv']), { on: 'routine', schema, name, type })
  }
  const proxies = 'SELECT Host, User, Proxied_host, Proxied_user FROM mysql.proxies_priv'
  for (const row of await session.rows<Row>(proxies)) {
    const [user, host] = [String(row['Proxied_user']), String(row['Proxied_host'])]
    give(row, ['PROXY'], { on: 'proxy', user, host })
  }
}
