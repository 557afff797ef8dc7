import { isOlder } from './other-version.ts'

/**
 * What MariaDB's SUPER had in it, and the version since which it has not. An upgrade in place gives these to who had SUPER; a
 * GRANT SUPER does not. Source: MariaDB, "GRANT", "Global Privileges" (MDEV-29596, MDEV-29668).
 */
const PARTS: readonly { since: string; privileges: readonly string[] }[] = [
  { since: '10.11', privileges: ['READ_ONLY ADMIN'] },
  {
    since: '11.0',
    privileges: [
      ...['SET USER', 'FEDERATED ADMIN', 'CONNECTION ADMIN', 'REPLICATION SLAVE ADMIN'],
      ...['REPLICATION MASTER ADMIN', 'BINLOG ADMIN', 'BINLOG REPLAY', 'BINLOG MONITOR'],
      'SLAVE MONITOR',
    ],
  },
]

/** Other names of them, which older versions print. */
const SAME: Readonly<Record<string, string>> = {
  'REPLICATION CLIENT': 'BINLOG MONITOR',
  'REPLICA MONITOR': 'SLAVE MONITOR',
  'REPLICATION REPLICA ADMIN': 'REPLICATION SLAVE ADMIN',
}

/**
 * What an account with SUPER might do on the source, and may not with the same grants on the target.
 *
 * @param grants as SHOW GRANTS prints them
 * @param was version of the source, a MariaDB
 * @param is version of the target
 */
export function lostWithSuper(grants: readonly string[], was: string, is: string): string[] {
  const had = grants.flatMap(grant => {
    const list = /^GRANT ([A-Z_, ]+) ON \*\.\* TO /.exec(grant)?.[1]?.split(', ') ?? []
    return list.map(privilege => SAME[privilege] ?? privilege)
  })
  if (!had.includes('SUPER')) return []
  return PARTS.filter(({ since }) => isOlder(was, since) && !isOlder(is, since))
    .flatMap(({ privileges }) => privileges)
    .filter(privilege => !had.includes(privilege))
}
