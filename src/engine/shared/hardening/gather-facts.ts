import { EcomdbError } from '#core/errors'
import type { HardeningFacts, PersonFact, PluginFact, ProgramFact } from '#domain/hardening/facts'
import { quoteQualified } from '../../quote.ts'
import { orNone } from '../../server-error.ts'
import type { Session } from '../../session.ts'
import { privilegesIn } from '../inspect/privileges.ts'
import { ownStores } from '../own-store/own-store.ts'
import type { HardeningDialect } from './dialect.ts'

/** Without them a view, trigger or event of another account is not in the catalogue tables. */
const SEES_ALL = ['SELECT', 'TRIGGER', 'EVENT']

const OWN_SCHEMAS = "('mysql', 'sys', 'information_schema', 'performance_schema')"

/** Definers as user@host; in ROUTINES and the others MariaDB writes a role as "role@". */
const PROGRAMS = `SELECT 'view' AS kind, CONCAT(table_schema, '.', table_name) AS name, definer AS definer,
    security_type = 'DEFINER' AS asDefiner FROM information_schema.views WHERE table_schema NOT IN ${OWN_SCHEMAS}
  UNION ALL SELECT LOWER(routine_type), CONCAT(routine_schema, '.', routine_name), definer,
    security_type = 'DEFINER' FROM information_schema.routines WHERE routine_schema NOT IN ${OWN_SCHEMAS}
  UNION ALL SELECT 'trigger', CONCAT(trigger_schema, '.', trigger_name), definer, 1
    FROM information_schema.triggers WHERE trigger_schema NOT IN ${OWN_SCHEMAS}
  UNION ALL SELECT 'event', CONCAT(event_schema, '.', event_name), definer, 1
    FROM information_schema.events WHERE event_schema NOT IN ${OWN_SCHEMAS}`

const SCHEMAS = `SELECT schema_name AS name,
    (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = schema_name) AS tables
  FROM information_schema.schemata WHERE schema_name NOT IN ${OWN_SCHEMAS}`

export async function gatherFacts(
  session: Session,
  dialect: HardeningDialect,
  now: () => Date,
): Promise<HardeningFacts> {
  const me = String(await session.value('SELECT CURRENT_USER()'))
  await refuseHalfBlind(session, me)
  const [about] = await session.rows('SELECT VERSION() AS version, @@version_comment AS comment')
  const accounts = await session.rows(dialect.accounts)
  const schemas = await session.rows(SCHEMAS)
  const edges = await session.rows<{ role: string; holder: string }>(dialect.roleEdges)
  return {
    family: session.flavor.family,
    version: String(about?.['version']),
    versionComment: String(about?.['comment']),
    me,
    connection: await howConnected(session),
    tlsAvailable: (await session.value(dialect.tlsAvailable)) === '1',
    variables: await readVariables(session, dialect),
    accounts: accounts.map(dialect.readAccount),
    privileges: await readPrivileges(session, dialect),
    roleEdges: edges.map(({ role, holder }) => ({ role, holder })),
    programs: await readPrograms(session),
    plugins: await readPlugins(session, dialect),
    schemas: schemas.map(row => ({ name: String(row['name']), tables: Number(row['tables']) })),
    ownDatabases: [ownStores.storeName(session, 'access'), ownStores.storeName(session, 'audit')],
    people: await readPeople(session),
    audited: null,
    skewMs: await clockSkew(session, now),
  }
}

async function refuseHalfBlind(session: Session, me: string): Promise<void> {
  const grants = (await session.rows('SHOW GRANTS')).map(row => String(Object.values(row)[0]))
  const { server } = privilegesIn(grants, '')
  const missing = SEES_ALL.filter(one => !server.has(one) && !server.has('ALL PRIVILEGES'))
  if (missing.length === 0) return
  throw new EcomdbError('PRIVILEGE_MISSING', {
    what: `${me} does not see all that is to be checked`,
    why: `it lacks ${missing.join(', ')} on everything, and what is not seen would pass`,
    hints: ['run it as an administrator, or as the account ecomdb_backup, which sees everything'],
  })
}

async function howConnected(session: Session): Promise<HardeningFacts['connection']> {
  const [row] = await session.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
  if (row?.['Value']) return 'tls'
  return session.options.socketPath ? 'socket' : 'plain'
}

async function readVariables(
  session: Session,
  dialect: HardeningDialect,
): Promise<HardeningFacts['variables']> {
  const rows = await session.rows<{ Variable_name: string; Value: string }>('SHOW GLOBAL VARIABLES')
  return new Map(
    rows.map(({ Variable_name: name, Value: value }) => [
      name.toLowerCase(),
      dialect.isNull(name.toLowerCase(), value) ? null : value,
    ]),
  )
}

async function readPrivileges(
  session: Session,
  dialect: HardeningDialect,
): Promise<HardeningFacts['privileges']> {
  type Row = Record<'account' | 'privilege' | 'grantable', string> &
    Record<'sch' | 'tbl', string | null>
  const rows = await session.rows<Row>(dialect.privileges)
  return rows
    .map(({ account, privilege, sch, tbl, grantable }) => ({
      account,
      privilege: privilege.toUpperCase(),
      schema: sch,
      table: tbl,
      grantable: grantable === 'YES',
    }))
    .filter(({ privilege, grantable }) => privilege !== 'USAGE' || grantable)
}

async function readPrograms(session: Session): Promise<ProgramFact[]> {
  const rows = await session.rows(PROGRAMS)
  return rows.map(row => ({
    kind: String(row['kind']) as ProgramFact['kind'],
    name: String(row['name']),
    definer: String(row['definer']),
    asDefiner: Number(row['asDefiner']) === 1,
  }))
}

async function readPlugins(
  session: Session,
  dialect: HardeningDialect,
): Promise<ReadonlyMap<string, PluginFact>> {
  const rows = await session.rows(dialect.plugins)
  return new Map(
    rows.map(row => [
      String(row['name']),
      { active: Number(row['active']) === 1, pinned: Number(row['pinned']) === 1 },
    ]),
  )
}

/** Nobody, where there is no database of this name. */
async function readPeople(session: Session): Promise<PersonFact[]> {
  const store = ownStores.storeName(session, 'access')
  const [account, person, lease] = ['account', 'person', 'role_grant'].map(table =>
    quoteQualified(store, table),
  )
  const rows = await orNone(
    session.rows(
      `SELECT CONCAT(a.account_user, '@', a.account_host) AS account, p.person AS person, p.state AS state,
         SUM(g.grant_id IS NOT NULL AND g.ended_at IS NULL) AS leases,
         DATEDIFF(UTC_TIMESTAMP(), COALESCE(MAX(g.ended_at), p.created_at)) AS idleDays
       FROM ${account} AS a JOIN ${person} AS p ON p.person = a.person
         LEFT JOIN ${lease} AS g ON g.person = p.person
       GROUP BY a.account_user, a.account_host, p.person, p.state, p.created_at`,
    ),
  )
  return rows.map(row => ({
    account: String(row['account']),
    person: String(row['person']),
    state: String(row['state']) as PersonFact['state'],
    leases: Number(row['leases']),
    idleDays: Number(row['idleDays']),
  }))
}

async function clockSkew(session: Session, now: () => Date): Promise<number> {
  const before = now().getTime()
  const theirs = Date.parse(
    `${String(await session.value('SELECT UTC_TIMESTAMP(3)')).replace(' ', 'T')}Z`,
  )
  const after = now().getTime()
  if (theirs > after) return theirs - after
  return theirs < before ? theirs - before : 0
}
