/** policies/totp.yaml. */
export interface TotpPolicy {
  issuer: string
  session: { lastsMs: number; connections: number }
}
