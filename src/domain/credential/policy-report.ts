import type { PasswordPolicy } from './password-policy.ts'
import { type Departure, departures } from './policy-departures.ts'
import type { TotpPolicy } from './totp-policy.ts'

/** What the policies say, and where they depart from the standards of today. */
export interface PolicyReport {
  password: PasswordPolicy & { file: string }
  totp: TotpPolicy & { file: string }
  departures: Departure[]
}

export function policyReport(
  password: PolicyReport['password'],
  totp: PolicyReport['totp'],
): PolicyReport {
  return { password, totp, departures: departures(password) }
}
