import { identifiersIn } from '../schema/create-table.ts'
import type { AccountEntry } from './manifest.ts'

/** Who may grant a role to others, as a statement of MariaDB says it. */
export interface RoleAdministrator {
  role: string
  user: string
  /** '' of a role. */
  host: string
}

/**
 * Of `GRANT role TO … WITH ADMIN OPTION`, as the manifest has it of a role or SHOW GRANTS printed it; else null.
 */
export function roleAdministrator(statement: string): RoleAdministrator | null {
  const [, role = '', user = '', host = '``'] = GRANT_OF_ROLE.exec(statement) ?? []
  if (role === '') return null
  return { role: unquoted(role), user: unquoted(user), host: unquoted(host) }
}

const QUOTED = "(`(?:[^`]|``)*`|'(?:[^'\\\\]|''|\\\\[\\s\\S])*')"
const GRANT_OF_ROLE = new RegExp(`^GRANT ${QUOTED} TO ${QUOTED}(?:@${QUOTED})? WITH ADMIN OPTION$`)

function unquoted(name: string): string {
  if (name.startsWith('`')) return identifiersIn(name)[0] ?? ''
  return name
    .slice(1, -1)
    .replaceAll(/''|\\([\s\S])/g, (_, escaped?: string) =>
      escaped === undefined ? "'" : escaped === '0' ? '\0' : escaped,
    )
}

type Name = Pick<AccountEntry, 'user' | 'host'>

/**
 * The accounts, whose roles nobody administers that is not there: MariaDB makes an account for whoever is given
 * a role, without a password, where its session does not forbid it. There may be none because the person has
 * left since, or because CREATE ROLE … WITH ADMIN was given a name that nobody had.
 *
 * @param there of the server, besides the accounts themselves
 * @returns also the roles that nobody is left to administer
 */
export function withoutMissingAdministrators(
  accounts: readonly AccountEntry[],
  there: readonly Name[],
): { accounts: AccountEntry[]; orphans: { role: AccountEntry; administrators: Name[] }[] } {
  const isThere = (one: Name | null): boolean =>
    one === null ||
    [...accounts, ...there].some(({ user, host }) => user === one.user && host === one.host)
  const kept = accounts.map(account => ({
    ...account,
    create: account.create.filter(statement => isThere(roleAdministrator(statement))),
  }))
  const administered = new Set(administratorsIn(kept).map(({ role }) => role))
  const orphans = accounts
    .filter(({ kind, user }) => kind === 'role' && !administered.has(user))
    .map(role => ({ role, administrators: administratorsIn([{ ...role, grants: [] }]) }))
  return { accounts: kept, orphans: orphans.filter(one => one.administrators.length > 0) }
}

/** Who may grant which role, by what makes the accounts and what they are granted. */
export function administratorsIn(
  accounts: readonly Pick<AccountEntry, 'create' | 'grants'>[],
): RoleAdministrator[] {
  return accounts.flatMap(({ create, grants }) =>
    [...create, ...grants].flatMap(statement => roleAdministrator(statement) ?? []),
  )
}
