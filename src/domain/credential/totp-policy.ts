/** Commands that can ask for the operator's own code. */
export const GUARDED_COMMANDS = ['restore', 'backup expire', 'key rotate', 'totp reset'] as const
export type GuardedCommand = (typeof GUARDED_COMMANDS)[number]

/** policies/totp.yaml. */
export interface TotpPolicy {
  issuer: string
  session: { lastsMs: number; connections: number }
  operators: readonly GuardedCommand[]
}
