import { accountText, type Principal } from '../access/observed.ts'
import { rightText } from '../access/right.ts'
import { frameTexts, sha256 } from './canonical.ts'
import type { Control, EventKind } from './event.ts'

/** Names of what the sealer saw last, and what it saw; JSON. */
export type Seen = ReadonlyMap<string, string>

/** An event that the sealer writes itself. */
export interface SealerEvent {
  kind: Extract<EventKind, 'P' | 'L'>
  /** Text of the only field of the event's key: an account; empty: none. */
  subject: string
  detail: object
}

/** What a server can tell of logins that it refused. */
export interface RefusedLogins {
  /** What the count is of, as the server calls it. */
  source: string
  /** Since the server started. */
  count: number
  /** Seconds since 1970, about: another start means another count. */
  startedAt: number
  /** One by one, where the server can tell; ascending. */
  refusals: readonly { at: string; account: string }[]
}

/** What changed since the sealer's last look, and what it is to remember. */
export interface ServerChanges {
  events: readonly SealerEvent[]
  /** null: forget it. */
  seen: ReadonlyMap<string, string | null>
}

/** Everything that one may and how one logs in, in words; the order of a catalogue is no matter. */
function rightsOf(one: Principal): string[] {
  return [
    ...one.rights.map(rightText),
    ...one.restrictions.map(right => `not ${rightText(right)}`),
    ...one.roles.map(({ role, admin }) => `role ${accountText(role)}${admin ? ' with admin' : ''}`),
    ...one.defaultRoles.map(role => `default role ${accountText(role)}`),
    ...one.plugins.map(plugin => `logs in by ${plugin}`),
    ...(one.locked ? ['locked'] : []),
    ...(one.tls ? [`TLS ${one.tls}`] : []),
  ].sort()
}

const nameOf = ({ account }: Principal): string => `account ${accountText(account)}`

/** The digest that every batch signs: with it no change of rights is hidden by what is `seen`. */
export function rightsControl(principals: readonly Principal[]): Control {
  const texts = principals.map(one => JSON.stringify([nameOf(one), ...rightsOf(one)])).sort()
  return { name: RIGHTS_CONTROL, value: sha256(frameTexts(texts)).toString('hex').slice(0, 32) }
}

/** Changes with every grant; that it did is an event of kind P in the same seal. */
export const RIGHTS_CONTROL = 'rights'

/** Of two batches that both have the digest. */
export function rightsDiffer(before: readonly Control[], after: readonly Control[]): boolean {
  const [was, is] = [before, after].map(all => all.find(({ name }) => name === RIGHTS_CONTROL))
  return was !== undefined && is !== undefined && was.value !== is.value
}

/**
 * An event for every account that came, went, or has other rights than the sealer saw last; none at
 * its first look.
 */
export function rightsChanges(principals: readonly Principal[], seen: Seen): ServerChanges {
  const now = new Map(principals.map(one => [nameOf(one), rightsOf(one)]))
  const known = new Map([...seen].filter(([name]) => name.startsWith('account ')))
  const remember = new Map<string, string | null>()
  const events: SealerEvent[] = []
  for (const name of [...new Set([...now.keys(), ...known.keys()])].sort()) {
    const [is, was] = [now.get(name), known.get(name)]
    const text = is ? JSON.stringify(is) : null
    if (text === (was ?? null)) continue
    remember.set(name, text)
    if (known.size > 0) events.push(changeOf(name, is, was))
  }
  return { events, seen: remember }
}

function changeOf(name: string, is: string[] | undefined, was: string | undefined): SealerEvent {
  const account = name.slice('account '.length)
  const before = was === undefined ? [] : (JSON.parse(was) as string[])
  const what = was === undefined ? 'made' : is ? 'changed' : 'dropped'
  const gained = (is ?? []).filter(one => !before.includes(one))
  const lost = before.filter(one => !is?.includes(one))
  return { kind: 'P', subject: account, detail: { account, what, gained, lost } }
}

/** What the server counted since the sealer's last look; nothing at its first. */
export function loginChanges(now: RefusedLogins, seen: Seen): ServerChanges {
  const { startedAt, source } = now
  const is: LoginsSeen = { count: now.count, startedAt, last: now.refusals.at(-1)?.at ?? null }
  const before = seen.get('logins')
  const remember = new Map([['logins', JSON.stringify(is)]])
  if (before === undefined) return { events: [], seen: remember }
  const was = JSON.parse(before) as LoginsSeen
  // A start is known to a second or two.
  const restarted = startedAt - was.startedAt > 5
  const count = restarted ? is.count : is.count - was.count
  const named = now.refusals.filter(({ at }) => at > (was.last ?? ''))
  if (count <= 0 && named.length === 0) {
    return { events: [], seen: restarted ? remember : new Map() }
  }
  const accounts: Record<string, number> = {}
  for (const { account } of named) accounts[account] = (accounts[account] ?? 0) + 1
  const detail = { refused: Math.max(count, named.length), source }
  const known = named.length > 0 ? { ...detail, accounts, last: is.last } : detail
  return { events: [{ kind: 'L', subject: '', detail: known }], seen: remember }
}

interface LoginsSeen {
  count: number
  startedAt: number
  last: string | null
}
