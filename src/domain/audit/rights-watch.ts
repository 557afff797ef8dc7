import { createHash } from 'node:crypto'
import { accountText, type Principal } from '../access/observed.ts'
import { rightText } from '../access/right.ts'
import type { AccountName } from '../schema/service-accounts.ts'
import { frameTexts } from './canonical.ts'
import type { Control } from './event.ts'
import { RIGHTS_CONTROL, type SealerEvent, type Seen, type ServerChanges } from './server-watch.ts'

/** What is signed instead where the sealer's account may not read the rights of others. */
export const RIGHTS_NOT_READ: Control = {
  name: RIGHTS_CONTROL,
  value: 'the sealer may not read them',
}

/** What is said of that, wherever somebody looks. */
export const RIGHTS_UNREAD =
  'nobody watches the rights of accounts, since the sealer may not read them: give its account SELECT on the schema mysql'

/** What an event of kind P says. */
interface RightsChange {
  account: string
  what: 'made' | 'changed' | 'dropped'
  gained: readonly string[]
  lost: readonly string[]
}

/** Everything that one may and how one logs in, in words; the order of a catalogue is no matter. */
function rightsOf(one: Principal): string[] {
  const texts = [
    ...one.rights.map(rightText),
    ...one.restrictions.map(right => `not ${rightText(right)}`),
    ...one.roles.map(({ role, admin }) => `role ${accountText(role)}${admin ? ' with admin' : ''}`),
    ...one.defaultRoles.map(role => `default role ${accountText(role)}`),
    ...one.plugins.map(plugin => `logs in by ${plugin}`),
    ...(one.locked ? ['locked'] : []),
    ...(one.tls ? [`TLS ${one.tls}`] : []),
  ]
  return [...new Set(texts)].sort()
}

/** Quoted where a role `a@b` and an account a at b would have one name. */
function nameOf({ user, host }: AccountName): string {
  if (!/["@]/.test(user + host)) return accountText({ user, host })
  return host === '' ? JSON.stringify(user) : `${JSON.stringify(user)}@${JSON.stringify(host)}`
}

const SEEN = 'account '

/** Bytes of a term of the sum: with as many, many hidden grants cannot be made to cancel out. */
const TERM_BYTES = 256
const MODULUS = 1n << BigInt(8 * TERM_BYTES)

/** @param right empty: the account itself */
function term(account: string, right: string): bigint {
  const hash = createHash('shake256', { outputLength: TERM_BYTES })
  return BigInt(`0x${hash.update(frameTexts(['right', account, right])).digest('hex')}`)
}

/** Of two sums; what events say is compared with it. */
export function sumDifference(before: bigint, after: bigint): bigint {
  return modulo(after - before)
}

const modulo = (sum: bigint): bigint => ((sum % MODULUS) + MODULUS) % MODULUS

/**
 * What every batch signs: a sum over all rights of all accounts. A digest of the whole would tell
 * only that something changed; with a sum what changed must be just what events say, so that no
 * grant hides behind another (docs/audit-format.md).
 */
export function rightsControl(principals: readonly Principal[]): Control {
  let sum = 0n
  for (const one of principals) {
    const account = nameOf(one.account)
    for (const right of ['', ...rightsOf(one)]) sum += term(account, right)
  }
  return {
    name: RIGHTS_CONTROL,
    value: modulo(sum)
      .toString(16)
      .padStart(2 * TERM_BYTES, '0'),
  }
}

/** The sum of a batch; null: nobody watched the rights. */
export function watchedRights(controls: readonly Control[]): bigint | null {
  const { value = '' } = controls.find(({ name }) => name === RIGHTS_CONTROL) ?? {}
  const isSum = value.length === 2 * TERM_BYTES && /^[0-9a-f]+$/.test(value)
  return isSum ? BigInt(`0x${value}`) : null
}

export function rightsDiffer(before: readonly Control[], after: readonly Control[]): boolean {
  const [was, is] = [before, after].map(all => all.find(({ name }) => name === RIGHTS_CONTROL))
  return was?.value !== is?.value
}

/**
 * Events for every account that came, went, or has other rights than the sealer saw last; none at
 * its first look.
 */
export function rightsChanges(principals: readonly Principal[], seen: Seen): ServerChanges {
  const now = new Map(principals.map(one => [nameOf(one.account), rightsOf(one)]))
  const known = new Map(
    [...seen]
      .filter(([name]) => name.startsWith(SEEN))
      .map(([name, text]) => [name.slice(SEEN.length), JSON.parse(text) as string[]]),
  )
  const remember = new Map<string, string | null>()
  const events: SealerEvent[] = []
  for (const account of [...new Set([...now.keys(), ...known.keys()])].sort()) {
    const [is, was] = [now.get(account), known.get(account)]
    const text = is ? JSON.stringify(is) : null
    if (text === (was ? JSON.stringify(was) : null)) continue
    remember.set(SEEN + account, text)
    if (known.size > 0) events.push(...changeOf(account, is, was))
  }
  return { events, seen: remember }
}

/** JSON bytes of one event's rights: an account can have more than an event has room for. */
const MOST_BYTES = 40_000

function changeOf(
  account: string,
  is: string[] | undefined,
  was: string[] | undefined,
): SealerEvent[] {
  const what = was === undefined ? 'made' : is ? 'changed' : 'dropped'
  const before = new Set(was)
  const after = new Set(is)
  const parts = [
    ...[...after]
      .filter(one => !before.has(one))
      .map(right => ({ right, into: 'gained' as const })),
    ...[...before].filter(one => !after.has(one)).map(right => ({ right, into: 'lost' as const })),
  ]
  const changes = [{ account, what, gained: [] as string[], lost: [] as string[] }]
  let bytes = 0
  for (const { right, into } of parts) {
    bytes += Buffer.byteLength(JSON.stringify(right)) + 1
    if (bytes > MOST_BYTES) {
      changes.push({ account, what: 'changed', gained: [], lost: [] })
      bytes = 0
    }
    changes.at(-1)?.[into].push(right)
  }
  return changes.map(detail => ({ kind: 'P', subject: account, detail }))
}

/** What an event of kind P adds to the sum; nothing where it is none that the sealer wrote. */
export function changeOfSum(detail: string | null): bigint {
  const { account, what, gained, lost } = changeFrom(detail)
  let sum = 0n
  for (const right of gained) sum += term(account, right)
  for (const right of lost) sum -= term(account, right)
  if (what === 'made') sum += term(account, '')
  if (what === 'dropped') sum -= term(account, '')
  return modulo(sum)
}

function changeFrom(detail: string | null): RightsChange {
  const nothing = { account: '', what: 'changed', gained: [], lost: [] } as const
  try {
    const found = JSON.parse(detail ?? '') as RightsChange
    const lists = [found.gained, found.lost]
    const isChange = lists.every(list => list.every(one => typeof one === 'string'))
    return isChange && typeof found.account === 'string' ? found : nothing
  } catch {
    return nothing
  }
}
