import type { Manifest } from '#domain/backup/manifest'
import { pluginsInUse } from '#domain/backup/plugins-in-use'
import type { RestoreStatement } from '#domain/backup/restore-plan'
import { maskHashes } from '#domain/backup/restored-accounts'
import type { PlanOptions, RestoreTarget } from '../../logical-writer.ts'
import { quoteIdentifier, quoteString } from '../../quote.ts'
import { plain } from './restore-statement.ts'

export function spatialStatements({ spatialReferences = [] }: Manifest): RestoreStatement[] {
  return spatialReferences.map(({ id, create }) =>
    plain('databases', `spatial reference system ${id}`, null, create),
  )
}

/**
 * What belongs to no database may be there, or need what is not. A component changes what the whole server
 * does, and is left to whoever has that: behind the accounts, for one may refuse their passwords.
 */
export function serverStatements(
  { serverObjects = [] }: Manifest,
  { installPlugins }: PlanOptions,
): RestoreStatement[] {
  return serverObjects
    .filter(({ kind }) => kind !== 'component' || installPlugins)
    .map(({ kind, name, create }) => ({
      ...plain(
        kind === 'component' ? 'routines' : 'databases',
        `${kind} ${quoteIdentifier(name)}`,
        null,
        create,
      ),
      shown: maskHashes(create),
      mayFail: true,
    }))
}

export function pluginStatements(
  { plugins = [], tables, accounts }: Manifest,
  target: RestoreTarget,
): RestoreStatement[] {
  return pluginsInUse(plugins, tables, accounts)
    .filter(({ name }) => !target.plugins.includes(name.toLowerCase()))
    .map(({ name, library }) => ({
      ...plain(
        'databases',
        `plugin ${quoteIdentifier(name)}`,
        null,
        `INSTALL PLUGIN ${quoteIdentifier(name)} SONAME ${quoteString(library)}`,
      ),
      // Then what needs it says so.
      mayFail: true,
    }))
}
