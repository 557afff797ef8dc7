import type { Clock } from '#core/clock'
import { toolVersion } from '#core/version'
import type { LeaverAccount, OffboardReport } from '#domain/access/offboard-report'
import type { Session } from '#engine/session'
import { uuidV7 } from '#repository/uuid'
import type { OffboardOptions, OffboardPlace } from './offboard-options.ts'

/** What every step of an offboarding works with. */
export interface Leaver {
  options: OffboardOptions
  place: OffboardPlace
  /** On the primary. */
  session: Session
  clock: Clock
  /** Monotonic milliseconds. */
  started: number
}

/** Steps write into the report as they go, so that a failure can tell how far it came. */
export type Draft = { -readonly [Member in keyof OffboardReport]: Mutable<OffboardReport[Member]> }
type Mutable<Value> = Value extends readonly (infer Item)[] ? Item[] : Value

export function emptyReport({ options, place, clock }: Leaver, operator: string): Draft {
  const now = clock.now()
  return {
    format: 1,
    receiptId: uuidV7(now),
    repositoryId: place.repositoryId,
    person: options.person,
    fullName: null,
    dryRun: options.dryRun,
    startedAt: now.toISOString(),
    completedAt: null,
    operator,
    tool: toolVersion(),
    accounts: [],
    servers: [],
    lockedMs: null,
    deadMs: null,
    leasesEnded: [],
    secretsRemoved: 0,
    definer: options.definer,
    objects: [],
    rights: [],
    proxiesEnded: [],
    grantsMade: [],
    statements: [],
    steps: [],
    review: [],
    outstanding: [],
  }
}

export function since({ clock, started }: Leaver): number {
  return Math.round(clock.monotonicMs() - started)
}

/** Runs a step and notes how long it took. */
export async function step<Result>(
  leaver: Leaver,
  report: Draft,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const begun = leaver.clock.monotonicMs()
  const result = await work()
  report.steps.push({ name, ms: Math.round(leaver.clock.monotonicMs() - begun) })
  return result
}

/** Of the accounts, those that were there. */
export function foundAccounts({ accounts }: OffboardReport): LeaverAccount[] {
  return accounts.filter(({ found }) => found)
}

export function accountText({ user, host }: { user: string; host: string }): string {
  return `'${user}'@'${host}'`
}
