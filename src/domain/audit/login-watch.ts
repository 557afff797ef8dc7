import type { Control } from './event.ts'
import { LOGINS_CONTROL, type Seen, type ServerChanges } from './server-watch.ts'

/** The server's count of logins that it refused. */
export interface LoginCount {
  /** What the count is of, as the server calls it. */
  source: string
  /** Since the server started. */
  count: number
  /** Seconds since 1970, about: another start means another count. */
  startedAt: number
}

/** What a server can tell of logins that it refused. */
export interface RefusedLogins extends LoginCount {
  /** One by one, where the server can tell; ascending. */
  refusals: readonly { at: string; account: string }[]
}

interface LoginsSeen extends LoginCount {
  /** The newest refusal that was named. */
  last: string | null
}

/** A start is known to a second or two. */
const START_S = 5

/** How two counts are to be read together. */
export interface CountChange {
  /** As far as it is known. */
  refused: number
  /** Why it is not known as a whole, in words; null: it is. */
  gap: string | null
}

/**
 * A count goes back when the server starts anew. Without that somebody has set it back, and one of
 * another source cannot be compared: who was refused in between is not known.
 */
export function countChange(was: LoginCount, is: LoginCount): CountChange {
  if (was.source !== is.source) {
    return { refused: 0, gap: `the server counted ${was.source} before, and ${is.source} now` }
  }
  if (is.startedAt - was.startedAt > START_S) return { refused: is.count, gap: null }
  if (is.count >= was.count) return { refused: is.count - was.count, gap: null }
  const gap = `${is.source} went back from ${was.count} to ${is.count}, and the server did not start anew`
  return { refused: is.count, gap }
}

/** Accounts of one event that are named; somebody can be refused under many names. */
const MOST_NAMED = 100

/** What the server counted since the sealer's last look; nothing at its first. */
export function loginChanges(now: RefusedLogins, seen: Seen): ServerChanges {
  const { startedAt, source, count } = now
  const before = seen.get('logins')
  const was = before === undefined ? null : ({ source, ...JSON.parse(before) } as LoginsSeen)
  const is: LoginsSeen = {
    ...{ count, startedAt, source },
    last: now.refusals.at(-1)?.at ?? was?.last ?? null,
  }
  const remember = new Map([['logins', JSON.stringify(is)]])
  if (!was) return { events: [], seen: remember }
  const { refused, gap } = countChange(was, is)
  const named = now.refusals.filter(({ at }) => at > (was.last ?? ''))
  if (refused <= 0 && named.length === 0 && gap === null) {
    const isSame = count === was.count && source === was.source
    return { events: [], seen: isSame ? new Map() : remember }
  }
  const detail = {
    ...{ refused: Math.max(refused, named.length), source },
    ...(gap === null ? {} : { gap }),
    ...(named.length > 0 ? { ...namesOf(named), last: is.last } : {}),
  }
  return { events: [{ kind: 'L', subject: '', detail }], seen: remember }
}

/** Who was refused how often, the most first. */
function namesOf(refusals: RefusedLogins['refusals']): {
  accounts: Record<string, number>
  others?: number
} {
  const counts = new Map<string, number>()
  for (const { account } of refusals) counts.set(account, (counts.get(account) ?? 0) + 1)
  const sorted = [...counts].sort((a, b) => b[1] - a[1])
  const accounts = Object.fromEntries(sorted.slice(0, MOST_NAMED))
  const others = sorted.length - MOST_NAMED
  return others > 0 ? { accounts, others } : { accounts }
}

/** What every batch signs, so that what the sealer remembers cannot be set back with the count. */
export function loginsControl({ source, count, startedAt }: LoginCount): Control {
  return { name: LOGINS_CONTROL, value: JSON.stringify({ source, count, startedAt }) }
}

/** null: the batch is of an older ecomdb. */
export function loginCountOf(controls: readonly Control[]): LoginCount | null {
  const found = controls.find(({ name }) => name === LOGINS_CONTROL)
  return found ? (JSON.parse(found.value) as LoginCount) : null
}

export function loginsDiffer(before: readonly Control[], after: readonly Control[]): boolean {
  const [was, is] = [loginCountOf(before), loginCountOf(after)]
  return was?.count !== is?.count || was?.source !== is?.source
}

/** How many refused logins an event of kind L says; 0 where it is none that the sealer wrote. */
export function refusedOf(detail: string | null): number {
  try {
    const { refused } = JSON.parse(detail ?? '') as { refused?: unknown }
    return typeof refused === 'number' ? refused : 0
  } catch {
    return 0
  }
}
