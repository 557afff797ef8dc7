import { accountKey, type Principal, type RoleEdge } from '#domain/access/observed'
import type { Right } from '#domain/access/right'
import type { AccountName } from '#domain/schema/service-accounts'

/** A principal while the catalogue's tables are read one after another. */
export interface OpenPrincipal extends Principal {
  rights: Right[]
  restrictions: Right[]
  roles: RoleEdge[]
  defaultRoles: AccountName[]
}

/** The principals by name; rows of accounts that are not there any more are left out. */
export class PrincipalTable {
  readonly #byKey = new Map<string, OpenPrincipal>()

  add(
    principal: Omit<Principal, 'rights' | 'restrictions' | 'roles' | 'defaultRoles'>,
  ): OpenPrincipal {
    const open = { ...principal, rights: [], restrictions: [], roles: [], defaultRoles: [] }
    this.#byKey.set(accountKey(principal.account), open)
    return open
  }

  find(user: string, host: string): OpenPrincipal | undefined {
    return this.#byKey.get(accountKey({ user, host }))
  }

  all(): OpenPrincipal[] {
    return [...this.#byKey.values()]
  }
}
