import { OPERATION_TABLE } from '#domain/audit/event'
import { quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { ownStores } from '../own-store/own-store.ts'

/** Where a table of the trail is on the server. */
export interface TablePlace {
  database: string
  name: string
}

/** @param shop the database of the tables that the policy names */
export function placeOf(session: Session, shop: string, table: string): TablePlace {
  return table === OPERATION_TABLE
    ? { database: ownStores.storeName(session, 'access'), name: 'operation' }
    : { database: shop, name: table }
}

export function quotePlace({ database, name }: TablePlace): string {
  return quoteQualified(database, name)
}
