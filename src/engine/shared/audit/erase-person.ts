import { EcomdbError } from '#core/errors'
import type { EraseRule } from '#domain/audit/audit-policy'
import type { AuditEvent } from '#domain/audit/event'
import { type IdRange, RangeBuilder, rangesText } from '#domain/audit/id-ranges'
import type { AuditTrail, ErasedPerson, ErasePlace, ErasureDone } from '../../audit-trail.ts'
import { quoteIdentifier, quoteQualified, quoteString } from '../../quote.ts'
import { isNoSuchTable } from '../../server-error.ts'
import type { Session } from '../../session.ts'
import { inTransaction } from '../in-transaction.ts'
import { EVENT_COLUMNS, eventOf } from './audit-reader.ts'
import { whereIds, writeEvent } from './event-statements.ts'
import { observeTable } from './observe-tables.ts'
import { keySql } from './row-expressions.ts'

type Row = Record<string, string | number | Buffer | null>

/** Keys in one look at all events, which takes as long as the table is large. */
const KEYS = 20_000

/** What `ecomdb audit erase` does in the database. */
export function erasure(
  storeOf: (session: Session) => string,
): Pick<
  AuditTrail,
  'requireErasable' | 'countPerson' | 'personKeys' | 'erasePerson' | 'forgetErasureRecords'
