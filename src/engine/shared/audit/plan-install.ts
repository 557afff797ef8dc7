import { valueEncoding } from '#domain/audit/canonical'
import { type Layout, OPERATION_TABLE } from '#domain/audit/event'
import type { PrivilegeGrant } from '#domain/schema/service-accounts'
import type { AuditedTableStatus, AuditInstallPlan, TrailRecord } from '../../audit-trail.ts'
import { quoteAccount, quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { type AccountDialect, accountSteps, observeAccounts } from '../provision/accounts.ts'
import { layoutContent, type ObservedTable, observeTable } from './observe-tables.ts'
import { readProcedures, TRANSCRIPT_TABLES } from './read-procedures.ts'
import { placeOf, type TablePlace } from './table-place.ts'
import {
  type AuditTrigger,
  auditTriggers,
  createTriggerSql,
  isTriggerName,
  type LiveLayout,
} from './trigger-statements.ts'

interface LiveTrigger {
  database: string
  name: string
  table: string
  body: string
  definer: string
}

/** The triggers of this audit that are there, on the shop's tables and on ecomdb's operations. */
async function auditTriggersThere(
  session: Session,
  database: string,
  store: string,
): Promise<LiveTrigger[]> {
  const operations = placeOf(session, database, OPERATION_TABLE)
  const rows = await session.rows<Record<string, string>>(
    `SELECT trigger_schema AS db, trigger_name AS name, event_object_table AS tbl,
       action_statement AS body, definer AS definer
     FROM information_schema.triggers
     WHERE trigger_schema = ? OR (trigger_schema = ? AND definer = ?)`,
    [database, operations.database, `${store}@localhost`],
  )
  return rows
    .map(row => ({
      database: String(row['db']),
      name: String(row['name']),
      table: String(row['tbl']),
      body: String(row['body']),
      definer: String(row['definer']),
    }))
    .filter(({ name }) => isTriggerName(name, store))
}

export async function planInstall(
  session: Session,
  dialect: AccountDialect,
  place: { database: string; store: string; trail: TrailRecord | null },
  tables: readonly string[],
  baseline: boolean,
): Promise<AuditInstallPlan> {
  const { database, store, trail } = place
  const audited = [...tables, OPERATION_TABLE]
  const all = await Promise.all(
    audited.map(one => observeTable(session, placeOf(session, database, one), one)),
  )
  // The access store is made when the plan is carried out.
  const observed = all.filter(one => one.table !== OPERATION_TABLE || one.columns.length > 0)
  const refusals = observed.flatMap(one => one.refusals)
  if (refusals.length > 0) return { refusals, layouts: [], statements: [], baselines: [] }
  const there = await auditTriggersThere(session, database, store)
  const layouts: Layout[] = []
  const baselines: Layout[] = []
  const create: string[] = []
  const keep = new Set<string>()
  let next = Math.max(0, ...(trail?.layouts ?? []).map(({ id }) => id))
  for (const one of observed) {
    const known = knownLayout(trail, one)
    const layout = known ?? { id: next + 1, table: one.table, ...layoutContent(one) }
    if (!known) layouts.push(layout)
    next = Math.max(next, layout.id)
    const record = trail?.tables.find(({ table }) => table === one.table)
    if (baseline || !known || record?.layoutId !== layout.id || !record.baselineDone) {
      baselines.push(layout)
    }
    const place = placeOf(session, database, one.table)
    const wanted = wantedTriggers(store, layout, one)
    const missing = wanted.filter(trigger => !isThere(there, place, trigger))
    // A trigger that is wrong has the name of the right one: a new layout gets round that.
    create.push(
      ...missing.flatMap(trigger => [
        ...(there.some(({ name }) => name === trigger.name)
          ? [`DROP TRIGGER ${quoteQualified(place.database, trigger.name)}`]
          : []),
        createTriggerSql(place, store, trigger),
      ]),
    )
    for (const { name } of wanted) keep.add(name)
  }
  const drop = there
    .filter(({ name }) => !keep.has(name))
    .map(one => `DROP TRIGGER ${quoteQualified(one.database, one.name)}`)
  const account = await definerSteps(session, dialect, place, tables)
  const procedures = await readProcedures(session, database, store, tables)
  const statements = [...account, ...create, ...procedures, ...drop]
  return { refusals, layouts, statements, baselines }
}

/** The newest layout that the table has now, or null. */
function knownLayout(trail: TrailRecord | null, table: ObservedTable): Layout | null {
  const newest = trail?.layouts.findLast(layout => layout.table === table.table)
  const same =
    newest &&
    JSON.stringify({ columns: newest.columns, key: newest.key }) ===
      JSON.stringify(layoutContent(table))
  return same ? newest : null
}

/** Why a table that is audited has no layout that fits. */
function whyNoLayout(trail: TrailRecord | null, table: ObservedTable): string {
  const newest = trail?.layouts.findLast(layout => layout.table === table.table)
  const values = ({ columns, key }: Pick<Layout, 'columns' | 'key'>): string =>
    JSON.stringify([columns.map(one => [one.name, valueEncoding(one.encoding)]), key])
  return newest && values(newest) === values(layoutContent(table))
    ? 'an older ecomdb laid its rows out: run `ecomdb audit install`'
    : 'its columns are not those that are audited'
}

function wantedTriggers(store: string, layout: Layout, table: ObservedTable): AuditTrigger[] {
  const live: LiveLayout = { ...layout, columns: table.columns, key: table.key }
  return auditTriggers(store, live)
}

/** The table alone does not tell: ecomdb's own `operation` is audited beside a shop's tables. */
const isOn = (one: LiveTrigger, { database, name }: TablePlace): boolean =>
  one.database === database && one.table === name

function isThere(
  there: readonly LiveTrigger[],
  place: TablePlace,
  { name, body }: AuditTrigger,
): boolean {
  return there.some(one => isOn(one, place) && one.name === name && one.body === body)
}

/** The locked account that the triggers run as. It is called as the store is. */
async function definerSteps(
  session: Session,
  dialect: AccountDialect,
  { database, store }: { database: string; store: string },
  tables: readonly string[],
): Promise<string[]> {
  const account = { user: store, host: 'localhost' }
  const [observed] = await observeAccounts(session, dialect, [account])
  const grants: PrivilegeGrant[] = [
    { schema: store, table: 'event', privileges: ['INSERT', 'SELECT'], grantOption: false },
    ...[...tables, OPERATION_TABLE].map(table => {
      const place = placeOf(session, database, table)
      const privileges = ['SELECT', 'TRIGGER']
      return { schema: place.database, table: place.name, privileges, grantOption: false }
    }),
  ]
  // A procedure's definer must hold EXECUTE on it too (error 1370 without, both engines).
  if (TRANSCRIPT_TABLES.every(table => tables.includes(table))) {
    grants.push({ schema: store, table: null, privileges: ['EXECUTE'], grantOption: false })
  }
  const held = new Set(
    observed?.grants.map(({ schema, table, privileges }) => `${schema}.${table}.${privileges}`),
  )
  const missing = grants.filter(({ schema, table, privileges }) =>
    privileges.some(privilege => !held.has(`${schema}.${table}.${privilege}`)),
  )
  const wanted = { account, login: false, grants }
  const state = observed ?? { account, exists: false, locked: false, halfMade: false, grants: [] }
  return accountSteps(dialect, wanted, state, missing).map(({ sql }) => sql)
}

export async function auditStatus(
  session: Session,
  { database, store, trail }: { database: string; store: string; trail: TrailRecord | null },
  tables: readonly string[],
): Promise<AuditedTableStatus[]> {
  const there = await auditTriggersThere(session, database, store)
  return await Promise.all(
    [...tables, OPERATION_TABLE].map(async table => {
      const place = placeOf(session, database, table)
      const observed = await observeTable(session, place, table)
      const record = trail?.tables.find(one => one.table === table)
      const layout = knownLayout(trail, observed)
      const problems = [...observed.refusals]
      if (!record) problems.push('it is not audited')
      else if (!layout) problems.push(whyNoLayout(trail, observed))
      else {
        const missing = wantedTriggers(store, layout, observed).filter(
          one => !isThere(there, place, one),
        )
        problems.push(...missing.map(({ name }) => `the trigger ${name} is missing or changed`))
        const stranger = there.find(one => isOn(one, place) && one.definer !== `${store}@localhost`)
        if (stranger) problems.push(`the trigger ${stranger.name} runs as ${stranger.definer}`)
        if (!record.baselineDone) problems.push('its rows of before are not all written down')
      }
      const layoutId = record?.layoutId ?? null
      return { table, problems, layoutId, baselineDone: record?.baselineDone ?? false }
    }),
  )
}

/** Stops the audit; the account goes, since nothing runs as it any more. */
export async function uninstallStatements(
  session: Session,
  database: string,
  store: string,
): Promise<string[]> {
  const there = await auditTriggersThere(session, database, store)
  return [
    ...there.map(one => `DROP TRIGGER ${quoteQualified(one.database, one.name)}`),
    `DROP USER IF EXISTS ${quoteAccount(store, 'localhost')}`,
  ]
}
