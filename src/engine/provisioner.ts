import type { Secret } from '#core/secret'
import type { RecordedObject } from '#domain/schema/drift'
import type { LiveSchema, SchemaObject } from '#domain/schema/live-schema'
import type { Migration } from '#domain/schema/migration'
import type { JournalEntry, PlannedCheck, Step } from '#domain/schema/provision-plan'
import type {
  AccountName,
  AccountNaming,
  ObservedAccount,
  PrivilegeGrant,
  ServiceAccount,
} from '#domain/schema/service-accounts'
import type { ConnectOptions, Session } from './session.ts'

/** What was recorded, and after which version; null when nothing is. */
export interface RecordedSchema {
  version: number | null
  objects: readonly RecordedObject[]
}

/**
 * Makes and changes the shop's schema and ecomdb's own accounts. Deciding what to do is
 * domain code (src/domain/schema); this reads what the decision needs, writes the
 * statements, and runs them.
 */
export interface Provisioner {
  /** The migrations that came with ecomdb, by version, without gaps. */
  migrations(): Promise<readonly Migration[]>
  /**
   * A session for provisioning: its isolation, lock waits and character set are those that
   * the migrations are written for. The schema need not exist.
   *
   * @throws EcomdbError SERVER_UNREACHABLE, AUTHENTICATION_REFUSED
   */
  connect(options: ConnectOptions): Promise<Session>
  observe(session: Session, schema: string): Promise<LiveSchema>
  /** Empty when there is no journal yet. */
  readJournal(session: Session, schema: string): Promise<JournalEntry[]>
  /** The objects as they were after the last migration that was done; empty before that. */
  readRecorded(session: Session, schema: string): Promise<RecordedSchema>
  /** Rows in ecomdb_set_aside; 0 when there is no such table. */
  countSetAside(session: Session, schema: string): Promise<number>
  /** The locked account that owns views, procedures and triggers, with what it needs for them. */
  definerAccount(naming: AccountNaming, schema: string): ServiceAccount
  /** The accounts that ecomdb works with day by day, each with its least privileges. */
  serviceAccounts(naming: AccountNaming, schema: string): ServiceAccount[]
  observeAccounts(session: Session, accounts: readonly AccountName[]): Promise<ObservedAccount[]>
  /** What the server says that can be granted; in capitals. */
  offeredPrivileges(session: Session): Promise<ReadonlySet<string>>
  /** The rows that a check counts. */
  runCheck(session: Session, check: PlannedCheck): Promise<number>
  /** The statements that make or complete the schema itself. */
  databaseSteps(live: LiveSchema): Step[]
  accountSteps(
    wanted: ServiceAccount,
    observed: ObservedAccount,
    missing: readonly PrivilegeGrant[],
  ): Step[]
  /**
   * Makes this session the only one that provisions this schema, until it ends.
   *
   * @throws EcomdbError LOCKED, with who holds the lock
   */
  lock(session: Session, schema: string): Promise<void>
  /** Runs one statement, and its retries after a deadlock. */
  runStep(session: Session, step: Step, password: Secret | null): Promise<void>
  /** Writes to the journal that a statement of this migration begins. */
  journalStep(session: Session, schema: string, migration: Migration, index: number): Promise<void>
  /**
   * Writes to the journal that a migration is over; with `record`, and in one transaction,
   * also what the schema now looks like.
   */
  journalDone(
    session: Session,
    schema: string,
    migration: Migration,
    state: 'done' | 'adopted',
    record: readonly SchemaObject[] | null,
  ): Promise<void>
}
