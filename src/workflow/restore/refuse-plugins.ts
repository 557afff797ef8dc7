import { EcomdbError } from '#core/errors'
import type { AccountEntry, Manifest, PluginEntry } from '#domain/backup/manifest'
import { pluginsInUse, waysIn } from '#domain/backup/plugins-in-use'
import type { RestorePlan } from '#domain/backup/restore-plan'
import type { RestoreTarget } from '#engine/logical-writer'

/** Told before anything is removed or made; ecomdb installs nothing on a server. */
export function refuseWithoutPlugins(
  target: RestoreTarget,
  { plugins = [], tables, accounts }: Manifest,
  { tables: wanted, makes }: RestorePlan,
): void {
  const made = new Set(makes.accounts.map(({ user, host }) => JSON.stringify([user, host])))
  const own = accounts.filter(({ user, host }) => made.has(JSON.stringify([user, host])))
  const some = tables.filter((_, place) => wanted.includes(place))
  refuseUninstalled(
    pluginsInUse(plugins, some, own).filter(
      ({ name }) => !target.plugins.includes(name.toLowerCase()),
    ),
  )
  refuseUnknownWays(target, own)
}

function refuseUninstalled(lacking: readonly PluginEntry[]): void {
  if (lacking.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore into this server: it lacks plugins that accounts or tables need',
    why: lacking.map(({ name, library }) => `${name} of ${library}`).join(', '),
    hints: [
      `as an administrator: ${lacking.map(({ name, library }) => `INSTALL PLUGIN ${name} SONAME '${library}'`).join('; ')}`,
      'nothing was changed',
    ],
  })
}

/** A way in that the source has built in, and a newer server has no more: MySQL 9 and mysql_native_password. */
function refuseUnknownWays(target: RestoreTarget, accounts: readonly AccountEntry[]): void {
  const unknown = accounts.flatMap(({ user, host, create }) => {
    const ways = create.flatMap(waysIn).filter(way => !target.plugins.includes(way.toLowerCase()))
    return ways.length > 0 ? [{ account: `'${user}'@'${host}'`, ways }] : []
  })
  if (unknown.length === 0) return
  const ways = [...new Set(unknown.flatMap(one => one.ways))]
  const named = unknown.slice(0, 5).map(({ account }) => account)
  const more = unknown.length - named.length
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore into this server: accounts log in by a way that it does not have',
    why: `${ways.join(', ')}: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    hints: [
      ...(ways.includes('mysql_native_password')
        ? [
            'MySQL 8.4 has mysql_native_password when it is started with --mysql-native-password=ON; MySQL 9 has it no more',
          ]
        : []),
      'or make these accounts first, with another way in and their grants: a restore leaves accounts as they are that are there',
      'or restore the databases alone, with --databases: then only accounts that programs run as are made',
      'nothing was changed',
    ],
  })
}
