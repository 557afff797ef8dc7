import type { EnforcedAccount, Enforcement } from './enforcement.ts'

/** One person, as `ecomdb user show` has it. */
export interface UserReport {
  person: string
  fullName: string
  state: 'active' | 'locked' | 'left'
  secondFactor: 'none' | 'pending' | 'active' | 'renew'
  enforcement: Enforcement
  accounts: (EnforcedAccount & Pick<Enforcement, 'level'>)[]
  /** Attempts before the first wait; null without a second factor. */
  attemptsLeft: number | null
  /** ISO 8601, UTC. */
  blockedUntil: string | null
  recoveryCodesLeft: number
  sessions: { user: string; host: string; since: string; until: string }[]
}

/** What `ecomdb user add` and `passwd` did. */
export interface PasswordChange {
  person: string
  account: string
  /** Only where ecomdb made it: it is shown once, and kept nowhere. */
  generatedPassword: string | null
}

/** What `ecomdb user enroll` and `recovery` give; it is shown once, and kept nowhere. */
export interface Enrolment {
  person: string
  state: 'pending' | 'active'
  /** Holds the seed; null once the enrolment is confirmed. */
  otpauthUri: string | null
  recoveryCodes: string[]
}

/** Handles: people's names in commands, records and accounts. */
export const HANDLE = /^[a-z][a-z0-9._-]{0,30}$/
