import type { AccountEntry, PluginEntry, TableEntry } from './manifest.ts'

/** Those without which a server takes an account or a table not at all, or not as it was. */
export function pluginsInUse(
  plugins: readonly PluginEntry[],
  tables: readonly Pick<TableEntry, 'storageEngine'>[],
  accounts: readonly Pick<AccountEntry, 'create'>[],
): PluginEntry[] {
  const engines = tables.map(({ storageEngine }) => storageEngine)
  const ways = accounts.flatMap(({ create }) => create.flatMap(waysIn))
  const used = new Set([...engines, ...ways].map(name => name.toLowerCase()))
  return plugins.filter(({ name }) => used.has(name.toLowerCase()))
}

/** CREATE USER … IDENTIFIED WITH 'auth_socket', VIA ed25519 USING '…' OR unix_socket. */
function waysIn(create: string): string[] {
  return [...create.matchAll(/ (?:WITH|VIA|OR) ['`]?(\w+)/g)].map(([, name = '']) => name)
}
