import type { AccountName } from '../schema/service-accounts.ts'
import { type HeldRight, rightsOn, type Thing } from './effective.ts'
import { accountText, type ObservedAccess, type ObservedObject } from './observed.ts'
import { placeText, rightText } from './right.ts'

/** A view or routine, and the tables and views that it reads. */
export interface ProgramSource {
  kind: 'view' | 'procedure' | 'function'
  schema: string
  name: string
  reads: readonly { schema: string; name: string }[]
}

export interface OperationRecord {
  operationId: number
  at: string
  actor: string
  command: string
  subject: string
}

export type SecondFactor = 'pending' | 'active' | 'renew'

/** One way from an account to a thing. */
export interface Path {
  account: string
  privilege: string
  /** From the account to the thing, in words. */
  steps: readonly string[]
  /**
   * direct: the server lets the account do it. view: it sees what the view shows. routine: a
   * routine that names the thing runs with the rights of its definer, and may reach it.
   */
  by: 'direct' | 'view' | 'routine'
}

/** Every way in which an account comes to a table, view or column. */
export function pathsTo(
  observed: ObservedAccess,
  sources: readonly ProgramSource[],
  account: AccountName,
  thing: Thing,
): Path[] {
  const direct = new Map<string, Path>()
  for (const held of rightsOn(observed, account, thing)) {
    const steps = [...rolesOf(held), `on ${placeText(held.right.place)}`]
    const before = direct.get(JSON.stringify(steps))
    const privilege = before ? `${before.privilege}, ${held.right.privilege}` : held.right.privilege
    const path = { account: accountText(account), privilege, steps, by: 'direct' as const }
    direct.set(JSON.stringify(steps), path)
  }
  return [...direct.values(), ...throughPrograms(observed, sources, account, thing)]
}

function throughPrograms(
  observed: ObservedAccess,
  sources: readonly ProgramSource[],
  account: AccountName,
  thing: Thing,
): Path[] {
  const paths: Path[] = []
  // Programs that read the thing, and those that read these; a circle is entered once.
  const seen = new Set<string>()
  const queue: { at: { schema: string; name: string }; chain: string[] }[] = [
    { at: thing, chain: [] },
  ]
  for (const { at, chain } of queue) {
    for (const source of sources.filter(one => one.reads.some(read => same(read, at)))) {
      const object = find(observed, source)
      if (object?.security !== 'DEFINER' || seen.has(`${source.kind} ${nameOf(source)}`)) {
        continue
      }
      seen.add(`${source.kind} ${nameOf(source)}`)
      const verb = source.kind === 'view' ? 'reads' : 'names'
      const step = `${source.kind} ${nameOf(source)} runs as ${object.definer} and ${verb} ${nameOf(at)}`
      const below = [step, ...chain]
      for (const held of entries(observed, account, source)) {
        paths.push({
          account: accountText(account),
          privilege: source.kind === 'view' ? 'SELECT' : 'EXECUTE',
          steps: [...stepsOf(held), ...below],
          by:
            source.kind === 'view' && chain.every(one => one.startsWith('view '))
              ? 'view'
              : 'routine',
        })
      }
      queue.push({ at: source, chain: below })
    }
  }
  return paths
}

/** Rights by which an account may use a program. */
function entries(
  observed: ObservedAccess,
  account: AccountName,
  { kind, schema, name }: ProgramSource,
): HeldRight[] {
  const [wanted, thing] =
    kind === 'view'
      ? ['SELECT', { schema, name }]
      : ['EXECUTE', { schema, name, routine: kind.toUpperCase() }]
  return rightsOn(observed, account, thing).filter(({ right }) => right.privilege === wanted)
}

function stepsOf(held: HeldRight): string[] {
  return [...rolesOf(held), rightText(held.right)]
}

function rolesOf({ through, by }: HeldRight): string[] {
  const word = { itself: 'role ', role: 'role ', 'mandatory role': 'mandatory role ', public: '' }[
    by
  ]
  return through.map(role => `${word}${accountText(role)}`)
}

function find(
  { objects }: ObservedAccess,
  { kind, schema, name }: ProgramSource,
): ObservedObject | undefined {
  return objects.find(one => one.kind === kind && one.schema === schema && one.name === name)
}

const same = (one: { schema: string; name: string }, other: { schema: string; name: string }) =>
  one.schema === other.schema && one.name === other.name

const nameOf = ({ schema, name }: { schema: string; name: string }): string => `${schema}.${name}`

/** How much somebody could see or change, the most first. */
export const EXPOSURES = [
  'everything',
  'writes tables',
  'reads tables',
  'views and procedures',
  'nothing',
] as const
export type Exposure = (typeof EXPOSURES)[number]

export interface Reach {
  exposure: Exposure
  /** Base tables of the shop that they may read or write themselves: "orders (SELECT)". */
  tables: readonly string[]
  /** Base tables that they see a part of, by views and routines. */
  throughPrograms: readonly string[]
  /** Of all these, those with what people wrote or did. */
  sensitive: readonly string[]
}

/** Tables that hold what customers wrote, who they are, and what they did. */
const SENSITIVE = /^(chat_|users$|support_members$|website_|customer|order)/

/** Rights that lead to all the others. */
const SUPREME = new Set([
  'SUPER',
  'CREATE USER',
  'GRANT OPTION',
  'SET USER',
  'SET_ANY_DEFINER',
  'FILE',
])

const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'DROP', 'ALTER', 'TRIGGER', 'CREATE'])

/** What accounts together reach in one database. */
export function reachOf(
  observed: ObservedAccess,
  sources: readonly ProgramSource[],
  accounts: readonly AccountName[],
  schema: string,
): Reach {
  const tables = observed.objects.filter(one => one.kind === 'table' && one.schema === schema)
  const direct = new Map<string, Set<string>>()
  const through = new Set<string>()
  let isSupreme = false
  for (const account of accounts) {
    for (const { name } of tables) {
      const held = rightsOn(observed, account, { schema, name })
      for (const { right } of held) {
        if (right.place.on === 'server' && SUPREME.has(right.privilege)) isSupreme = true
        if (right.privilege === 'SELECT' || WRITES.has(right.privilege)) {
          direct.set(name, (direct.get(name) ?? new Set()).add(right.privilege))
        }
      }
      const paths = throughPrograms(observed, sources, account, { schema, name })
      if (paths.length > 0) through.add(name)
    }
  }
  const names = [...direct.keys()]
  const isWriting = [...direct.values()].some(held => [...held].some(one => WRITES.has(one)))
  return {
    exposure: exposureOf(isSupreme, isWriting, names.length, through.size),
    tables: names.map(name => `${name} (${[...(direct.get(name) ?? [])].sort().join(', ')})`),
    throughPrograms: [...through].filter(name => !direct.has(name)),
    sensitive: [...new Set([...names, ...through])].filter(name => SENSITIVE.test(name)),
  }
}

function exposureOf(
  isSupreme: boolean,
  isWriting: boolean,
  tables: number,
  programs: number,
): Exposure {
  if (isSupreme) return 'everything'
  if (isWriting) return 'writes tables'
  if (tables > 0) return 'reads tables'
  return programs > 0 ? 'views and procedures' : 'nothing'
}
