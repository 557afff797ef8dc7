import { EcomdbError, messageOf } from '#core/errors'
import type { ProbeEntry, ProgramEntry } from '#domain/backup/manifest'
import { mayEndTransaction } from '#domain/backup/may-end-transaction'
import type { Catalog, ReadableTable } from '../../logical-reader.ts'
import { quoteIdentifier, quoteQualified } from '../../quote.ts'
import { computedProbe } from './computed-columns.ts'
import type { ReaderPool } from './reader-pool.ts'

/**
 * Questions about the business that a restored server must answer as the live one did:
 * the shop's procedure over the whole range of the data, and its monthly views. Content is
 * proven by hashes already; these show that procedures and views work on it.
 *
 * They scan tables, so they are left out where that would take longer than the backup.
 */
const PROBE_ROWS = 500_000

type Probe = Omit<ProbeEntry, 'answer'>

export async function answerProbes(
  pool: ReaderPool,
  catalog: Catalog,
  isHeld: (table: ReadableTable) => boolean,
): Promise<{ probes: ProbeEntry[]; warnings: string[]; findings: string[] }> {
  const probes: ProbeEntry[] = []
  const warnings: string[] = []
  /** Computed columns that no restore will compare, for the question has no answer. */
  const findings: string[] = []
  const ask = async (probe: Probe, unanswered: string[]): Promise<void> => {
    try {
      probes.push({ ...probe, answer: await answerText(pool, probe.sql) })
    } catch (error) {
      if (error instanceof EcomdbError && error.code === 'NOT_CONSISTENT') throw error
      unanswered.push(`probe ${probe.name} has no answer: ${messageOf(error)}`)
    }
  }
  for (const table of catalog.tables) {
    const probe = isHeld(table) ? null : computedProbe(table)
    if (probe) await ask(probe, findings)
  }
  for (const { name: schema } of catalog.databases) {
    // Writers wait until these tables are read, and a view would wait behind the writers.
    if (catalog.tables.some(table => table.schema === schema && isHeld(table))) continue
    // One statement to choose the schema, since a procedure's tables are its own.
    for (const probe of await probesOf(pool, catalog, schema, warnings)) {
      await ask(probe, warnings)
    }
  }
  return { probes, warnings, findings }
}

/** A statement's rows as TSV. */
export async function answerText(pool: ReaderPool, sql: string): Promise<string> {
  const rows = await pool.query(sql)
  return rows.map(row => `${row.map(field).join('\t')}\n`).join('')
}

/** The views and the tables that they read. */
const VIEWS: Readonly<Record<string, string>> = {
  monthly_sessions: 'website_sessions',
  monthly_volume: 'orders',
  monthly_website_traffic: 'website_pageviews',
}

async function probesOf(
  pool: ReaderPool,
  catalog: Catalog,
  schema: string,
  warnings: string[],
): Promise<Probe[]> {
  const probes: Probe[] = []
  const small = (name: string): boolean =>
    catalog.tables.some(
      table => table.schema === schema && table.name === name && table.estimate.rows <= PROBE_ROWS,
    )
  const find = (kind: string, name: string): ProgramEntry | undefined =>
    catalog.programs.find(one => one.schema === schema && one.kind === kind && one.name === name)
  const performance = find('procedure', 'order_performance')
  const isAsked = performance !== undefined && small('order_items')
  if (isAsked && mayEndTransaction(performance)) {
    warnings.push(
      `probe ${schema}.order_performance is not asked: the procedure may end the transaction of the backup`,
    )
  } else if (isAsked) {
    const range = await dateRange(pool, schema)
    if (range) probes.push(performanceProbe(schema, ...range))
  }
  for (const [name, table] of Object.entries(VIEWS)) {
    if (!find('view', name) || !small(table)) continue
    probes.push({
      name: `${schema}.${name}`,
      schema,
      sql: `SELECT * FROM ${quoteQualified(schema, name)} ORDER BY ${VIEW_ORDER[name]}`,
    })
  }
  return probes
}

/** By position: every column that makes a row of the view its own. */
const VIEW_ORDER: Readonly<Record<string, string>> = {
  monthly_sessions: '1, 2, 3, 4',
  monthly_volume: '1, 2',
  monthly_website_traffic: '1, 2',
}

function performanceProbe(schema: string, from: string, to: string): Probe {
  return {
    name: `${schema}.order_performance`,
    schema,
    sql: `CALL ${quoteIdentifier(schema)}.order_performance('${from}', '${to}')`,
  }
}

/** First and last day with an order item; null without one. */
async function dateRange(pool: ReaderPool, schema: string): Promise<[string, string] | null> {
  const [row] = await pool.query(
    `SELECT DATE(MIN(created_at)), DATE(MAX(created_at)) FROM ${quoteQualified(schema, 'order_items')}`,
  )
  const [from, to] = row ?? []
  return from && to ? [from, to] : null
}

function field(value: string | null): string {
  return value === null ? '\\N' : value.replace(/[\\\t\n]/g, letter => ESCAPES[letter] ?? letter)
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n' }
