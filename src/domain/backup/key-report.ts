/** What `ecomdb key check` found, for text and --json. */
export interface KeyCheckReport {
  repositoryId: string
  target: string
  snapshotId: string
  /** ISO 8601, UTC. */
  consistentAt: string
  identities: CheckedIdentity[]
  /** Recipients of the snapshot whose identity was not tried. */
  untried: string[]
  /** Recipients of the configuration that the snapshot is not encrypted to. */
  missing: string[]
  /** Public keys that the snapshot is encrypted to and the configuration does not name. */
  extra: string[]
  /**
   * The same of the newest segment of its server's binary log, and when it was closed (ISO 8601, UTC); null: there is
   * none, or it was not asked for.
   */
  log: { file: string; closedAt: string; missing: string[]; extra: string[] } | null
}

export interface CheckedIdentity {
  file: string
  /** Its public half. */
  recipient: string
  opens: boolean
  /** Why not, or null. */
  problem: string | null
  /** Files and stored bytes that were decrypted with it, the manifest included. */
  files: number
  bytes: number
}

/** What `ecomdb key rotate` did, or would do. */
export interface KeyRotation {
  kind: 'operations' | 'escrow' | 'signing' | 'audit'
  dryRun: boolean
  configFile: string
  /** Of the new private key. */
  keyFile: string
  /** Public halves; the new one is null in a dry run. */
  old: string | null
  new: string | null
  /** It must not stay on this host. */
  takeAway: boolean
}
