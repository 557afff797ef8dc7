/** What `ecomdb broker prepare` makes. */
export interface PrepareReport {
  dryRun: boolean
  totpKeyFile: string
  passwordFile: string
  madeKey: boolean
  /** Whether the server runs events: one ends sessions whose time is over when no broker does. */
  scheduler: boolean
  /** Somebody has locked the account ecomdb_broker, and it stays so: no broker can log in. */
  brokerLocked: boolean
  /** The statements, without passwords. */
  steps: string[]
}
