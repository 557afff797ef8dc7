import { type Layout, OPERATION_TABLE } from '#domain/audit/event'
import { quoteAccount, quoteIdentifier, quoteQualified } from '../../quote.ts'
import { type AuditedColumn, keySql, saltedRowSql } from './row-expressions.ts'
import { quotePlace, type TablePlace } from './table-place.ts'

/** A layout, with the columns as the server has them. */
export interface LiveLayout extends Omit<Layout, 'columns' | 'key'> {
  columns: readonly AuditedColumn[]
  key: readonly AuditedColumn[]
}

export interface AuditTrigger {
  name: string
  event: 'INSERT' | 'UPDATE' | 'DELETE'
  table: string
  /** As information_schema.triggers has it: what stands after FOR EACH ROW. */
  body: string
}

/** Two trails of one server have one access store: there the store's own name is in the trigger's. */
function triggerName(store: string, { id, table }: LiveLayout, event: string): string {
  const prefix = table === OPERATION_TABLE ? store.slice(0, 44) : 'ecomdb_audit'
  return `${prefix}_${id}_${event.toLowerCase()}`
}

/** Is this a name of the audit's triggers? */
export function isTriggerName(name: string, store: string): boolean {
  const [, prefix] = /^(.+)_\d+_(?:insert|update|delete)$/.exec(name) ?? []
  return prefix === 'ecomdb_audit' || prefix === store.slice(0, 44)
}

/** What an event says of an operation of ecomdb, so that nobody needs the row to read it. */
const OPERATION_DETAIL =
  "JSON_OBJECT('command', NEW.`command`, 'subject', NEW.`subject`, 'actor', NEW.`actor`)"

/**
 * The three triggers of a table. Each is one INSERT without a local variable: `salt` in the
 * values is the column that was set before it (manual, "INSERT Statement"). That costs 15 %
 * less than a block with a variable, and a table of its own for salts would cost 20 % more.
 */
export function auditTriggers(store: string, layout: LiveLayout): AuditTrigger[] {
  const { id, table, columns, key } = layout
  const insert = (kind: string, key: string, more: readonly [string, string][]): string => {
    const names = ['salt', ...more.map(([name]) => name)]
    const values = ['RANDOM_BYTES(16)', ...more.map(([, value]) => value)]
    return (
      `INSERT INTO ${quoteQualified(store, 'event')} (at, kind, layout_id, row_key, account, connection_id, ${names.join(', ')}) ` +
      `VALUES (UTC_TIMESTAMP(6), '${kind}', ${id}, ${key}, USER(), CONNECTION_ID(), ${values.join(', ')})`
    )
  }
  const hash = (of: string): string => `UNHEX(SHA2(${saltedRowSql(columns, of, 'salt')}, 256))`
  const keyOf = (of: string): string => keySql(key, of)
  const changed = `NULLIF(${keyOf('OLD')}, ${keyOf('NEW')})`
  const trigger = (event: AuditTrigger['event'], body: string): AuditTrigger => {
    return { name: triggerName(store, layout, event), event, table, body }
  }
  const added: [string, string][] = [['after_hash', hash('NEW')]]
  const operation = table === OPERATION_TABLE
  if (operation) added.push(['detail', OPERATION_DETAIL])
  const both: [string, string][] = [
    ['before_hash', hash('OLD')],
    ['after_hash', hash('NEW')],
  ]
  return [
    trigger('INSERT', insert(operation ? 'O' : 'I', keyOf('NEW'), added)),
    trigger('UPDATE', insert('U', keyOf('NEW'), [['old_key', changed], ...both])),
    trigger('DELETE', insert('D', keyOf('OLD'), [['before_hash', hash('OLD')]])),
  ]
}

export function createTriggerSql(
  place: TablePlace,
  definer: string,
  { name, event, body }: AuditTrigger,
): string {
  return (
    `CREATE DEFINER = ${quoteAccount(definer, 'localhost')} TRIGGER ${quoteQualified(place.database, name)} ` +
    `AFTER ${event} ON ${quotePlace(place)} FOR EACH ROW ${body}`
  )
}

/** Rows of before, after `?` and up to `?` of the key; a salt for each, made once by the LIMIT. */
export function baselineSql(
  place: TablePlace,
  store: string,
  { id, columns, key }: LiveLayout,
  range: string,
): string {
  return (
    `INSERT INTO ${quoteQualified(store, 'event')} (at, kind, layout_id, row_key, account, connection_id, salt, after_hash) ` +
    `SELECT UTC_TIMESTAMP(6), 'B', ${id}, ${keySql(key, 'present')}, USER(), CONNECTION_ID(), salts.salt, ` +
    `UNHEX(SHA2(${saltedRowSql(columns, 'present', 'salts.salt')}, 256)) ` +
    `FROM (SELECT ${key.map(({ name }) => quoteIdentifier(name)).join(', ')}, CAST(RANDOM_BYTES(16) AS BINARY(16)) AS salt ` +
    `FROM ${quotePlace(place)}${range} LIMIT 18446744073709551615) AS salts ` +
    `JOIN ${quotePlace(place)} AS present ON ` +
    key
      .map(({ name }) => quoteIdentifier(name))
      .map(name => `present.${name} = salts.${name}`)
      .join(' AND ')
  )
}
