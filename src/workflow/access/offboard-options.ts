import type { OffboardReport } from '#domain/access/offboard-report'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'

export interface OffboardOptions {
  person: string
  /** Accounts that ecomdb does not answer for yet, and that are the person's. */
  accounts: readonly AccountName[]
  dryRun: boolean
  /** Must be the person's handle. */
  confirm: string | undefined
  /** Who owns the person's programs afterwards. */
  definer: AccountName
}

export interface NamedServer {
  name: string
  connect: ConnectOptions
}

export interface OffboardPlace {
  engine: Engine
  connect: ConnectOptions
  replicas: readonly NamedServer[]
  /** Signs and stores the receipt. */
  keepReceipt(report: OffboardReport): Promise<{ stored: string; problem: string | null }>
  /** Of the repository that receipts go to, or null. */
  repositoryId: string | null
}
