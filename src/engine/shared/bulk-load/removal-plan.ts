import type { SplitTable } from '#domain/backup/deferred-indexes'
import type { Manifest, ProgramEntry } from '#domain/backup/manifest'
import type { MadeObjects, RestoreStatement } from '#domain/backup/restore-plan'
import { parseCreateTable } from '#domain/schema/create-table'
import type { PlanOptions, RestoreTarget } from '../../logical-writer.ts'
import { quoteAccount, quoteIdentifier, quoteQualified, quoteString } from '../../quote.ts'
import { ORACLE, plain } from './restore-statement.ts'

/** What an interrupted restore made; its databases were empty or missing before it. */
export function removalStatements(made: MadeObjects | null): RestoreStatement[] {
  if (!made) return []
  return [
    ...made.databases.map(name =>
      plain(
        'removal',
        `database ${quoteIdentifier(name)}`,
        null,
        `DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`,
      ),
    ),
    ...made.accounts.flatMap(({ user, host, kind }) => {
      if (kind === 'role' && host === '' && user === 'PUBLIC') return NOTHING_FOR_ALL
      const drop = kind === 'role' ? 'DROP ROLE IF EXISTS' : 'DROP USER IF EXISTS'
      // MariaDB's roles have no host.
      const account = host === '' ? quoteString(user) : quoteAccount(user, host)
      return plain('removal', `${kind} ${account}`, null, `${drop} ${account}`)
    }),
  ]
}

/** MariaDB's PUBLIC cannot be dropped. It is there from its first grant on, and before that is refused. */
const NOTHING_FOR_ALL = [
  'GRANT USAGE ON *.* TO PUBLIC',
  'REVOKE ALL PRIVILEGES, GRANT OPTION FROM PUBLIC',
].map(sql => plain('removal', 'grants of PUBLIC', null, sql))

/** The server as it will be without them. */
export function withoutRemoved(target: RestoreTarget, made: MadeObjects | null): RestoreTarget {
  if (!made) return target
  return {
    ...target,
    databases: target.databases.filter(({ name }) => !made.databases.includes(name)),
    accounts: target.accounts.filter(
      one => !made.accounts.some(({ user, host }) => user === one.user && host === one.host),
    ),
  }
}

/** Databases stay. */
export function accountsOnly(made: MadeObjects | undefined): MadeObjects | null {
  return made ? { databases: [], accounts: made.accounts } : null
}

/** Before a restore is continued: all but its tables, and tables without transactions. */
export function resumeRemovals(
  manifest: Manifest,
  { progress }: NonNullable<PlanOptions['resume']>,
  wanted: (schema: string) => boolean,
): RestoreStatement[] {
  const stays = new Set(progress.tables.map(({ table }) => table))
  const drop = (kind: string, schema: string, name: string): RestoreStatement => ({
    ...plain(
      'removal',
      `${kind.toLowerCase()} ${quoteQualified(schema, name)}`,
      schema,
      `DROP ${kind} IF EXISTS ${quoteQualified(schema, name)}`,
    ),
    context: kind === 'PACKAGE' ? ORACLE : null,
  })
  const programs = manifest.programs.filter(({ schema }) => wanted(schema))
  const isTableLike = ({ kind }: ProgramEntry): boolean => kind === 'sequence'
  return [
    ...programs
      .filter(program => !isTableLike(program) && program.kind !== 'package body')
      // Those that came last first: a trigger uses a routine.
      .toReversed()
      .map(({ kind, schema, name }) => drop(kind.toUpperCase(), schema, name)),
    ...manifest.tables.flatMap(({ schema, name }, place) =>
      wanted(schema) && !stays.has(place) ? [drop('TABLE', schema, name)] : [],
    ),
    ...programs.filter(isTableLike).map(({ schema, name }) => drop('SEQUENCE', schema, name)),
  ]
}

/** Without the keys that the table has already; each is one clause of its definition. */
export function withoutKeysOf(parts: SplitTable, create: string): SplitTable {
  const there = new Set(parseCreateTable(create).clauses.map(clause => `ADD ${clause}`))
  const missing = (clauses: readonly string[]): string[] =>
    clauses.filter(clause => !there.has(clause))
  return {
    create: parts.create,
    indexes: parts.indexes.map(missing).filter(clauses => clauses.length > 0),
    foreignKeys: missing(parts.foreignKeys),
  }
}
