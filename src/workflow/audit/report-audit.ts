import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { toolVersion } from '#core/version'
import type { Checkpoint } from '#domain/audit/checkpoint'
import { EVENT_OPERATIONS, type ListedEvent, operationOf } from '#domain/audit/listed-event'
import {
  type EventCount,
  REPORT_LIST_NAMES,
  REPORT_LISTS,
  type ReportList,
  type SealFigures,
  type TrailReport,
} from '#domain/audit/trail-report'
import type { Period } from '#domain/report/period'
import type { ChatsHandled } from '#domain/report/shop-report'
import type { TrailRecord } from '#engine/audit-trail'
import type { Session } from '#engine/session'
import { tablesOf } from './batch-builder.ts'
import type { AuditedServer } from './install-audit.ts'
import { describeEvents, userOf } from './list-events.ts'
import { SealLookup } from './seal-lookup.ts'
import { noTrail } from './trail-refusals.ts'
import type { TrailSource } from './trail-source.ts'
import { type VerifyOptions, verifyTrail } from './verify-trail.ts'

/** Events of each list; `ecomdb audit events` has more. */
const LISTED = 500

/**
 * `ecomdb report audit`: who did what in a period, and whether the trail holds, as a whole.
 *
 * @throws EcomdbError SCHEMA_MISSING without a trail; SIGNATURE_INVALID
 */
export async function reportAudit(
  server: AuditedServer,
  source: TrailSource,
  options: VerifyOptions & { period: Period; clock: Clock },
  progress: Progress,
): Promise<TrailReport> {
  const { engine, connect, database } = server
  const { period, clock } = options
  const seals = new SealCounter(period)
  const onSealed = (checkpoint: Checkpoint): void => seals.add(checkpoint)
  const verification = await verifyTrail(source, { ...options, onSealed }, progress)
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const trail = await engine.auditTrail.readTrail(session)
    if (!trail) throw noTrail(database)
    progress.stage('reading events')
    return {
      ...{ format: 1, database: trail.shopDatabase, trailId: trail.trailId, period },
      ...{ at: clock.now().toISOString(), madeBy: await engine.leavers.actor(session) },
      tool: toolVersion(),
      counts: await eventCounts(server, session, trail, period),
      chats: await chatsHandled(server, period),
      ...(await eventLists(server, session, trail, options)),
      ...{ seals: seals.figures, verification },
    }
  } finally {
    await session.close()
  }
}

const bounds = ({ from, to }: Period): { since: string; until: string } => {
  const next = new Date(Date.parse(to) + 86_400_000).toISOString().slice(0, 10)
  return { since: `${from} 00:00:00.000000`, until: `${next} 00:00:00.000000` }
}

async function eventCounts(
  { engine: { auditTrail } }: AuditedServer,
  session: Session,
  trail: TrailRecord,
  period: Period,
): Promise<EventCount[]> {
  const { since, until } = bounds(period)
  const counts = await auditTrail.countEvents(session, since, until)
  const users = new Set(counts.map(({ account }) => userOf(account)))
  const persons = await auditTrail.personsOf(session, [...users])
  const tables = tablesOf(trail)
  return counts.map(({ day, kind, layout, account, events }) => ({
    ...{ day, operation: operationOf(kind) ?? kind, table: tables.get(layout) ?? null },
    ...{ account, person: persons.get(userOf(account)) ?? null, events },
  }))
}

async function eventLists(
  { engine: { auditTrail } }: AuditedServer,
  session: Session,
  trail: TrailRecord,
  { period, trustedSigners }: VerifyOptions & { period: Period },
): Promise<Pick<TrailReport, 'lists' | 'more'>> {
  const seals = await SealLookup.open(auditTrail, session, trustedSigners)
  const lists: Partial<Record<ReportList, ListedEvent[]>> = {}
  const more: ReportList[] = []
  for (const name of REPORT_LIST_NAMES) {
    const kinds = REPORT_LISTS[name].map(operation => EVENT_OPERATIONS[operation])
    const any = { layouts: null, key: null, actors: null }
    const query = { ...any, kinds, ...bounds(period), limit: LISTED + 1 }
    const found = await auditTrail.newestEvents(session, query)
    if (found.length > LISTED) more.push(name)
    const shown = found.slice(0, LISTED).reverse()
    lists[name] = await describeEvents(shown, { auditTrail, session, trail, seals })
  }
  return { lists: lists as Record<ReportList, ListedEvent[]>, more }
}

/** Only the numbers: no chat is read. Null where the shop has no procedure for it, or none to call. */
async function chatsHandled(
  { engine, connect }: AuditedServer,
  period: Period,
): Promise<ChatsHandled[] | null> {
  const session = await engine.connect(connect)
  try {
    return await engine.shopReports.chatsHandled(session, null, period)
  } catch (error) {
    const code = error instanceof EcomdbError ? error.code : null
    if (code === 'SCHEMA_MISSING' || code === 'PRIVILEGE_MISSING') return null
    throw error
  } finally {
    await session.close()
  }
}

/** What trusted checkpoints say of a period; all others are findings of the verification. */
class SealCounter {
  readonly figures: SealFigures = { batches: 0, events: 0, longestGapMs: null, lastAt: null }
  readonly #period: Period
  #before: number | null = null

  constructor(period: Period) {
    this.#period = period
  }

  add({ sealedAt, count }: Checkpoint): void {
    const { figures } = this
    figures.lastAt = sealedAt
    const day = sealedAt.slice(0, 10)
    if (day < this.#period.from || day > this.#period.to) return
    figures.batches += 1
    figures.events += count
    const at = Date.parse(sealedAt)
    const gapMs = this.#before === null ? null : at - this.#before
    if (gapMs !== null) figures.longestGapMs = Math.max(figures.longestGapMs ?? 0, gapMs)
    this.#before = at
  }
}
