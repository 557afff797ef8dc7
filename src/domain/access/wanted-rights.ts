import type { ObservedAccess, ObservedObject } from './observed.ts'
import type { WantedRights } from './policy.ts'
import {
  nameOnServer,
  type Place,
  parseRights,
  patternOf,
  type Right,
  rightText,
  withoutAll,
} from './right.ts'

/** What the names of a policy are short for. */
export interface RightsContext {
  /** The shop's schema. */
  database: string
  /** ecomdb's own databases, by the names that the policy uses. */
  stores: ReadonlyMap<string, string>
}

/**
 * What a role or an application of the policy shall hold, under the names of this server.
 *
 * @param who "role analyst", for the notes
 * @param notes gets what cannot be given, and why
 */
export function wantedRights(
  who: string,
  wanted: WantedRights,
  observed: ObservedAccess,
  context: RightsContext,
  notes: string[],
): Right[] {
  const named: Right[] = [
    ...wanted.select.map(name => onView(who, name, observed, context, notes)),
    ...wanted.execute.map(name => onRoutine(who, name, observed, context, notes)),
    ...[...wanted.tables].flatMap(([name, privileges]) => {
      const { schema, object } = resolveName(name, context)
      const place: Place =
        object === '*'
          ? { on: 'schema', schema: observed.literalSchemas ? schema : patternOf(schema) }
          : { on: 'table', schema, name: object, column: null }
      return privileges.map(privilege => ({ privilege: privilege.toUpperCase(), place }))
    }),
    ...wanted.server.map(privilege => ({
      privilege: privilege.toUpperCase(),
      place: { on: 'server' as const },
    })),
    ...wanted.rights.flatMap(text => parseRights(text) ?? []),
  ].flatMap(right => right ?? [])
  return named
    .flatMap(right => withoutAll(right, observed.family, observed.offered))
    .flatMap(right => {
      const privilege = nameOnServer(right.privilege, observed.family, observed.offered)
      if (privilege !== null) return [{ ...right, privilege }]
      notes.push(`${who}: ${observed.flavor} has no privilege ${right.privilege}`)
      return []
    })
}

/** "orders" is the shop's; "ecomdb_access.person_report" is another schema's. */
function resolveName(name: string, context: RightsContext): { schema: string; object: string } {
  const dot = name.indexOf('.')
  if (dot < 0) return { schema: context.database, object: name }
  const schema = name.slice(0, dot)
  return { schema: context.stores.get(schema) ?? schema, object: name.slice(dot + 1) }
}

function onView(
  who: string,
  name: string,
  { objects }: ObservedAccess,
  context: RightsContext,
  notes: string[],
): Right | null {
  const { schema, object } = resolveName(name, context)
  const found = objects.find(
    each => each.schema === schema && each.name === object && ['view', 'table'].includes(each.kind),
  )
  if (found?.kind === 'table') {
    notes.push(`${who}: ${name} is a table and no view, so it is not given by select`)
    return null
  }
  if (found) noteInvoker(who, found, notes)
  return { privilege: 'SELECT', place: { on: 'table', schema, name: object, column: null } }
}

function onRoutine(
  who: string,
  name: string,
  { objects }: ObservedAccess,
  context: RightsContext,
  notes: string[],
): Right {
  const { schema, object } = resolveName(name, context)
  const found = objects.find(
    each =>
      each.schema === schema &&
      each.name.toLowerCase() === object.toLowerCase() &&
      ['procedure', 'function'].includes(each.kind),
  )
  if (found) noteInvoker(who, found, notes)
  const type = found?.kind === 'function' ? 'FUNCTION' : 'PROCEDURE'
  return { privilege: 'EXECUTE', place: { on: 'routine', schema, name: object, type } }
}

function noteInvoker(
  who: string,
  { kind, schema, name, security }: ObservedObject,
  notes: string[],
): void {
  if (security !== 'INVOKER') return
  notes.push(`${who}: ${kind} ${schema}.${name} is SQL SECURITY INVOKER, and gives nothing alone`)
}

/** Whether what a right is held on is there: the server grants nothing on what is not. */
export function isThere(
  { place }: Right,
  { objects, foldNames, ownSchema }: ObservedAccess,
): boolean {
  if ('schema' in place && place.schema === ownSchema) return true
  const same = (a: string, b: string, fold: boolean): boolean =>
    fold ? a.toLowerCase() === b.toLowerCase() : a === b
  const isOne = (name: string, kinds: readonly string[], fold: boolean): boolean =>
    objects.some(
      each =>
        kinds.includes(each.kind) &&
        'schema' in place &&
        same(each.schema, place.schema, foldNames) &&
        same(each.name, name, fold),
    )
  if (place.on === 'table') {
    const isServers = ['mysql', 'sys', 'performance_schema'].includes(place.schema)
    return isServers || isOne(place.name, ['table', 'view'], foldNames)
  }
  if (place.on === 'routine') {
    const isServers = ['mysql', 'sys'].includes(place.schema)
    return isServers || isOne(place.name, ['procedure', 'function'], true)
  }
  return true
}

/** For a note about a right that waits for its object. */
export function missingText(who: string, right: Right): string {
  return `${who}: not granted, as it does not exist yet: ${rightText(right)}`
}
