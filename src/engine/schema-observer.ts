import type { SchemaDescription } from '#domain/schema/schema-description'
import type { Session } from './session.ts'

/** Reads a live schema from the catalogue. */
export interface SchemaObserver {
  /**
   * All tables and views of one database that the account may see.
   *
   * @throws EcomdbError SCHEMA_MISSING when there is no such database, or the account sees
   *   nothing of it
   */
  observe(session: Session, database: string): Promise<SchemaDescription>
}
