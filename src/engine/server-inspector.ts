import type { Flavor } from './flavor.ts'
import type { Session } from './session.ts'

/** What `ecomdb doctor` asks a server. */
export interface ServerInspector {
  /** @param database the shop's schema; it need not exist */
  inspect(session: Session, database: string): Promise<ServerFacts>
}

export interface ServerFacts {
  flavor: Flavor
  /** 'user'@'host', as the server resolved it. */
  account: string
  /** The server's clock when it answered, UTC, to the millisecond. */
  now: Date
  /**
   * Privileges of the account and its active roles on everything, and on the database, in
   * capitals as SHOW GRANTS prints them; "ALL PRIVILEGES" stands for all.
   */
  privileges: { server: ReadonlySet<string>; database: ReadonlySet<string> }
  databaseExists: boolean
  /** Data and indexes of all schemas that the account sees, in bytes, as the server estimates. */
  dataBytes: number
}
