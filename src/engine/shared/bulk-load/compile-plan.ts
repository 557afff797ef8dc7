import { splitTable } from '#domain/backup/deferred-indexes'
import { disabledEvent } from '#domain/backup/disabled-event'
import type { AccountEntry, Manifest, ProgramEntry, TableEntry } from '#domain/backup/manifest'
import {
  RESTORE_STAGES,
  type RestorePlan,
  type RestoreStage,
  type RestoreStatement,
} from '#domain/backup/restore-plan'
import { isPerson, maskHashes } from '#domain/backup/restored-accounts'
import type { PlanOptions, RestoreTarget } from '../../logical-writer.ts'
import { quoteAccount, quoteIdentifier, quoteQualified } from '../../quote.ts'

const STAGE_OF: Readonly<Record<ProgramEntry['kind'], RestoreStage>> = {
  sequence: 'sequences',
  procedure: 'routines',
  function: 'routines',
  package: 'routines',
  'package body': 'routines',
  view: 'views',
  trigger: 'triggers',
  event: 'events',
}

/** Every statement of a restore, in order; the rows come between 'tables' and 'indexes'. */
export function compileRestorePlan(
  manifest: Manifest,
  target: RestoreTarget,
  options: PlanOptions,
): RestorePlan {
  const wanted = (schema: string): boolean => options.databases?.includes(schema) ?? true
  const tables = manifest.tables.flatMap((table, place) => (wanted(table.schema) ? [place] : []))
  const entries = tables.flatMap(place => manifest.tables[place] ?? [])
  const accounts = options.accounts ? accountStatements(manifest, target, options) : noAccounts
  const statements = [
    ...manifest.databases
      .filter(database => wanted(database.name))
      .map(database => databaseStatement(database, target)),
    ...accounts.statements,
    ...entries.flatMap(tableStatements),
    ...manifest.programs
      .filter(program => wanted(program.schema))
      .map(program => programStatement(program, options.disableEvents)),
  ]
  // sort() is stable: within a stage the manifest's order stays.
  statements.sort((a, b) => RESTORE_STAGES.indexOf(a.stage) - RESTORE_STAGES.indexOf(b.stage))
  return {
    statements,
    tables,
    rows: entries.reduce((sum, table) => sum + table.rows, 0),
    bytes: entries.reduce((sum, table) => sum + bytesOf(table), 0),
    notes: [...accounts.notes, ...settingNotes(manifest, target)],
  }
}

function bytesOf(table: TableEntry): number {
  return table.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)
}

/** A database that is there already, and empty, is brought to the snapshot's options. */
function databaseStatement(
  database: { name: string; create: string },
  target: RestoreTarget,
): RestoreStatement {
  const exists = target.databases.some(one => one.name === database.name)
  const create = database.create.replace(/^CREATE DATABASE (\/\*!\d+ IF NOT EXISTS ?\*\/ ?)?/, '')
  return plain(
    'databases',
    `database ${quoteIdentifier(database.name)}`,
    null,
    exists ? `ALTER DATABASE ${create}` : `CREATE DATABASE ${create}`,
  )
}

function tableStatements(table: TableEntry): RestoreStatement[] {
  const name = quoteQualified(table.schema, table.name)
  const { create, indexes, foreignKeys } = splitTable(table.create, table.storageEngine)
  const alter = (clauses: readonly string[]): string =>
    `ALTER TABLE ${name}\n  ${clauses.join(',\n  ')}`
  const label = `table ${name}`
  return [
    plain('tables', label, table.schema, create),
    ...indexes.map(clauses => plain('indexes', label, table.schema, alter(clauses))),
    ...(foreignKeys.length ? [plain('foreign keys', label, table.schema, alter(foreignKeys))] : []),
  ]
}

function programStatement(program: ProgramEntry, disableEvents: boolean): RestoreStatement {
  const sql =
    program.kind === 'event' && disableEvents ? disabledEvent(program.create) : program.create
  return {
    ...plain(STAGE_OF[program.kind], programLabel(program), program.schema, sql),
    context:
      program.characterSetClient === ''
        ? null
        : {
            sqlMode: program.sqlMode,
            characterSetClient: program.characterSetClient,
            collationConnection: program.collationConnection,
            timeZone: program.timeZone,
          },
  }
}

/** "trigger `shop`.`orders_follow`" */
export function programLabel(program: Pick<ProgramEntry, 'kind' | 'schema' | 'name'>): string {
  return `${program.kind} ${quoteQualified(program.schema, program.name)}`
}

interface AccountPart {
  statements: RestoreStatement[]
  notes: string[]
}

const noAccounts: AccountPart = {
  statements: [],
  notes: ['accounts, roles and grants stay as they are on the server'],
}

function accountStatements(
  manifest: Manifest,
  target: RestoreTarget,
  options: PlanOptions,
): AccountPart {
  const statements: RestoreStatement[] = []
  const there: string[] = []
  const locked: string[] = []
  for (const account of manifest.accounts) {
    const label = accountLabel(account)
    if (target.accounts.some(one => one.user === account.user && one.host === account.host)) {
      there.push(label)
      continue
    }
    const lock = options.lockPeople && isPerson(account, options.services)
    if (lock) locked.push(label)
    const create = [
      ...account.create,
      ...(lock ? [`ALTER USER ${quoteAccount(account.user, account.host)} ACCOUNT LOCK`] : []),
    ]
    statements.push(
      ...create.map(sql => plain('accounts', label, null, sql)),
      ...account.grants.map(sql => plain('grants', label, null, sql)),
    )
  }
  return {
    statements,
    notes: [
      ...(there.length ? [`already there, left as they are: ${there.join(', ')}`] : []),
      ...(locked.length
        ? [`come back locked (ALTER USER … ACCOUNT UNLOCK): ${locked.join(', ')}`]
        : []),
    ],
  }
}

function accountLabel(account: AccountEntry): string {
  return `${account.kind} ${quoteAccount(account.user, account.host)}`
}

function plain(
  stage: RestoreStage,
  object: string,
  schema: string | null,
  sql: string,
): RestoreStatement {
  const shown = stage === 'accounts' || stage === 'grants' ? maskHashes(sql) : sql
  return { stage, object, schema, sql, shown, context: null }
}

/** Settings that change what names and text mean. */
const TELLING_SETTINGS = ['lower_case_table_names', 'character_set_server', 'collation_server']

function settingNotes(manifest: Manifest, target: RestoreTarget): string[] {
  return TELLING_SETTINGS.flatMap(name => {
    const [was, is] = [manifest.settings[name], target.settings[name]]
    return was !== undefined && is !== undefined && was !== is
      ? [`${name} was ${was} on the source and is ${is} here`]
      : []
  })
}
