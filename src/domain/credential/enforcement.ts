/**
 * What a second factor is worth for a person. Levels are never claimed beyond what the server's
 * catalogue shows:
 *
 * 0  policy only: an account is open, so its password alone logs in
 * 1  unlocked for minutes (ecomdb does not work like that)
 * 2  the only way in is a session account, made after password and code
 * 3  asked by the server itself (PAM; not yet)
 */
export interface Enforcement {
  /** null: the person cannot log in at all. */
  level: 0 | 2 | null
  why: string
}

/** An account of the person, as the server has it. */
export interface EnforcedAccount {
  user: string
  host: string
  kind: string
  exists: boolean
  locked: boolean
  rights: number
}

/** Of a person's second factor; null without one. */
type TotpState = 'pending' | 'active' | 'renew' | null

/**
 * What stands before one account: 0 its password alone, 2 a code besides, null nobody gets in by it.
 * A session account is made after both.
 */
export function accountLevel(account: EnforcedAccount, totp: TotpState): Enforcement['level'] {
  if (!account.exists) return null
  if (account.kind === 'session') return 2
  if (!account.locked) return 0
  return account.kind === 'identity' && totp === 'active' ? 2 : null
}

export function enforcementOf(accounts: readonly EnforcedAccount[], totp: TotpState): Enforcement {
  const permanent = accounts.filter(({ kind, exists }) => exists && kind !== 'session')
  const open = permanent.filter(({ locked }) => !locked)
  if (open.length > 0) {
    return { level: 0, why: `the password alone opens ${open.map(nameOf).join(', ')}` }
  }
  const identity = permanent.find(({ kind }) => kind === 'identity')
  if (!identity) return { level: null, why: 'there is no identity account' }
  const entitled = permanent.filter(({ rights }) => rights > 0)
  const caution = entitled.length
    ? `; ${entitled.map(nameOf).join(', ')} holds rights, and would be open to them if it were unlocked`
    : ''
  if (totp === 'active') {
    return {
      level: 2,
      why: `a session is made after password and code; ${nameOf(identity)} is locked${caution}`,
    }
  }
  const missing = { pending: 'not confirmed', renew: 'to be enrolled again', none: 'not enrolled' }
  return { level: null, why: `the second factor is ${missing[totp ?? 'none']}${caution}` }
}

const nameOf = ({ user, host }: EnforcedAccount): string => `'${user}'@'${host}'`
