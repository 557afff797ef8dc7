import type { AccountName } from '#domain/schema/service-accounts'
import type { Session } from './session.ts'

/**
 * The accounts that the broker has made for minutes each (credentials.ts), in what a restore has brought
 * back: they were for who had just shown password and code, and a restore is no login. Where the
 * broker's issuer is not, a name means nothing, and nobody is one.
 */
export interface SessionAccounts {
  /** Those that `drop` drops. */
  there(session: Session): Promise<AccountName[]>
  /**
   * Drops all that are there, with MariaDB's roles of theirs.
   * @param binlog false: replicas do not hear of it
   * @returns their names
   */
  drop(session: Session, binlog: boolean): Promise<string[]>
  /** Statements for a server's option init_file that do the same before anybody can connect. */
  dropFile(): string
  /**
   * Can there be some in a data directory on which no server runs? One that is over, and still in the
   * free room of a file, counts as well.
   */
  mayBeIn(folder: string): Promise<boolean>
}
