import type { DefinerObject, DefinerRight } from '#domain/access/definer-object'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Session } from './session.ts'

/** What was done with one object, or why it could not be. */
export interface RehomedObject extends DefinerObject {
  /** null: it is done. */
  failed: string | null
}

/**
 * Views, routines, triggers and events that run as an account. Dropping the account breaks
 * them: MariaDB says nothing, MySQL warns an administrator and goes on. So they are made anew
 * under another definer, with the settings that they were made under, and with the rights on
 * them that a DROP would lose.
 */
export interface DefinerObjects {
  /** In all databases but the server's own. */
  list(session: Session, definers: readonly AccountName[]): Promise<DefinerObject[]>
  /**
   * What the new definer has to hold for them to work as before: what their definers hold on
   * the objects that their texts name, and nothing else.
   */
  rights(session: Session, objects: readonly DefinerObject[]): Promise<DefinerRight[]>
  /** The statement that gives a right; `rehome` runs it as well. */
  rightStatement(right: DefinerRight, to: AccountName): string
  /** Switches events off and changes their definer in one statement. */
  disableEvents(
    session: Session,
    events: readonly DefinerObject[],
    to: AccountName,
  ): Promise<RehomedObject[]>
  /**
   * Changes the definer of objects other than events. What an interrupted run has taken away is
   * made again first, from the journal in ecomdb's own store.
   *
   * @throws EcomdbError PRIVILEGE_MISSING when the account may not make objects of others
   */
  rehome(
    session: Session,
    objects: readonly DefinerObject[],
    to: AccountName,
  ): Promise<RehomedObject[]>
}
