import { randomBytes } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import { isDeadlock, serverErrorNumber } from '#engine/server-error'
import type { Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { sharedServer, withDatabase } from '#test/servers'
import { ORDERS_FROM_ITEMS } from '#test/shop-history'
import { applyProvision } from '#workflow/provision/apply-provision'

const naming = { prefix: `t_${randomBytes(4).toString('hex')}`, host: 'localhost' }

afterAll(async () => {
  for (const family of TEST_ENGINES) {
    const { engine, server } = await sharedServer(family)
    const session = await engine.connect(server.administrator)
    await session.run(`DROP USER IF EXISTS '${naming.prefix}_definer'@localhost`)
    await session.close()
  }
})

const WRITERS = 8
const ROUNDS = 40
const ORDERS = 6

/** The same numbers for the same seed (mulberry32), so that a failure can be run again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** One change of one item. Every column of the item is changed by some. */
function change(random: (below: number) => number, nextId: () => number): string {
  const item = `order_item_id % ${WRITERS * 3} = ${random(WRITERS * 3)}`
  const order = 1 + random(ORDERS)
  const day = `2014-01-${String(1 + random(28)).padStart(2, '0')} 10:00:00`
  const money = `${1 + random(90)}.99`
  const insert = `(${nextId()}, '${day}', ${order}, ${money}, 1.01, ${1 + random(99)}, ${1 + random(4)}, ${random(2)})`
  const choices = [
    `INSERT INTO order_items VALUES ${insert}`,
    `INSERT INTO order_items VALUES ${insert}, ${insert.replace(/^\(\d+/, `(${nextId()}`)}`,
    `UPDATE order_items SET order_id = ${order} WHERE ${item}`,
    `UPDATE order_items SET created_at = '${day}', website_session_id = ${1 + random(99)} WHERE ${item}`,
    `UPDATE order_items SET product_id = ${1 + random(4)}, is_primary_item = 1 - is_primary_item WHERE ${item}`,
    `UPDATE order_items SET price_usd = ${money}, cogs_usd = 2.02 WHERE order_id = ${order}`,
    `DELETE FROM order_items WHERE ${item}`,
    `DELETE FROM order_items WHERE order_id = ${order}`,
    `REPLACE INTO order_items VALUES ${insert.replace(/^\(\d+/, `(${1 + random(60)}`)}`,
    `INSERT INTO order_items VALUES ${insert.replace(/^\(\d+/, `(${1 + random(60)}`)} ON DUPLICATE KEY UPDATE price_usd = 7.77`,
    `INSERT IGNORE INTO order_items VALUES ${insert.replace(/^\(\d+/, `(${1 + random(60)}`)}`,
  ]
  return choices[random(choices.length)] ?? ''
}

/** MariaDB's innodb_snapshot_isolation refuses, instead of losing, a change since the snapshot. */
const RECORD_HAS_CHANGED = 1020

/** Transactions of one to three changes; one in five is rolled back; a deadlock is tried again. */
async function write(session: Session, writer: number): Promise<number> {
  const random = randomFrom(writer + 1)
  let id = 1000 * (writer + 1)
  const nextId = (): number => id++
  let committed = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    try {
      await session.run('START TRANSACTION')
      // Takes the transaction's snapshot before the first change.
      await session.rows('SELECT COUNT(*) FROM orders')
      for (let n = 0; n <= random(3); n += 1) await session.run(change(random, nextId))
      await session.run(random(5) === 0 ? 'ROLLBACK' : 'COMMIT')
      committed += 1
    } catch (error) {
      const again = isDeadlock(error) || serverErrorNumber(error) === RECORD_HAS_CHANGED
      if (!again) throw error
      await session.run('ROLLBACK')
    }
  }
  return committed
}

test.each(
  TEST_ENGINES.flatMap(family =>
    ['REPEATABLE READ', 'READ COMMITTED'].map(level => [family, level] as const),
  ),
)('%s, %s: orders follow their items under eight writers', async (family, level) => {
  await withDatabase(family, async ({ engine, server, session, database }) => {
    const connect = { ...server.administrator, database }
    await applyProvision(engine, { connect, naming }, silentProgress())
    const writers = await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        const own = await engine.connect(connect)
        await own.run(`SET SESSION TRANSACTION ISOLATION LEVEL ${level}`)
        const strict = await own.value("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'")
        // Half of MariaDB's writers as newer versions have it by default.
        if (strict && writer % 2) await own.run('SET SESSION innodb_snapshot_isolation = ON')
        return own
      }),
    )
    const committed = await Promise.all(writers.map(write))
    await Promise.all(writers.map(writer => writer.close()))
    expect(committed.every(count => count > 0)).toBe(true)
    expect(Number(await session.value('SELECT COUNT(*) FROM order_items'))).toBeGreaterThan(0)
    expect(await session.rows('SELECT * FROM orders ORDER BY order_id')).toEqual(
      await session.rows(ORDERS_FROM_ITEMS),
    )
    await session.run('DELETE FROM order_items')
    expect(await session.rows('SELECT * FROM orders')).toEqual([])
  })
})

const ITEM = "'2014-01-01 10:00:00', 5, 10.00, 1.00, 50, 1, 1"

test.each(TEST_ENGINES)(
  '%s: an old snapshot does not hide the items that others added',
  async family => {
    await withDatabase(family, async ({ engine, server, session, database }) => {
      const connect = { ...server.administrator, database }
      await applyProvision(engine, { connect, naming }, silentProgress())
      const other = await engine.connect(connect)
      for (const change of [
        'UPDATE order_items SET price_usd = 20.00 WHERE order_item_id = 1',
        'DELETE FROM order_items WHERE order_item_id IN (1, 2)',
      ]) {
        await session.run('DELETE FROM order_items')
        await session.run(`INSERT INTO order_items VALUES (1, ${ITEM}), (2, ${ITEM})`)
        await session.run('START TRANSACTION')
        await session.rows('SELECT COUNT(*) FROM order_items')
        await other.run(`INSERT INTO order_items VALUES (3, ${ITEM})`)
        await session.run(change)
        await session.run('COMMIT')
        expect(await session.rows('SELECT * FROM orders')).toEqual(
          await session.rows(ORDERS_FROM_ITEMS),
        )
      }
      await other.close()
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: an item added while another session holds the order is counted, or neither is',
  async family => {
    await withDatabase(family, async ({ engine, server, session, database }) => {
      const connect = { ...server.administrator, database }
      await applyProvision(engine, { connect, naming }, silentProgress())
      const other = await engine.connect(connect)
      for (const end of ['COMMIT', 'ROLLBACK']) {
        await session.run('START TRANSACTION')
        await session.run(`INSERT INTO order_items VALUES (1, ${ITEM})`)
        const waiting = other.run(`INSERT INTO order_items VALUES (2, ${ITEM})`)
        await session.run(end)
        await waiting
        const items = end === 'COMMIT' ? 2 : 1
        expect(await session.rows('SELECT items_purchased FROM orders')).toEqual([
          { items_purchased: items },
        ])
        await session.run('DELETE FROM order_items')
        expect(await session.rows('SELECT * FROM orders')).toEqual([])
      }
      await other.close()
    })
  },
)

test.each(TEST_ENGINES)('%s: a refused item leaves its order as it was', async family => {
  await withDatabase(family, async ({ engine, server, session, database }) => {
    const connect = { ...server.administrator, database }
    await applyProvision(engine, { connect, naming }, silentProgress())
    await session.run(`INSERT INTO order_items VALUES (1, ${ITEM})`)
    const before = await session.rows('SELECT * FROM orders')
    const refused = [
      `INSERT INTO order_items VALUES (2, ${ITEM}), (1, ${ITEM})`,
      "INSERT INTO order_items VALUES (3, '2014-01-01 10:00:00', 5, 10.00, 1.00, 50, 99, 1)",
      "INSERT INTO order_items VALUES (4, '2014-01-01 10:00:00', 5, 10.00, 1.00, 50, 1, 7)",
      'UPDATE order_items SET product_id = 99 WHERE order_item_id = 1',
    ]
    for (const statement of refused) await expect(session.run(statement)).rejects.toThrow()
    await session.run(`INSERT IGNORE INTO order_items VALUES (1, ${ITEM})`)
    expect(await session.rows('SELECT * FROM orders')).toEqual(before)
  })
})
