import { grantPieces, onViewOf, withoutDanglingGrants } from '#domain/backup/dangling-grants'
import { madeForRows } from '#domain/backup/deferred-indexes'
import { disabledEvent } from '#domain/backup/disabled-event'
import type {
  AccountEntry,
  DatabaseEntry,
  Manifest,
  ProgramEntry,
  TableEntry,
} from '#domain/backup/manifest'
import type { RestoreScripts } from '#domain/backup/restore-scripts'
import { isOnPackage, isPerson } from '#domain/backup/restored-accounts'
import { withoutMissingAdministrators } from '#domain/backup/role-administrators'
import { ROWS_ZONE, systemZoneOf, zoneAnywhere } from '#domain/backup/zone-of-source'
import { systemZoneText } from '#domain/binlog/system-zone'
import { computesInZone } from '#domain/schema/computes-in-zone'
import { computesOfDates } from '#domain/schema/computes-of-dates'
import { underDatabaseCollation } from './database-collation.ts'
import { dropDefaults } from './drop-defaults.ts'
import { BEFORE_EVENTS, isDroppedWhenOver } from './past-event.ts'
import { quoteIdentifier, quoteQualified, quoteString } from './quote.ts'
import { isReadOnly, setReadOnly } from './read-only-database.ts'
import { scriptSettings } from './shared/bulk-load/definition-settings.ts'
import { loadStatement } from './shared/bulk-load/row-statements.ts'
import { OFFSETS_HERE } from './shared/server-settings.ts'

/**
 * The manifest as SQL for the client, for a restore without ecomdb: see RestoreScripts for
 * what goes where. Plain rather than fast: tables are made with all their indexes, so that
 * nothing has to be taken apart and put together again. The version comments (`/*!80013 … `)
 * are the servers' own: each reads what it knows.
 */
export function renderRestoreScripts(manifest: Manifest): RestoreScripts {
  const sequences = manifest.programs.filter(({ kind }) => kind === 'sequence')
  const programs = manifest.programs.filter(({ kind }) => kind !== 'sequence')
  const { accounts } = withoutMissingAdministrators(manifest.accounts, [])
  // A grant on what is not there would stop the client in the middle of the file.
  const there = { ...manifest, programs: programs.filter(isValid) }
  const isOnView = onViewOf(there)
  const grants = withoutDanglingGrants(manifest.accounts, there)
    .accounts.flatMap(account => account.grants)
    .flatMap(grant => grantPieces(grant, isOnView(grant)))
  return {
    accounts: script([...session(manifest), ...accounts.flatMap(accountStatements)]),
    schema: script([
      ...session(manifest),
      ...(manifest.spatialReferences ?? []).map(({ create }) => create),
      ...manifest.databases.map(({ create }) => create),
      ...sequences.flatMap(({ schema, create, after }) => [
        use(schema),
        create,
        ...(after ? [after] : []),
      ]),
      ...manifest.tables.flatMap(table => [
        ...[use(table.schema), madeForRows(table.create, table)],
        ...dropDefaults(manifest.engine, table),
      ]),
    ]),
    loads: manifest.tables.map(table => ({
      schema: table.schema,
      table: table.name,
      sql: [
        ...session(manifest, computesOfDates(table.create)),
        loadStatement(table, '/dev/stdin'),
      ].join('; '),
    })),
    finish: script([
      ...session(manifest),
      ...programs.filter(isValid).flatMap(program => programStatements(manifest, program)),
      ...session(manifest),
      ...grants.filter(({ mayFail }) => !mayFail).flatMap(({ sql }) => grantStatements(sql)),
      // Last: a server may lack the zone.
      ...computeInZone(manifest),
    ]),
    optional: script(optionalStatements(manifest, grants)),
    check: script([
      ...manifest.tables.map(checkStatement),
      ...manifest.databases.filter(isReadOnly).map(checkReadOnly),
    ]),
  }
}

