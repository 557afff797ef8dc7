import { grantPieces } from '#domain/backup/dangling-grants'
import { definerAccounts } from '#domain/backup/definer-grants'
import { disabledEvent } from '#domain/backup/disabled-event'
import type {
  AccountEntry,
  DatabaseEntry,
  Manifest,
  ProgramEntry,
  TableEntry,
} from '#domain/backup/manifest'
import { passwordHistoryNotes } from '#domain/backup/password-history'
import {
  type MadeObjects,
  RESTORE_STAGES,
  type RestorePlan,
  type RestoreStage,
  type RestoreStatement,
} from '#domain/backup/restore-plan'
import {
  grantTarget,
  isOnPackage,
  isPerson,
  serviceNotes,
  viewKey,
} from '#domain/backup/restored-accounts'
import { alterDatabase, nameAndOptions, underDatabaseCollation } from '../../database-collation.ts'
import type { PlanOptions, RestoreTarget } from '../../logical-writer.ts'
import { BEFORE_EVENTS, isDroppedWhenOver } from '../../past-event.ts'
import { quoteAccount, quoteIdentifier, quoteQualified } from '../../quote.ts'
import { isReadOnly, setReadOnly } from '../../read-only-database.ts'
import { eventNotes } from './event-notes.ts'
import { grantableHere } from './grantable-here.ts'
import { accountsOnly, removalStatements, resumeRemovals, withoutRemoved } from './removal-plan.ts'
import { ORACLE, plain } from './restore-statement.ts'
import { pluginStatements, serverStatements, spatialStatements } from './server-statements.ts'
import { defaultCollation, settingNotes } from './source-settings.ts'
import { tableStatements } from './table-statements.ts'
import { unreadableTriggerNotes, withUnreadableLast } from './unreadable-trigger.ts'

const STAGE_OF: Readonly<Record<ProgramEntry['kind'], RestoreStage>> = {
  sequence: 'sequences',
  procedure: 'routines',
  function: 'routines',
  package: 'routines',
  'package body': 'routines',
  library: 'routines',
  view: 'views',
  trigger: 'triggers',
  event: 'events',
}

/**
 * Every statement of a restore, in order; the rows come between 'tables' and 'indexes'. A
 * restore that is continued leaves the tables that are there, with the keys that they have,
 * and makes all else anew: that costs little, and leaves nothing to guess.
 */
