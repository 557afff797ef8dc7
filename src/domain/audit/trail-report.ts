import type { Period } from '../report/period.ts'
import type { ChatsHandled } from '../report/shop-report.ts'
import type { VerifyReport } from './audit-report.ts'
import type { ListedEvent } from './listed-event.ts'

/** How many events of one day, operation, table and account there are. */
export interface EventCount {
  /** UTC: 2026-11-27 */
  day: string
  /** As EVENT_OPERATIONS calls it. */
  operation: string
  table: string | null
  /** USER() */
  account: string
  person: string | null
  events: number
}

/** What `ecomdb report audit` says of a period. */
export interface TrailReport {
  format: 1
  database: string
  trailId: string
  period: Period
  /** ISO 8601, UTC. */
  at: string
  madeBy: string
  tool: string
  counts: readonly EventCount[]
  /** Null where the shop has no procedure for it. */
  chats: readonly ChatsHandled[] | null
  /** Of each of these kinds the newest, oldest first; `more` says of which there are others. */
  lists: Readonly<Record<ReportList, readonly ListedEvent[]>>
  more: readonly ReportList[]
  seals: SealFigures
  verification: VerifyReport
}

/** What is listed one by one, and which operations are in it. */
export const REPORT_LISTS = {
  changes: ['update', 'delete'],
  reads: ['read'],
  erasures: ['erase'],
  operations: ['operation'],
  rights: ['privilege'],
  logins: ['login'],
} as const

export type ReportList = keyof typeof REPORT_LISTS

export const REPORT_LIST_NAMES = Object.keys(REPORT_LISTS) as ReportList[]

/** Signed batches of the period, by the sealing host's clock. */
export interface SealFigures {
  batches: number
  events: number
  /** The longest time between two; null: there were not two. Milliseconds. */
  longestGapMs: number | null
  /** ISO 8601; null: nothing is sealed. */
  lastAt: string | null
}

/** Sums of events by something, the most first. */
export function totalsBy(
  counts: readonly EventCount[],
  nameOf: (count: EventCount) => string,
): { name: string; events: number }[] {
  const sums = new Map<string, number>()
  for (const one of counts) sums.set(nameOf(one), (sums.get(nameOf(one)) ?? 0) + one.events)
  return [...sums]
    .map(([name, events]) => ({ name, events }))
    .sort((a, b) => b.events - a.events || (a.name < b.name ? -1 : 1))
}

/** Every day of the period, also those without an event. */
export function totalsByDay(
  counts: readonly EventCount[],
  { from, to }: Period,
): { name: string; events: number }[] {
  const sums = new Map(totalsBy(counts, ({ day }) => day).map(one => [one.name, one.events]))
  const days: { name: string; events: number }[] = []
  for (let ms = Date.parse(from); ms <= Date.parse(to); ms += 86_400_000) {
    const name = new Date(ms).toISOString().slice(0, 10)
    days.push({ name, events: sums.get(name) ?? 0 })
  }
  return days
}
