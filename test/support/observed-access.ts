import type { ObservedAccess, Principal } from '#domain/access/observed'
import { parseRights } from '#domain/access/right'
import type { EngineFamily } from '#domain/engine-family'
import type { AccountName } from '#domain/schema/service-accounts'

/** "alice@localhost" */
export function accountOf(text: string): AccountName {
  const at = text.lastIndexOf('@')
  return at < 0 ? { user: text, host: '' } : { user: text.slice(0, at), host: text.slice(at + 1) }
}

/** A principal as a test writes it. */
export function principalOf(
  name: string,
  rights: readonly string[] = [],
  more: Partial<Principal> & { member?: readonly string[] } = {},
): Principal {
  const { member = [], ...rest } = more
  return {
    account: accountOf(name),
    kind: 'account',
    locked: false,
    plugins: [],
    tls: '',
    maxConnections: 0,
    rights: rights.flatMap(text => parseRights(text) ?? []),
    restrictions: [],
    roles: member.map(role => ({ role: accountOf(role), admin: false })),
    defaultRoles: [],
    ...rest,
  }
}

/** An observation of a server that has these and nothing else. */
export function observedAccess(
  principals: readonly Principal[],
  more: Partial<ObservedAccess> = {},
): ObservedAccess {
  const family: EngineFamily = more.family ?? 'mariadb'
  return {
    family,
    flavor: `${family} 0`,
    offered: new Set([
      'SELECT',
      'INSERT',
      'UPDATE',
      'DELETE',
      'PROCESS',
      'SUPER',
      'EXECUTE',
      'GRANT OPTION',
    ]),
    foldNames: false,
    literalSchemas: false,
    mandatoryRoles: [],
    ownSchema: 'ecomdb_access',
    principals,
    objects: [],
    people: [],
    records: [],
    leases: [],
    ...more,
  }
}