export function compileRestorePlan(
  manifest: Manifest,
  target: RestoreTarget,
  options: PlanOptions,
): RestorePlan {
  const wanted = (schema: string): boolean => options.databases?.includes(schema) ?? true
  const { resume } = options
  const thereOf = (place: number) => resume?.progress.tables.find(one => one.table === place)
  const there = withoutRemoved(target, options.remove ?? accountsOnly(resume?.made))
  const databases = manifest.databases.filter(database => wanted(database.name))
  const tables = manifest.tables.flatMap((table, place) => (wanted(table.schema) ? [place] : []))
  const entries = tables.flatMap(place => manifest.tables[place] ?? [])
  const grantable = grantableHere(accountsOf(manifest, options), manifest, target)
  const accounts = accountStatements(grantable.accounts, manifest.programs, there, options)
  const readOnly = databases.filter(isReadOnly)
  const setTo = (to: 0 | 1, stage: RestoreStage) => (database: DatabaseEntry) =>
    plain(stage, `database ${quoteIdentifier(database.name)}`, null, setReadOnly(database, to))
  const live = new Set(target.databases.map(({ name }) => name))
  const collationOf = defaultCollation(manifest, target)
  const statements = [
    ...readOnly.filter(({ name }) => live.has(name)).map(setTo(0, 'removal')),
    ...removalStatements(options.remove),
    // One that was killed before it made a database has nothing to remove there.
    ...(resume ? resumeRemovals(manifest, resume, name => wanted(name) && live.has(name)) : []),
    ...removalStatements(accountsOnly(resume?.made)),
    ...spatialStatements(manifest),
    ...(options.installPlugins ? pluginStatements(manifest, target) : []),
    ...(options.accounts === 'all' ? serverStatements(manifest, options) : []),
    ...databases.map(database => databaseStatement(database, there)),
    ...accounts.statements,
    ...giveUpRoles(accounts.made, grantable.accounts, target.administrator),
    ...tables.flatMap(place => tableStatements(manifest, place, target, thereOf(place))),
    ...withUnreadableLast(manifest.programs)
      .filter(program => wanted(program.schema))
      .flatMap(program => [
        ...programStatements(program, databases, options.disableEvents, collationOf),
        ...(program.kind === 'view' ? accounts.grantsOnView(program) : []),
      ]),
    ...readOnly.map(setTo(1, 'events')),
  ]
  // sort() is stable: within a stage the manifest's order stays.
  statements.sort((a, b) => RESTORE_STAGES.indexOf(a.stage) - RESTORE_STAGES.indexOf(b.stage))
  return {
    statements,
    tables,
    rows: entries.reduce((sum, table) => sum + table.rows, 0),
    bytes: entries.reduce((sum, table) => sum + bytesOf(table), 0),
    makes: {
      databases: databases.map(database => database.name),
      // Nothing else of them: this goes into the journal, and they have hashes.
      accounts: accounts.made.map(({ user, host, kind }) => ({ user, host, kind })),
    },
    locked: accounts.locked,
    kept: accounts.kept,
    unknownPrivileges: grantable.unknown,
    notes: [
      ...accounts.notes,
      ...passwordHistoryNotes(manifest, accounts.made),
      ...grantable.notes,
      ...invalidNotes(manifest.programs.filter(({ schema }) => wanted(schema))),
      ...unreadableTriggerNotes(manifest.programs.filter(({ schema }) => wanted(schema))),
      ...settingNotes(manifest, target),
      ...(options.disableEvents
        ? eventNotes(manifest.programs.filter(({ schema }) => wanted(schema)))
        : []),
    ],
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
  return plain(
    'databases',
    `database ${quoteIdentifier(database.name)}`,
    null,
    exists ? alterDatabase(database) : `CREATE DATABASE ${nameAndOptions(database)}`,
  )
}

function programStatements(
  program: ProgramEntry,
  databases: Manifest['databases'],
  disableEvents: boolean,
  collationOf: ReturnType<typeof defaultCollation>,
): RestoreStatement[] {
  const sql =
    program.kind === 'event' && disableEvents ? disabledEvent(program.create) : program.create
  const collation = collationOf(program.utf8mb4Collation)
  const stage = STAGE_OF[program.kind]
  const label = programLabel(program)
  const { sqlMode, characterSetClient, collationConnection, timeZone } = program
  const context = {
    ...{ sqlMode, characterSetClient, collationConnection, timeZone },
    ...(isDroppedWhenOver(program) ? { timestamp: BEFORE_EVENTS } : {}),
    ...(collation ? { defaultCollation: collation } : {}),
    ...(program.sessionCollation ? { sessionCollation: program.sessionCollation } : {}),
  }
  const made = {
    ...plain(stage, label, program.schema, sql),
    context: characterSetClient === '' ? null : context,
    ...mayFail(program),
  }
  const [before = [], after = []] = underDatabaseCollation(program, databases) ?? []
  return [
    ...before.map(text => plain(stage, label, null, text)),
    made,
    ...after.map(text => plain(stage, label, null, text)),
    ...(program.after === undefined ? [] : [plain(stage, label, program.schema, program.after)]),
  ]
}

/** A view or trigger that was invalid on the source, and the grants on a view. */
const mayFail = ({ invalid }: ProgramEntry): { mayFail?: true } =>
  invalid === undefined ? {} : { mayFail: true }

/** "trigger `shop`.`orders_follow`" */
export function programLabel(program: Pick<ProgramEntry, 'kind' | 'schema' | 'name'>): string {
  return `${program.kind} ${quoteQualified(program.schema, program.name)}`
}

/**
 * MariaDB gives a role to whoever creates it, to grant it to others; who did not have it, or might not grant
 * it, on the source gives it up when that is done.
 */
function giveUpRoles(
  made: MadeObjects['accounts'],
  accounts: readonly AccountEntry[],
  administrator: { user: string; host: string },
): RestoreStatement[] {
  const name = quoteAccount(administrator.user, administrator.host)
  const mine = `\`${administrator.user.replaceAll('`', '``')}\`@\`${administrator.host}\``
  const grants = accounts.flatMap(account => [...account.create, ...account.grants])
  return made.flatMap(({ user, host, kind }) => {
    // MariaDB's roles have no host.
    if (kind !== 'role' || host !== '' || user === 'PUBLIC') return []
    const role = quoteIdentifier(user)
    const own = grants.filter(grant => grant.startsWith(`GRANT ${role} TO ${mine}`))
    if (own.some(grant => / WITH ADMIN OPTION$/.test(grant))) return []
    const option = own.length > 0 ? 'ADMIN OPTION FOR ' : ''
    return [plain('grants', `role ${role}`, null, `REVOKE ${option}${role} FROM ${name}`)]
  })
}

interface AccountPart {
  made: readonly AccountEntry[]
  locked: readonly AccountEntry[]
  kept: readonly AccountEntry[]
  /** Accounts, and grants but for those on views. */
  statements: RestoreStatement[]
  /** Grants on a view need the view, and come right after it: a later view may need them. */
  grantsOnView(view: ProgramEntry): RestoreStatement[]
  notes: string[]
}

function accountsOf(manifest: Manifest, options: PlanOptions): readonly AccountEntry[] {
  return options.accounts === 'all'
    ? manifest.accounts
    : definerAccounts(manifest, options.databases ?? null).map(({ account }) => account)
}

function accountStatements(
  accounts: readonly AccountEntry[],
  programs: readonly ProgramEntry[],
  target: RestoreTarget,
  options: PlanOptions,
): AccountPart {
  const views = new Set(
    programs
      .filter(({ kind }) => kind === 'view')
      .map(({ schema, name }) => viewKey({ kind: 'table', database: schema, name })),
  )
  const isThere = ({ user, host }: AccountEntry): boolean =>
    target.accounts.some(one => one.user === user && one.host === host)
  const kept = accounts.filter(isThere)
  const made = accounts.filter(account => !isThere(account))
  const locked = options.lockPeople
    ? made.filter(account => isPerson(account, options.services))
    : []
  return {
    made,
    locked,
    kept,
    statements: made.flatMap(account => [
      ...accountLines(account, locked.includes(account)),
      ...grantLines(account, 'grants', grant => !views.has(viewKey(grantTarget(grant)))),
    ]),
    grantsOnView: view => {
      const key = viewKey({ kind: 'table', database: view.schema, name: view.name })
      return made.flatMap(account =>
        grantLines(account, 'views', grant => viewKey(grantTarget(grant)) === key).map(grant => ({
          ...grant,
          ...mayFail(view),
          on: programLabel(view),
        })),
      )
    },
    notes: [
      ...(options.accounts === 'definers'
        ? [
            `accounts and roles stay as they are on the server${made.length ? `, but for these that views and routines run as: ${labels(made)}` : ''}`,
          ]
        : []),
      ...(kept.length ? [`already there, left as they are: ${labels(kept)}`] : []),
      ...(locked.length
        ? [`come back locked (ALTER USER … ACCOUNT UNLOCK): ${labels(locked)}`]
        : []),
      ...(options.lockPeople ? serviceNotes(accounts, options.services) : []),
    ],
  }
}

function accountLines(account: AccountEntry, lock: boolean): RestoreStatement[] {
  const label = accountLabel(account)
  const create = [
    ...account.create,
    ...(lock ? [`ALTER USER ${quoteAccount(account.user, account.host)} ACCOUNT LOCK`] : []),
  ]
  return create.map(sql => plain('accounts', label, null, sql))
}

function grantLines(
  account: AccountEntry,
  stage: RestoreStage,
  isWanted: (grant: string) => boolean,
): RestoreStatement[] {
  const label = accountLabel(account)
  return account.grants
    .filter(isWanted)
    .flatMap(grant => grantPieces(grant, stage === 'views'))
    .map(({ sql, mayFail }) => ({
      ...plain(stage, label, null, sql),
      context: isOnPackage(sql) ? ORACLE : null,
      isGrant: true,
      ...(mayFail ? { mayFail } : {}),
    }))
}

function labels(accounts: readonly AccountEntry[]): string {
  return accounts.map(accountLabel).join(', ')
}

function accountLabel(account: AccountEntry): string {
  return `${account.kind} ${quoteAccount(account.user, account.host)}`
}

function invalidNotes(programs: readonly ProgramEntry[]): string[] {
  return programs.flatMap(program =>
    program.invalid === undefined
      ? []
      : [
          `${programLabel(program)} was invalid on the source; it stays out if this server refuses it: ${program.invalid}`,
        ],
  )
}