/** What a server may refuse. */
function optionalStatements(manifest: Manifest, grants: ReturnType<typeof grantPieces>): string[] {
  return [
    ...session(manifest),
    ...manifest.tables.flatMap(({ schema, statistics = [] }) =>
      statistics.length ? [use(schema), ...statistics] : [],
    ),
    ...(manifest.serverObjects ?? []).flatMap(({ kind, name, create }) => [
      note(`${kind} ${name} may be there, or need what is not here`),
      create,
    ]),
    ...manifest.programs
      .filter(program => !isValid(program))
      .flatMap(program => [
        note(
          `${program.kind} ${program.schema}.${program.name} was invalid on the source, and may be refused here`,
        ),
        ...programStatements(manifest, program),
      ]),
    ...grants
      .filter(({ mayFail }) => mayFail)
      .flatMap(({ sql }) => [
        note('a grant on a column of a view, or on a table of the server itself, that may be gone'),
        ...grantStatements(sql),
      ]),
    // Nothing can be made in these any more.
    ...manifest.databases.filter(isReadOnly).map(database => setReadOnly(database, 1)),
  ]
}

/**
 * The session that schema and rows are restored in. Not strict: what the source accepted once
 * (zero dates, rows from before a CHECK) comes back as it was.
 *
 * @param computes loads a table for which the server computes values of dates: then as most sessions were, without
 *   ALLOW_INVALID_DATES
 */
function session({ engine, settings }: Manifest, computes = false): string[] {
  const mode = [
    LENIENT,
    ...(computes ? [] : ['ALLOW_INVALID_DATES']),
    ...(engine === 'mariadb' ? ['IGNORE_BAD_TABLE_OPTIONS', 'NO_AUTO_CREATE_USER'] : []),
  ]
  // What a program has that names a character set and no collation.
  const found = settings['default_collation_for_utf8mb4']
  const collation =
    found === undefined
      ? []
      : [`/*!80011 SET SESSION default_collation_for_utf8mb4 = ${quoteString(found)} */`]
  return [
    // A table of an engine that is not here is refused, and does not become one of another engine.
    `SET SESSION sql_mode = ${quoteString(mode.join(','))}`,
    "SET SESSION time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 0",
    ...scriptSettings(engine),
    ...collation,
  ]
}

/** Rows were loaded in UTC: what hangs on the session's zone is computed anew in that of the source. */
function computeInZone(manifest: Manifest): string[] {
  const { settings, tables } = manifest
  const zone = zoneAnywhere(settings)
  if (zone === null || zone === ROWS_ZONE) return []
  const names = tables
    .filter(({ create }) => computesInZone(create))
    .map(({ schema, name }) => quoteQualified(schema, name))
  if (names.length === 0) return []
  const offsets = systemZoneOf(settings)?.offsets ?? ''
  // A host of the same zone knows when it was another one, too (São Paulo, Istanbul, Shanghai).
  const isOffsetOfSystem = settings['time_zone'] === 'SYSTEM' && zone !== 'SYSTEM'
  return [
    ...session(manifest, true),
    note(
      `keys, generated columns and CHECKs hang on the time zone of sessions: this is the one that the source had${zone === 'SYSTEM' ? `, and has to be the one of this host: ${systemText(settings)}` : ''}`,
    ),
    `SET SESSION time_zone = ${isOffsetOfSystem ? `IF(${OFFSETS_HERE} = ${quoteString(offsets)}, 'SYSTEM', ${quoteString(zone)})` : quoteString(zone)}`,
    ...names.map(name => `ALTER TABLE ${name} FORCE, ALGORITHM=COPY`),
    `SET SESSION time_zone = ${quoteString(ROWS_ZONE)}`,
  ]
}

function systemText(settings: Manifest['settings']): string {
  const system = systemZoneOf(settings)
  return system === null ? 'not known' : systemZoneText(system)
}

const LENIENT = 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'

const isValid = ({ invalid }: ProgramEntry): boolean => invalid === undefined

