import { blankQuotes } from '../schema/create-table.ts'
import type { AccountEntry, PluginEntry, TableEntry } from './manifest.ts'

/** Those without which a server takes an account or a table not at all, or not as it was. */
export function pluginsInUse(
  plugins: readonly PluginEntry[],
  tables: readonly Pick<TableEntry, 'storageEngine' | 'create'>[],
  accounts: readonly Pick<AccountEntry, 'create'>[],
): PluginEntry[] {
  const engines = tables.map(({ storageEngine }) => storageEngine)
  const ways = accounts.flatMap(({ create }) => create.flatMap(waysIn))
  const parsers = tables.flatMap(({ create }) => parsersIn(create))
  const used = new Set([...engines, ...ways, ...parsers].map(name => name.toLowerCase()))
  return plugins.filter(({ name }) => used.has(name.toLowerCase()))
}

/**
 * Names of plugins in what SHOW CREATE USER prints: `IDENTIFIED WITH 'auth_socket'`, of MySQL's several
 * factors `AND IDENTIFIED WITH …`, and MariaDB's `IDENTIFIED VIA ed25519 USING '…' OR unix_socket`.
 */
export function waysIn(create: string): string[] {
  // Strings hold hashes, and what MySQL's accounts say of themselves.
  const words = blankQuotes(create)
  const names = [...words.matchAll(/ IDENTIFIED (?:WITH|VIA) /g)].map(({ 0: found, index }) =>
    nameAt(create, index + found.length),
  )
  const others = [...words.matchAll(/ OR /g)].map(({ index }) =>
    nameAt(create, index + ' OR '.length),
  )
  return [...names, ...others].filter(name => name !== '')
}

/** Of the full-text indexes of a table: both servers print WITH PARSER in a version comment behind the columns. */
function parsersIn(create: string): string[] {
  return [...blankQuotes(create).matchAll(/ WITH PARSER /g)].map(({ 0: found, index }) =>
    nameAt(create, index + found.length),
  )
}

const nameAt = (text: string, at: number): string => /^['`]?(\w+)/.exec(text.slice(at))?.[1] ?? ''
