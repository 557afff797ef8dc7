/** policies/harden.yaml: who may do what, and which findings are lived with, why and until when. */
export interface HardenPolicy {
  /** Accounts that may hold everything: user@host. */
  administrators: readonly string[]
  /** What other accounts may hold on everything. */
  mayHold: readonly { account: string; privileges: readonly string[] }[]
  /** Over this a user is idle. */
  idleSeconds: number
  passwordLength: number
  waivers: readonly Waiver[]
}

export interface Waiver {
  check: string
  /** Of which accounts, variables or objects; empty: of all that the check finds. */
  subjects: readonly string[]
  reason: string
  /** The last day on which it holds, e.g. 2027-03-31, UTC. */
  until: string
}
