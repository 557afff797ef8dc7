import type { AuditEvent } from '#domain/audit/event'
import {
  type EventFilter,
  type EventsReport,
  eventQuery,
  type ListedEvent,
  listedEvent,
} from '#domain/audit/listed-event'
import type { AuditTrail, TrailRecord } from '#engine/audit-trail'
import type { Session } from '#engine/session'
import { tableOf, tablesOf } from './batch-builder.ts'
import type { AuditedServer } from './install-audit.ts'
import { SealLookup } from './seal-lookup.ts'
import { noTrail } from './trail-refusals.ts'

/**
 * `ecomdb audit events`: who did what when, from the trail, and of each event whether it is sealed.
 *
 * @throws EcomdbError SCHEMA_MISSING without a trail; USAGE for a table that it does not have;
 *   SIGNATURE_INVALID when nobody trusted signed a checkpoint
 */
export async function listEvents(
  { engine, connect, database }: AuditedServer,
  filter: EventFilter,
  trustedSigners: readonly string[],
): Promise<EventsReport> {
  const { auditTrail } = engine
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const trail = await auditTrail.readTrail(session)
    if (!trail) throw noTrail(database)
    const users = filter.actor === null ? [] : await auditTrail.usersOf(session, filter.actor)
    const query = eventQuery({ ...filter, limit: filter.limit + 1 }, trail.layouts, users)
    // Before the events: those that come meanwhile are then not taken for foreign ones.
    const seals = await SealLookup.open(auditTrail, session, trustedSigners)
    const found = await auditTrail.newestEvents(session, query)
    const shown = found.slice(0, filter.limit).reverse()
    const events = await describeEvents(shown, { auditTrail, session, trail, seals })
    return {
      ...{ trailId: trail.trailId, database: trail.shopDatabase, events },
      more: found.length > filter.limit,
    }
  } finally {
    await session.close()
  }
}

/** Events with the persons, tables and seals that people want to see. */
export async function describeEvents(
  found: readonly AuditEvent[],
  known: { auditTrail: AuditTrail; session: Session; trail: TrailRecord; seals: SealLookup },
): Promise<ListedEvent[]> {
  const { auditTrail, session, trail, seals } = known
  const users = new Set(found.map(({ account }) => userOf(account)))
  const persons = await auditTrail.personsOf(session, [...users])
  const tables = tablesOf(trail)
  const events: ListedEvent[] = []
  for (const event of found) {
    const table = tableOf(event, tables)
    const person = persons.get(userOf(event.account)) ?? null
    events.push(listedEvent(event, table, person, await seals.of(event, table)))
  }
  return events
}

/** Of USER@HOST; a user may have an @ in it, and a host has none. */
export function userOf(account: string): string {
  return account.slice(0, account.lastIndexOf('@'))
}
