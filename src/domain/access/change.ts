import type { AccountName } from '../schema/service-accounts.ts'
import type { AccountRecord } from './observed.ts'
import type { Place } from './right.ts'

/** One thing to do; each is one statement of the server. */
export type Change =
  | { do: 'record person'; person: string; fullName: string; email: string | null }
  | {
      do: 'record account'
      account: AccountName
      kind: AccountRecord['kind']
      person: string | null
    }
  /** A role that the policy gives to somebody who logs in through the broker. */
  | { do: 'begin lease' | 'end lease'; person: string; role: string }
  | { do: 'create role'; account: AccountName }
  | { do: 'create account'; account: AccountName }
  | { do: 'grant' | 'revoke'; account: AccountName; place: Place; privileges: readonly string[] }
  | { do: 'grant role'; account: AccountName; role: AccountName; admin: boolean }
  | { do: 'revoke role' | 'revoke admin option'; account: AccountName; role: AccountName }
  | { do: 'default roles'; account: AccountName; roles: readonly AccountName[] }
  | { do: 'require tls'; account: AccountName; tls: boolean }
  | { do: 'limit connections'; account: AccountName; maxConnections: number }
  | { do: 'lock'; account: AccountName }
  | { do: 'drop role'; account: AccountName }
  | { do: 'forget account'; account: AccountName }

/** Somebody or something that the policy does not cover; apply leaves it alone. */
export interface AccessFinding {
  kind: 'unknown' | 'not adopted' | 'everybody'
  account: AccountName
  /** What it holds, in short. */
  what: string
  hint: string | null
}

/** Everything that apply will do, in order: what is granted comes before what is revoked. */
export interface AccessPlan {
  flavor: string
  changes: readonly Change[]
  findings: readonly AccessFinding[]
  notes: readonly string[]
  /** Rights and roles that are taken away, of all that is held by who ecomdb answers for. */
  revoked: number
  held: number
  /** True when that is more than the policy lets pass unasked. */
  revokesMuch: boolean
}
