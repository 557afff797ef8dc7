import { holds } from './condition.ts'
import { findTable, type LiveSchema } from './live-schema.ts'
import { DEFINER_TOKEN, type Migration, type MigrationStatement } from './migration.ts'
import type { AccountName } from './service-accounts.ts'
import { type Finding, type StageFound, servesForeignKey } from './shop-shape.ts'

/** One row of the journal table: a migration that was begun here. */
export interface JournalEntry {
  version: number
  name: string
  checksum: string
  state: 'running' | 'done' | 'adopted'
  statementIndex: number
  /** UTC, as the server prints it. */
  startedAt: string
  finishedAt: string | null
  appliedBy: string
  toolVersion: string
}

/** A statement that apply will send, just as plan prints it. */
export interface Step {
  kind: 'database' | 'account' | 'migration'
  /** Of a migration: its version, name and the statement's number. */
  version: number | null
  name: string | null
  index: number | null
  /** With PASSWORD_MARK in the place of a secret. */
  sql: string
  /** Whose password stands at PASSWORD_MARK. */
  passwordOf: string | null
}

/** In the place of a password in a step's text; printed as it is. */
export const PASSWORD_MARK = "'********'"

/** A query of one number that must be 0 before anything is changed. */
export interface PlannedCheck {
  version: number
  name: string
  /** What is counted. */
  what: string
  sql: string
}

/** Everything that apply will do, in order. plan prints it, apply runs it. */
export interface ProvisionPlan {
  /** "mariadb 10.11.19" */
  flavor: string
  database: string
  /** Where a schema without a journal stands; null when the journal knows. */
  stage: StageFound | null
  versions: readonly VersionState[]
  /** What is in the way: with any, apply refuses. */
  findings: readonly Finding[]
  /** In order; a stage with a migration ends with its entry in the journal. */
  stages: readonly PlanStage[]
  /** Rows that an adoption kept in ecomdb_set_aside. */
  setAside: number
  /** What apply will not do, and why. */
  notes: readonly string[]
}

/** What apply did. */
export interface ProvisionResult {
  database: string
  /** Statements that ran; 0 when there was nothing to do. */
  statements: number
  /** Those statements, as plan prints them. */
  steps: readonly Step[]
  /** The stage that was adopted; null for an empty start, and when the journal knew. */
  adopted: number | null
  /** Versions that are now done or adopted, and were not before. */
  versions: readonly number[]
  /** Rows that an adoption replaced and kept in ecomdb_set_aside. */
  setAside: number
  /** Files with passwords of accounts that were made. */
  passwordFiles: readonly string[]
  notes: readonly string[]
}

/** A migration with its statements, or statements that belong to none. */
export interface PlanStage {
  pending: PendingMigration | null
  steps: readonly Step[]
}

export interface VersionState {
  version: number
  name: string
  state: 'pending' | 'interrupted' | 'done' | 'adopted'
  /** UTC */
  finishedAt: string | null
  appliedBy: string | null
  toolVersion: string | null
}

export function versionStates(
  migrations: readonly Migration[],
  journal: readonly JournalEntry[],
): VersionState[] {
  const ran = new Map(journal.map(entry => [entry.version, entry]))
  const known = new Set(migrations.map(({ version }) => version))
  return [
    ...migrations.map(({ version, name }) => ({ version, name })),
    ...journal.filter(entry => !known.has(entry.version)),
  ].map(({ version, name }) => {
    const entry = ran.get(version)
    const state = entry?.state === 'running' ? 'interrupted' : (entry?.state ?? 'pending')
    return {
      version,
      name,
      state,
      finishedAt: entry?.finishedAt ?? null,
      appliedBy: entry?.appliedBy ?? null,
      toolVersion: entry?.toolVersion ?? null,
    }
  })
}

export interface PendingMigration {
  migration: Migration
  steps: readonly Step[]
  checks: readonly PlannedCheck[]
}

/**
 * What the migrations that are not done here have left to do. Pure: the same live schema
 * and journal give the same statements.
 */
export function pendingMigrations(
  migrations: readonly Migration[],
  journal: readonly JournalEntry[],
  live: LiveSchema,
  definer: AccountName,
  quote: (name: string) => string,
): PendingMigration[] {
  const finished = new Set(
    journal.filter(entry => entry.state !== 'running').map(entry => entry.version),
  )
  // Where a run was interrupted: the statements before that one are done.
  const resumeAt = new Map(journal.map(entry => [entry.version, entry.statementIndex]))
  const owner = `${definer.user}@${definer.host}`
  return migrations
    .filter(migration => !finished.has(migration.version))
    .map(migration => {
      const needed = migration.statements.filter(
        statement =>
          statement.index >= (resumeAt.get(migration.version) ?? 0) &&
          statement.conditions.every(condition => holds(condition, live, owner)),
      )
      const resolve = (statement: MigrationStatement): string =>
        resolveTokens(statement.sql, live, definer, quote)
      return {
        migration,
        steps: needed
          .filter(statement => statement.check === null)
          .flatMap(statement =>
            forGrantees(statement, live, resolve(statement), quote).map(sql =>
              migrationStep(migration, statement.index, sql),
            ),
          ),
        checks: needed.flatMap(statement =>
          statement.check === null
            ? []
            : [{ ...identity(migration), what: statement.check, sql: resolve(statement) }],
        ),
      }
    })
}

/** The statement, or one for each account that was granted the procedure. */
function forGrantees(
  { forGranteesOf }: MigrationStatement,
  live: LiveSchema,
  sql: string,
  quote: (name: string) => string,
): string[] {
  if (forGranteesOf === null) return [sql]
  return live.grantees
    .filter(grantee => grantee.procedure === forGranteesOf)
    .map(({ user, host }) => (host === '' ? quote(user) : `${quote(user)}@${quote(host)}`))
    .map(grantee => sql.replaceAll('{grantee}', () => grantee))
}

function migrationStep(migration: Migration, index: number, sql: string): Step {
  return { kind: 'migration', ...identity(migration), index, sql, passwordOf: null }
}

function identity({ version, name }: Migration): { version: number; name: string } {
  return { version, name }
}

function resolveTokens(
  sql: string,
  live: LiveSchema,
  definer: AccountName,
  quote: (name: string) => string,
): string {
  return sql
    .replaceAll(DEFINER_TOKEN, `${quote(definer.user)}@${quote(definer.host)}`)
    .replace(/ \{drop keys of (\w+)\}/g, (_token, table: string) =>
      dropKeys(live, table)
        .map(({ what, name }) => `\n  DROP ${what} ${quote(name)},`)
        .join(''),
    )
}

/**
 * An older table's foreign keys, and the indexes that serve them, under whatever names the
 * server gave them. Other indexes are nobody's to drop: see strangeIndexes in shop-shape.ts.
 */
function dropKeys(live: LiveSchema, name: string): { what: string; name: string }[] {
  const table = findTable(live, name)
  if (!table) return []
  const serving = table.indexes.filter(
    index => !index.primary && servesForeignKey(table, index.columns),
  )
  return [
    ...table.foreignKeys.map(key => ({ what: 'FOREIGN KEY', name: key.name })),
    ...serving.map(index => ({ what: 'KEY', name: index.name })),
  ]
}
