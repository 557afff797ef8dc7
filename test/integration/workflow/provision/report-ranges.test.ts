import { randomBytes } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import type { Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { sharedServer, withDatabase } from '#test/servers'
import { applyProvision } from '#workflow/provision/apply-provision'

const naming = { prefix: `t_${randomBytes(4).toString('hex')}`, host: 'localhost' }
const DAYS = 500
const PER_DAY = 8

afterAll(async () => {
  for (const family of TEST_ENGINES) {
    const { engine, server } = await sharedServer(family)
    const session = await engine.connect(server.administrator)
    await session.run(`DROP USER IF EXISTS '${naming.prefix}_definer'@localhost`)
    await session.close()
  }
})

/** Orders and chats of 500 days; the first of a day at midnight, the last a second before the next. */
async function fill(session: Session): Promise<void> {
  const items: string[] = []
  const chats: string[] = []
  for (let id = 0; id < DAYS * PER_DAY; id += 1) {
    const day = new Date(Date.UTC(2013, 0, 1 + Math.floor(id / PER_DAY))).toISOString().slice(0, 10)
    const hour = ['00:00:00', '23:59:59'][id % PER_DAY] ?? '12:00:00'
    items.push(`(${id}, '${day} ${hour}', ${id}, 2.50, 1.00, 1, 1, 1)`)
    chats.push(`(${id + 1}, '${day} ${hour}', NULL, 1, ${1 + (id % 3)}, NULL)`)
  }
  await session.run("INSERT INTO users VALUES (1, '2013-01-01', 'Uma', 'User')")
  await session.run(
    "INSERT INTO support_members VALUES (1, '2013-01-01', 'Ann', 'Lee'), (2, '2013-01-01', 'Bo', NULL), (3, '2013-01-01', 'Cy', 'Ray')",
  )
  await session.run(`INSERT INTO order_items VALUES ${items.join()}`)
  await session.run(`INSERT INTO chat_sessions VALUES ${chats.join()}`)
  await session.run('ANALYZE TABLE orders, chat_sessions')
}

/** Rows that the storage engine gave while this call ran: by index, and by scan. */
async function rowsRead(session: Session, call: string): Promise<{ index: number; scan: number }> {
  const before = await handlers(session)
  await session.rows(call)
  const after = await handlers(session)
  const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  return {
    index: grown('Handler_read_next') + grown('Handler_read_key') + grown('Handler_read_prev'),
    // Temporary tables are scanned too: a few rows.
    scan: grown('Handler_read_rnd_next') + grown('Handler_read_first'),
  }
}

async function handlers(session: Session): Promise<Map<string, number>> {
  const rows = await session.rows<{ Variable_name: string; Value: string }>(
    "SHOW SESSION STATUS LIKE 'Handler_read%'",
  )
  return new Map(rows.map(row => [row.Variable_name, Number(row.Value)]))
}

test.each(TEST_ENGINES)('%s: a report reads the rows of its days, not the table', async family => {
  await withDatabase(family, async ({ engine, server, session, database }) => {
    const connect = { ...server.administrator, database }
    await applyProvision(engine, { connect, naming }, silentProgress())
    await fill(session)

    const orders = "CALL order_performance('2013-06-01', '2013-06-30')"
    const [totals] = await session.rows(orders)
    expect(totals).toEqual([{ total_orders: 30 * PER_DAY, revenue: '600.00' }])
    const read = await rowsRead(session, orders)
    expect(read.index).toBeGreaterThanOrEqual(30 * PER_DAY)
    expect(read.index + read.scan).toBeLessThan(30 * PER_DAY + 60)

    for (const representative of ['2', 'NULL']) {
      const chats = `CALL chats_handled(${representative}, '2013-06-01', '2013-06-02')`
      const [counts] = await session.rows(chats)
      expect(counts).toHaveLength(representative === 'NULL' ? 3 : 1)
      const { index, scan } = await rowsRead(session, chats)
      expect(index + scan).toBeLessThan(2 * PER_DAY + 60)
    }
  })
})

test.each(TEST_ENGINES)('%s: EXPLAIN calls it a range of the index', async family => {
  await withDatabase(family, async ({ engine, server, session, database }) => {
    const connect = { ...server.administrator, database }
    await applyProvision(engine, { connect, naming }, silentProgress())
    await fill(session)
    const plans = [
      ['order_performance', 'orders', 'orders_created_at'],
      ['chats_handled', 'chat_sessions', 'chat_sessions_support_member'],
    ] as const
    for (const [procedure, table, key] of plans) {
      const body = await session.value(
        'SELECT routine_definition FROM information_schema.routines WHERE routine_schema = ? AND routine_name = ?',
        [database, procedure],
      )
      const query = String(body)
        .replaceAll('start_date', "'2013-06-01'")
        .replaceAll('end_date', "'2013-06-02'")
        .replace(/WHERE representative_id IS NULL OR/, 'WHERE')
        .replaceAll('= representative_id', '= 2')
      const steps = await session.rows<Record<string, string>>(
        `EXPLAIN FORMAT=TRADITIONAL ${query}`,
      )
      const step = steps.find(row => row['table'] === table)
      expect(step?.['key'], procedure).toBe(key)
      expect(['range', 'ref'], procedure).toContain(step?.['type'])
      if (procedure === 'order_performance') {
        expect(step?.['type']).toBe('range')
        expect(step?.['Extra']).toContain('Using index')
      }
    }
  })
})