> {
  return {
    async requireErasable(session, database, rules) {
      for (const rule of rules) await emptySql(session, database, rule)
    },
    async countPerson(session, { database, rules, key }) {
      const rows = new Map<string, number>()
      for (const rule of rules) {
        const count = await session.value(
          `SELECT COUNT(*) FROM ${quoteQualified(database, rule.table)} AS t WHERE ${whereSql(database, rule)}`,
          [key],
        )
        rows.set(rule.table, (rows.get(rule.table) ?? 0) + Number(count))
      }
      return [...rows].map(([table, count]) => ({ table, rows: count }))
    },
    async personKeys(session, { database, rules: [rule], key }) {
      if (!rule) return []
      const rows = await session.rows<Row>(
        `SELECT DISTINCT HEX(CAST(t.${quoteIdentifier(rule.where)} AS CHAR CHARACTER SET utf8mb4)) AS found
         FROM ${quoteQualified(database, rule.table)} AS t WHERE ${whereSql(database, rule)} LIMIT 2`,
        [key],
      )
      return rows.map(({ found }) => Buffer.from(String(found), 'hex').toString())
    },
    async erasePerson(session, place, sign) {
      // Each statement sees what others have committed before it got its locks.
      await session.run('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
      await session.run("SET @ecomdb_audit_task = 'erase'")
      try {
        return await inTransaction(session, () => erase(session, storeOf(session), place, sign))
      } finally {
        await session.run('SET @ecomdb_audit_task = NULL').catch(() => {})
      }
    },
    async forgetErasureRecords(session, erasureIds) {
      const table = quoteQualified(storeOf(session), 'erasure_record')
      for (const erasureId of erasureIds) {
        const sql = `DELETE FROM ${table} WHERE erasure_id = ?`
        await session.run(sql, [erasureId]).catch((error: unknown) => {
          if (!isNoSuchTable(error)) throw error
        })
      }
    },
  }
}

/**
 * Empties the rows, which writes an event for each. Of every row that has one the salts of all before
 * it are destroyed, whenever the row came, and its own event does not say what was there before.
 */
async function erase(
  session: Session,
  store: string,
  place: ErasePlace,
  sign: (done: ErasureDone) => Uint8Array,
): Promise<ErasedPerson> {
  const event = quoteQualified(store, 'event')
  const keys: Keys = new Map()
  await addKeys(session, place, keys)
  const last = Number(await session.value(`SELECT COALESCE(MAX(event_id), 0) FROM ${event}`))
  const rows: { table: string; rows: number }[] = []
  for (const rule of place.rules) {
    const { affectedRows } = await session.run(await emptySql(session, place.database, rule), [
      place.key,
    ])
    rows.push({ table: rule.table, rows: affectedRows })
  }
  // A row that came before it was emptied.
  await addKeys(session, place, keys)
  const own = await ownEvents(session, store, keys, last)
  requireAll(own.length, rows)
  const salted = await saltedEvents(session, store, newestOf(own))
  const events = rangesOf(own.map(({ event: { id } }) => id))
  await changeEvents(session, event, 'salt = NULL', salted)
  // It has the salt of what is there now, by which the hash of before would tell what was.
  await changeEvents(session, event, 'before_hash = NULL', events)
  const detail = { erasure: place.erasureId, table: place.rules[0]?.table }
  await writeEvent(session, store, { kind: 'X', subject: place.key, detail })
  const salts = rangesText(salted)
  const done = { events: own.map(one => ({ ...one.event, before: null })), salts }
  await session.run(
    `REPLACE INTO ${quoteQualified(store, 'erasure_record')} (erasure_id, statement) VALUES (?, ?)`,
    [place.erasureId, sign(done)],
  )
  return { rows, events: rangesText(events), salts }
}

async function changeEvents(
  session: Session,
  event: string,
  change: string,
  ranges: readonly IdRange[],
): Promise<void> {
  for (const where of whereIds(ranges)) {
    await session.run(`UPDATE ${event} SET ${change} WHERE ${where}`)
  }
}

function rangesOf(ids: readonly number[]): IdRange[] {
  const builder = new RangeBuilder()
  for (const id of ids) builder.add(id)
  return builder.ranges
}

/**
 * One event for every row that was emptied: what is more, somebody else wrote.
 * @throws EcomdbError TRAIL_BROKEN: this person is not erased
 */
function requireAll(events: number, rows: readonly { rows: number }[]): void {
  const emptied = rows.reduce((sum, one) => sum + one.rows, 0)
  if (events === emptied) return
  throw new EcomdbError('TRAIL_BROKEN', {
    what: `${emptied} rows were emptied, and ${events} events say so`,
    why: 'a trigger of the audit is gone, or somebody wrote events in the name of the erasure',
    hints: [
      'this person was not erased; `ecomdb audit status` and `ecomdb audit verify` say more',
      'after that repeat what the ledger has: `ecomdb audit erase --replay`',
    ],
  })
}

/** Of each table the keys of the person's rows, as events have them, hexadecimal. */
type Keys = Map<string, Set<string>>

async function addKeys(session: Session, place: ErasePlace, keys: Keys): Promise<void> {
  for (const rule of place.rules) {
    const found = await lockRows(session, place, rule)
    keys.set(rule.table, new Set([...(keys.get(rule.table) ?? []), ...found]))
  }
}

/** Of the alias t; the key is the one value. */
function whereSql(database: string, { where, through }: EraseRule): string {
  const column = `t.${quoteIdentifier(where)}`
  if (!through) return `${column} = ?`
  const { table, where: of } = through
  return `${column} IN (SELECT o.${quoteIdentifier(where)} FROM ${quoteQualified(database, table)} AS o WHERE o.${quoteIdentifier(of)} = ?)`
}

/** @returns the keys of the rows, as events have them, hexadecimal */
async function lockRows(
  session: Session,
  { database, key }: ErasePlace,
  rule: EraseRule,
): Promise<string[]> {
  const observed = await observeTable(session, { database, name: rule.table }, rule.table)
  const rows = await session.rows<Row>(
    `SELECT HEX(${keySql(observed.key, 't')}) AS row_key FROM ${quoteQualified(database, rule.table)} AS t
     WHERE ${whereSql(database, rule)} FOR UPDATE`,
    [key],
  )
  return rows.map(row => String(row['row_key']))
}

/** Also rows that are empty already: their new event takes the place of one with a salt. */
async function emptySql(session: Session, database: string, rule: EraseRule): Promise<string> {
  const observed = await observeTable(session, { database, name: rule.table }, rule.table)
  const changes = rule.empty.map(name => {
    const column = observed.columns.find(one => one.name === name)
    const value = column?.nullable ? 'NULL' : column?.encoding.startsWith('text') ? "''" : null
    if (value) return `t.${quoteIdentifier(name)} = ${value}`
    throw new EcomdbError('UNSUPPORTED', {
      what: `${rule.table}.${name} cannot be emptied`,
      why: column ? 'it takes neither NULL nor an empty text' : 'there is no such column',
      hints: ['correct `erase` in policies/audit.yaml; until then nobody is erased'],
    })
  })
  return `UPDATE ${quoteQualified(database, rule.table)} AS t SET ${changes.join(', ')} WHERE ${whereSql(database, rule)}`
}

/** An event of the erasure, and the table of its row. */
interface OwnEvent {
  table: string
  event: AuditEvent
}

/** Not what somebody else did meanwhile, and wrote this connection's number over. */
async function ownEvents(
  session: Session,
  store: string,
  keys: Keys,
  last: number,
): Promise<OwnEvent[]> {
  const layouts = await session.rows<Row>(
    `SELECT layout_id AS id, table_name AS tbl FROM ${quoteQualified(store, 'layout')}`,
  )
  const tables = new Map(layouts.map(({ id, tbl }) => [Number(id), String(tbl)]))
  const rows = await session.rows<Row>(
    `SELECT ${EVENT_COLUMNS} FROM ${quoteQualified(store, 'event')} WHERE event_id > ${last} AND kind = 'U'
       AND connection_id = CONNECTION_ID() AND account = USER() ORDER BY event_id`,
  )
  return rows
    .map(row => eventOf(Object.values(row)))
    .map(event => ({ table: tables.get(event.layout) ?? '', event }))
    .filter(({ table, event }) => keys.get(table)?.has(hexOf(event.key)))
}

const hexOf = (key: Buffer): string => key.toString('hex').toUpperCase()

/** Of each table the keys that rows had, hexadecimal, and the id before which an event is theirs. */
type Bounds = Map<string, Map<string, number>>

/** By the newest event of the erasure of each row: that one says what is there now. */
function newestOf(own: readonly OwnEvent[]): Bounds {
  const bounds: Bounds = new Map()
  for (const { table, event } of own) {
    const known = bounds.get(table) ?? new Map<string, number>()
    bounds.set(table, known.set(hexOf(event.key), event.id))
  }
  return bounds
}

/** The events of these rows, under all keys that they ever had, that have a salt. */
async function saltedEvents(session: Session, store: string, bounds: Bounds): Promise<IdRange[]> {
  const ids = new Set<number>()
  for (const [table, known] of bounds) {
    for (let look = [...known.keys()]; look.length > 0; ) {
      const older = new Set<string>()
      for (let at = 0; at < look.length; at += KEYS) {
        const rows = await eventsOf(session, store, table, look.slice(at, at + KEYS))
        for (const { id, key, oldKey } of rows) {
          if (id >= (known.get(key) ?? 0)) continue
          ids.add(id)
          // Another row may have got that key since.
          if (oldKey === null || id <= (known.get(oldKey) ?? 0)) continue
          known.set(oldKey, id)
          older.add(oldKey)
        }
      }
      look = [...older]
    }
  }
  return rangesOf([...ids].sort((a, b) => a - b))
}

async function eventsOf(
  session: Session,
  store: string,
  table: string,
  keys: readonly string[],
): Promise<{ id: number; key: string; oldKey: string | null }[]> {
  const list = keys.map(key => `x'${key}'`).join(', ')
  const rows = await session.rows<Row>(
    `SELECT event_id AS id, HEX(row_key) AS row_key, HEX(old_key) AS old_key FROM ${quoteQualified(store, 'event')}
     WHERE salt IS NOT NULL
       AND layout_id IN (SELECT layout_id FROM ${quoteQualified(store, 'layout')} WHERE table_name = ${quoteString(table)})
       AND row_key IN (${list})`,
  )
  return rows.map(row => ({
    id: Number(row['id']),
    key: String(row['row_key']),
    oldKey: row['old_key'] === null ? null : String(row['old_key']),
  }))
}
