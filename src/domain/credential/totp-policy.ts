import type { OperatorPolicy } from './operator-commands.ts'

/** policies/totp.yaml. */
export interface TotpPolicy {
  issuer: string
  operators: OperatorPolicy
  session: { lastsMs: number; connections: number }
}
