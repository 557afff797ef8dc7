import type { OperationRecord, ProgramSource, SecondFactor } from '#domain/access/reach'
import type { Session } from './session.ts'

/** What ecomdb's store and the catalogue say of use: who came when, what was done, what reads what. */
export interface AccessHistory {
  /** The last login of each person that ecomdb saw, ISO 8601; who is missing was never seen. */
  lastLogins(session: Session): Promise<ReadonlyMap<string, string>>
  /** From a moment until, and without, another, both ISO 8601. */
  operations(session: Session, from: string, until: string): Promise<OperationRecord[]>
  /** null: this store knows no second factors. */
  secondFactors(session: Session): Promise<ReadonlyMap<string, SecondFactor> | null>
  /** When each person left, ISO 8601. */
  departures(session: Session): Promise<ReadonlyMap<string, string>>
  /** What views read, and what the texts of routines name. */
  sources(session: Session): Promise<ProgramSource[]>
}
