/** What `ecomdb broker prepare` makes. */
export interface PrepareReport {
  dryRun: boolean
  totpKeyFile: string
  passwordFile: string
  madeKey: boolean
  /** The statements, without passwords. */
  steps: string[]
}
