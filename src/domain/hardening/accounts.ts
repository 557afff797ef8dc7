import type { AccountFact, HardeningFacts, PrivilegeFact } from './facts.ts'
import type { HardenPolicy } from './policy.ts'

/** Accounts that somebody can log in to: not locked, and with a way in. */
export function loginAccounts({ accounts }: HardeningFacts): AccountFact[] {
  return accounts.filter(
    ({ kind, locked, logins }) =>
      kind === 'account' && !locked && logins.some(way => way.credential !== 'unusable'),
  )
}

/** Connections of such accounts never leave the machine. */
export function isLocal({ host }: AccountFact): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

export interface HeldPrivilege extends PrivilegeFact {
  /** Who can use it: a login account. */
  holder: string
  /** "alice@10.0.0.5", or "alice@10.0.0.5 by role lead" */
  path: string
}

/** What each account that can log in may do, by itself and by all roles that it can take on. */
export function heldPrivileges(facts: HardeningFacts): HeldPrivilege[] {
  return loginAccounts(facts).flatMap(({ name }) =>
    reach(facts, name).flatMap(source =>
      facts.privileges
        .filter(({ account }) => account === source)
        .map(held => ({
          ...held,
          holder: name,
          path: source === name ? name : `${name} by role ${roleName(source)}`,
        })),
    ),
  )
}

/** A MariaDB role has no host. */
function roleName(account: string): string {
  return account.endsWith('@') ? account.slice(0, -1) : account
}

/** The account and its roles, and their roles. */
function reach({ roleEdges }: HardeningFacts, account: string): string[] {
  const reached = [account]
  for (const holder of reached) {
    const roles = roleEdges.filter(edge => edge.holder === holder).map(edge => edge.role)
    reached.push(...roles.filter(role => !reached.includes(role)))
  }
  return reached
}

export function isAdministrator(account: string, { administrators }: HardenPolicy): boolean {
  return administrators.includes(account)
}

/** The policy lets this account hold this privilege on everything. */
export function mayHold(account: string, privilege: string, policy: HardenPolicy): boolean {
  return (
    isAdministrator(account, policy) ||
    policy.mayHold.some(other => other.account === account && other.privileges.includes(privilege))
  )
}
