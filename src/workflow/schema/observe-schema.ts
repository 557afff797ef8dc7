import type { SchemaDescription } from '#domain/schema/schema-description'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'

/**
 * `ecomdb schema diagram`: what the live schema is.
 *
 * @throws EcomdbError SCHEMA_MISSING
 */
export async function observeSchema(
  { engine, connect }: { engine: Engine; connect: ConnectOptions },
  database: string,
): Promise<SchemaDescription> {
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    return await engine.schemaObserver.observe(session, database)
  } finally {
    await session.close()
  }
}