/** A program is made under the settings that it remembers of the session that made it first. */
function programStatements(
  { engine, databases, settings: source }: Manifest,
  program: ProgramEntry,
): string[] {
  const { sqlMode, characterSetClient, collationConnection, timeZone } = program
  const create = program.kind === 'event' ? disabledEvent(program.create) : program.create
  const settings = [`sql_mode = ${quoteString(sqlMode)}`]
  // The file is UTF-8: another client character set would read other letters out of it.
  if (characterSetClient && isAscii(create)) {
    settings.push(`character_set_client = ${quoteString(characterSetClient)}`)
  }
  if (collationConnection)
    settings.push(`collation_connection = ${quoteString(collationConnection)}`)
  if (timeZone) settings.push(`time_zone = ${quoteString(timeZone)}`)
  const usual = source['default_collation_for_utf8mb4']
  const own = usual === program.utf8mb4Collation ? undefined : program.utf8mb4Collation
  if (own) settings.push(`default_collation_for_utf8mb4 = ${quoteString(own)}`)
  // The next USE sets it back.
  if (program.sessionCollation)
    settings.push(`collation_database = ${quoteString(program.sessionCollation)}`)
  if (isDroppedWhenOver(program)) settings.push(`timestamp = ${BEFORE_EVENTS}`)
  const back = `SET SESSION character_set_client = utf8mb4, time_zone = '+00:00', timestamp = DEFAULT`
  const [before = [], after = []] = underDatabaseCollation(program, databases) ?? []
  const names = engine === 'mysql' ? 'utf8mb4_0900_ai_ci' : 'utf8mb4_general_ci'
  return [
    use(program.schema),
    ...before,
    `SET SESSION ${settings.join(', ')}`,
    create,
    `${back}, collation_connection = ${names}${own && usual ? `, default_collation_for_utf8mb4 = ${quoteString(usual)}` : ''}`,
    ...after,
  ]
}

function grantStatements(grant: string): string[] {
  if (!isOnPackage(grant)) return [grant]
  return [
    "SET SESSION sql_mode = 'ORACLE'",
    grant,
    `SET SESSION sql_mode = ${quoteString(LENIENT)}`,
  ]
}

/** An account that is there already, as root is, stays as it is; a person's comes back locked. */
function accountStatements(account: AccountEntry): string[] {
  const lock = isPerson(account, [])
  return account.create.map(statement => {
    const ifNeeded = statement.replace(
      /^CREATE (USER|ROLE) (?!IF NOT EXISTS)/,
      'CREATE $1 IF NOT EXISTS ',
    )
    return lock && ifNeeded.startsWith('CREATE USER') ? locked(ifNeeded) : ifNeeded
  })
}

/** What SHOW CREATE USER printed, with the account locked. MySQL prints the lock in every case. */
function locked(statement: string): string {
  if (/ ACCOUNT LOCK( |$)/.test(statement)) return statement
  const unlocked = ' ACCOUNT UNLOCK PASSWORD HISTORY'
  return statement.includes(unlocked)
    ? statement.replace(unlocked, ' ACCOUNT LOCK PASSWORD HISTORY')
    : `${statement} ACCOUNT LOCK`
}

/** Rows as (table, expected, found), for tables that have another number of rows than they had. */
function checkStatement({ schema, name, rows, history }: TableEntry): string {
  const table = `${quoteQualified(schema, name)}${history ? ' FOR SYSTEM_TIME ALL' : ''}`
  return `SELECT ${quoteString(`${schema}.${name}`)}, ${rows} AS expected, COUNT(*) AS found FROM ${table} HAVING found <> expected`
}

/** The same of a database that can be written to. */
function checkReadOnly({ name }: DatabaseEntry): string {
  return `SELECT SCHEMA_NAME, 'READ ONLY' AS expected, 'writable' AS found
            FROM information_schema.SCHEMATA_EXTENSIONS
           WHERE SCHEMA_NAME = ${quoteString(name)} AND IFNULL(OPTIONS, '') NOT LIKE '%READ ONLY=1%'`
}

function note(text: string): string {
  return `SELECT ${quoteString(text)} AS note`
}

function use(schema: string): string {
  return `USE ${quoteIdentifier(schema)}`
}

/** Statements for the client, under a delimiter that none of them holds. */
function script(statements: readonly string[]): string {
  let delimiter = ';;'
  while (statements.some(statement => statement.includes(delimiter))) delimiter += ';'
  const lines = statements.map(statement => `${statement}\n${delimiter}\n`)
  return `SET NAMES utf8mb4;\nDELIMITER ${delimiter}\n${lines.join('')}DELIMITER ;\n`
}

function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII starts at NUL
  return /^[\x00-\x7f]*$/.test(text)
}
