import { EcomdbError } from '#core/errors'
import type { Thing } from '#domain/access/effective'
import { accountKey } from '#domain/access/observed'
import { type Path, pathsTo } from '#domain/access/reach'
import { type AccessPlace, gatherAccess } from './list-access.ts'

export interface AccessExplanation {
  person: string
  thing: string
  accounts: readonly string[]
  paths: readonly Path[]
}

/**
 * `ecomdb why PERSON TABLE`: every way in which a person comes to a table, view or column.
 *
 * @param name "orders", "shop.orders", "orders.price_usd", "shop.orders.price_usd"
 * @throws EcomdbError USAGE for a person or a thing that is not there
 */
export async function explainAccess(
  person: string,
  name: string,
  { engine, connect }: AccessPlace,
): Promise<AccessExplanation> {
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const { observed, sources } = await gatherAccess(engine, session)
    const thing = thingOf(name, connect.database ?? '', observed.objects)
    if (!observed.people.some(one => one.person === person)) {
      throw new EcomdbError('USAGE', {
        what: `nobody called ${person} is on record`,
        hints: ['`ecomdb access list` shows everybody'],
      })
    }
    const there = new Set(observed.principals.map(({ account }) => accountKey(account)))
    const accounts = observed.records
      .filter(record => record.person === person && there.has(accountKey(record.account)))
      .map(({ account }) => account)
    return {
      person,
      thing: [thing.schema, thing.name, thing.column].filter(Boolean).join('.'),
      accounts: accounts.map(({ user, host }) => `${user}@${host}`),
      paths: accounts.flatMap(account => pathsTo(observed, sources, account, thing)),
    }
  } finally {
    await session.close()
  }
}

function thingOf(
  name: string,
  database: string,
  objects: readonly { schema: string; name: string; kind: string }[],
): Thing {
  const parts = name.split('.')
  const readings: Thing[] =
    parts.length === 1
      ? [{ schema: database, name }]
      : parts.length === 2
        ? [
            { schema: parts[0] ?? '', name: parts[1] ?? '' },
            { schema: database, name: parts[0] ?? '', column: parts[1] },
          ]
        : [{ schema: parts[0] ?? '', name: parts[1] ?? '', column: parts[2] }]
  const isThere = (thing: Thing): boolean =>
    objects.some(
      one =>
        one.schema === thing.schema &&
        one.name === thing.name &&
        ['table', 'view'].includes(one.kind),
    )
  const found = parts.length > 3 ? undefined : readings.find(isThere)
  if (found) return found
  throw new EcomdbError('USAGE', {
    what: `there is no table or view ${name}`,
    why: `looked for in ${readings.map(one => `${one.schema}.${one.name}`).join(' and ')}`,
    hints: ['name it as table, schema.table, or schema.table.column'],
  })
}
