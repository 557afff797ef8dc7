import { randomBytes } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import type { EngineFamily } from '#domain/engine-family'
import type { SchemaObject } from '#domain/schema/live-schema'
import type { Engine } from '#engine/engine'
import { isDeadlock } from '#engine/server-error'
import type { Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { sharedServer, withDatabase } from '#test/servers'
import { buildStage, ORDERS_FROM_ITEMS, readShop, STAGES } from '#test/shop-history'
import { applyProvision } from '#workflow/provision/apply-provision'
import { planProvision } from '#workflow/provision/plan-provision'

const naming = { prefix: `t_${randomBytes(4).toString('hex')}`, host: 'localhost' }
const fresh = new Map<EngineFamily, Promise<readonly SchemaObject[]>>()

afterAll(async () => {
  for (const family of TEST_ENGINES) {
    const { engine, server } = await sharedServer(family)
    const session = await engine.connect(server.administrator)
    await session.run(`DROP USER IF EXISTS '${naming.prefix}_definer'@localhost`)
    await session.close()
  }
})

async function objectsOf(engine: Engine, session: Session, database: string) {
  return (await engine.provisioner.observe(session, database)).objects
}

/** What an empty database becomes: the measure of all others. */
async function freshObjects(family: EngineFamily): Promise<readonly SchemaObject[]> {
  let objects: readonly SchemaObject[] = []
  await withDatabase(family, async ({ engine, server, session, database }) => {
    const connect = { ...server.administrator, database }
    await applyProvision(engine, { connect, naming }, silentProgress())
    objects = await objectsOf(engine, session, database)
  })
  return objects
}

test.each(TEST_ENGINES.flatMap(family => STAGES.map(stage => [family, stage] as const)))(
  '%s: stage %i becomes what an empty start makes, and keeps its rows',
  async (family, stage) => {
    if (!fresh.has(family)) fresh.set(family, freshObjects(family))
    const expected = await fresh.get(family)
    await withDatabase(family, async ({ engine, server, session, database }) => {
      // Older servers made databases in latin1; the text must come through.
      await session.run(`ALTER DATABASE ${database} CHARACTER SET latin1`)
      await buildStage(session, stage)
      const before = await readShop(session)
      const options = { connect: { ...server.administrator, database }, naming }

      const plan = await planProvision(engine, options)
      expect(plan.findings).toEqual([])
      expect(plan.stage).toMatchObject({ stage, gaps: [] })
      const result = await applyProvision(engine, options, silentProgress())
      expect(result.statements).toBe(plan.stages.reduce((sum, { steps }) => sum + steps.length, 0))

      expect(await objectsOf(engine, session, database)).toEqual(expected)
      expect((await engine.provisioner.observe(session, database)).collation).toBe(
        'utf8mb4_unicode_ci',
      )
      expectKept(before, await readShop(session))
      expect(await session.rows('SELECT * FROM orders ORDER BY order_id')).toEqual(
        await session.rows(ORDERS_FROM_ITEMS),
      )
      const replaced = await session.rows('SELECT row_key, reason FROM ecomdb_set_aside ORDER BY 1')
      expect(replaced).toEqual(
        stage < 3
          ? []
          : [
              { row_key: '10034', reason: 'differs from its items' },
              { row_key: '10036', reason: 'no items' },
            ],
      )
      const again = await applyProvision(engine, options, silentProgress())
      expect(again).toMatchObject({ statements: 0, versions: [] })
    })
  },
)

test.each(TEST_ENGINES)('%s: who could call the reports still can', async family => {
  await withDatabase(family, async ({ engine, server, session, database }) => {
    await buildStage(session, 8)
    const clerk = `${naming.prefix}_clerk`
    await session.run(`CREATE USER '${clerk}'@localhost`)
    await session.run(`GRANT EXECUTE ON PROCEDURE order_performance TO '${clerk}'@localhost`)
    await session.run(`GRANT SELECT ON monthly_volume TO '${clerk}'@localhost`)
    const connect = { ...server.administrator, database }
    await applyProvision(engine, { connect, naming }, silentProgress())
    const visit = await engine.connect({ ...connect, user: clerk })
    const [rows] = await visit.rows("CALL order_performance('2012-03-19', '2012-03-20')")
    expect(rows).toEqual([{ total_orders: 4, revenue: '199.96' }])
    expect(await visit.rows('SELECT * FROM monthly_volume LIMIT 1')).toHaveLength(1)
    await expect(visit.rows("CALL chats_handled(1, '2014-01-01', '2014-01-02')")).rejects.toThrow()
    await visit.close()
    await session.run(`DROP USER '${clerk}'@localhost`)
  })
})

test.each(TEST_ENGINES)('%s: the shop goes on selling while it is adopted', async family => {
  await withDatabase(family, async ({ engine, server, session, database }) => {
    await buildStage(session, 8)
    const connect = { ...server.administrator, database }
    const seller = await engine.connect(connect)
    let adopted = false
    let sold = 0
    const selling = (async () => {
      for (let id = 20000; !adopted; id += 1) {
        const order = 20000 + Math.floor(id / 3)
        const item = `(${id}, '2014-03-01 10:00:00', ${order}, 49.99, 19.49, 175252, 1, 1)`
        const statements = [
          `INSERT INTO order_items VALUES ${item}`,
          `DELETE FROM order_items WHERE order_item_id = ${id - 3} AND order_item_id % 4 = 0`,
        ]
        for (const statement of statements) {
          await seller.run(statement).then(
            () => {
              sold += 1
            },
            error => {
              if (!isDeadlock(error)) throw error
            },
          )
        }
      }
    })()
    const adopting = applyProvision(engine, { connect, naming }, silentProgress()).finally(() => {
      adopted = true
    })
    await Promise.all([adopting, selling])
    await seller.close()
    expect(sold).toBeGreaterThan(10)
    expect(await session.rows('SELECT * FROM orders ORDER BY order_id')).toEqual(
      await session.rows(ORDERS_FROM_ITEMS),
    )
  })
})

/** Every row is there with every value that it had; `orders` is derived and told apart. */
function expectKept(before: Record<string, object[]>, after: Record<string, object[]>): void {
  for (const [table, rows] of Object.entries(before)) {
    if (table === 'orders') continue
    const renamed = rows.map(row =>
      Object.fromEntries(
        Object.entries(row).map(([column, value]) => [
          column === 'is_repeated_session' ? 'is_repeat_session' : column,
          value,
        ]),
      ),
    )
    const kept = after[table] ?? []
    if (table !== 'products') expect(kept).toHaveLength(rows.length)
    expect(kept.slice(0, rows.length)).toMatchObject(renamed)
  }
  const items = after['order_items'] as { product_id: number; is_primary_item: number }[]
  expect(items.slice(0, 4).every(item => item.product_id === 1)).toBe(true)
  expect(items.slice(0, 4).every(item => item.is_primary_item === 1)).toBe(true)
}
