import { holds } from './condition.ts'
import { findTable, type LiveSchema } from './live-schema.ts'
import { DEFINER_TOKEN, type Migration, type MigrationStatement } from './migration.ts'
import type { AccountName } from './service-accounts.ts'

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
  const owner = `${definer.user}@${definer.host}`
  return migrations
    .filter(migration => !finished.has(migration.version))
    .map(migration => {
      const needed = migration.statements.filter(statement =>
        statement.conditions.every(condition => holds(condition, live, owner)),
      )
      const resolve = (statement: MigrationStatement): string =>
        resolveTokens(statement.sql, live, definer, quote)
      return {
        migration,
        steps: needed
          .filter(statement => statement.check === null)
          .map(statement => migrationStep(migration, statement.index, resolve(statement))),
        checks: needed.flatMap(statement =>
          statement.check === null
            ? []
            : [{ ...identity(migration), what: statement.check, sql: resolve(statement) }],
        ),
      }
    })
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
 * server gave them. Other indexes are nobody's to drop: see unknownParts in stages.ts.
 */
function dropKeys(live: LiveSchema, name: string): { what: string; name: string }[] {
  const table = findTable(live, name)
  if (!table) return []
  const serving = table.indexes.filter(
    index =>
      !index.primary &&
      table.foreignKeys.some(key =>
        key.columns.every((column, at) => index.columns[at] === column),
      ),
  )
  return [
    ...table.foreignKeys.map(key => ({ what: 'FOREIGN KEY', name: key.name })),
    ...serving.map(index => ({ what: 'KEY', name: index.name })),
  ]
}
