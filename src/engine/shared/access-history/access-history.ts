import { wordsIn } from '#domain/access/definer-object'
import type { ProgramSource, SecondFactor } from '#domain/access/reach'
import type { AccessHistory } from '../../access-history.ts'
import { quoteQualified } from '../../quote.ts'
import { isNoSuchTable, orNone } from '../../server-error.ts'
import type { Session, SqlRow } from '../../session.ts'
import { isoUtc, sqlUtc } from '../leavers/iso-utc.ts'
import { ownStores } from '../own-store/own-store.ts'
import { readViewSources } from '../schema/view-sources.ts'

type Text = Record<string, string>

export const accessHistory: AccessHistory = {
  async lastLogins(session) {
    const rows = await orNone(
      session.rows<SqlRow & Text>(
        `SELECT person AS person, MAX(created_at) AS at FROM ${table(session, 'session_account')}
          GROUP BY person`,
      ),
    )
    return new Map(rows.map(({ person = '', at = '' }) => [person, isoUtc(at)]))
  },
  async operations(session, from, until) {
    const rows = await orNone(
      session.rows<SqlRow & Text>(
        `SELECT operation_id AS id, at AS at, actor AS actor, command AS command, subject AS subject
           FROM ${table(session, 'operation')} WHERE at >= ? AND at < ? ORDER BY operation_id`,
        [sqlUtc(new Date(from)), sqlUtc(new Date(until))],
      ),
    )
    return rows.map(({ id, at = '', actor = '', command = '', subject = '' }) => ({
      ...{ operationId: Number(id), at: isoUtc(at), actor, command, subject },
    }))
  },
  async secondFactors(session) {
    try {
      const rows = await session.rows<SqlRow & Text>(
        `SELECT person AS person, state AS state FROM ${table(session, 'totp')}`,
      )
      return new Map(rows.map(({ person = '', state }) => [person, state as SecondFactor]))
    } catch (error) {
      if (isNoSuchTable(error)) return null
      throw error
    }
  },
  async departures(session) {
    const rows = await orNone(
      session.rows<SqlRow & Text>(
        `SELECT person AS person, left_at AS at FROM ${table(session, 'person')}
          WHERE left_at IS NOT NULL`,
      ),
    )
    return new Map(rows.map(({ person = '', at = '' }) => [person, isoUtc(at)]))
  },
  sources: readSources,
}

function table(session: Session, name: string): string {
  return quoteQualified(ownStores.storeName(session, 'access'), name)
}

async function readSources(session: Session): Promise<ProgramSource[]> {
  const views = await session.rows<SqlRow & Text>(
    `SELECT table_schema AS sch, table_name AS name FROM information_schema.views
      WHERE table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`,
  )
  const found: ProgramSource[] = []
  for (const schema of new Set(views.map(({ sch = '' }) => sch))) {
    const names = views.filter(({ sch }) => sch === schema).map(({ name = '' }) => name)
    for (const [name, reads] of await readViewSources(session, schema, names)) {
      found.push({ kind: 'view', schema, name, reads })
    }
  }
  return [...found, ...(await readRoutines(session))]
}

/** The server keeps no list of what a routine reads: what its text names, it may reach. */
async function readRoutines(session: Session): Promise<ProgramSource[]> {
  const tables = await session.rows<SqlRow & Text>(
    `SELECT table_schema AS sch, table_name AS name FROM information_schema.tables
      WHERE table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`,
  )
  const routines = await session.rows<SqlRow & Text>(
    `SELECT routine_schema AS sch, routine_name AS name, LOWER(routine_type) AS kind,
            COALESCE(routine_definition, '') AS body FROM information_schema.routines
      WHERE routine_schema NOT IN ('mysql', 'sys') AND routine_type IN ('PROCEDURE', 'FUNCTION')`,
  )
  return routines.map(({ sch = '', name = '', kind, body = '' }) => {
    const words = wordsIn(body)
    const reads = tables
      .map(one => ({ schema: one['sch'] ?? '', name: one['name'] ?? '' }))
      .filter(one => words.has(one.name.toLowerCase()))
      .filter(one => one.schema === sch || words.has(one.schema.toLowerCase()))
    return { kind: kind as ProgramSource['kind'], schema: sch, name, reads }
  })
}
