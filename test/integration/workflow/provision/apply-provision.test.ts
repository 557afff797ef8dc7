import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import { TEST_ENGINES } from '#test/engines'
import { withDatabase } from '#test/servers'
import { applyProvision } from '#workflow/provision/apply-provision'

test.each(TEST_ENGINES)('%s: an empty database gets the whole schema, once', async family => {
  await withDatabase(family, async ({ engine, server, session, database }) => {
    const naming = { prefix: database, host: 'localhost' }
    const options = { connect: { ...server.administrator, database }, naming }
    try {
      const first = await applyProvision(engine, options, silentProgress())
      expect(first.versions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      await session.run(
        "INSERT INTO order_items VALUES (1, '2014-01-31 23:59:59', 7, 49.99, 19.49, 70, 2, 1)",
      )
      await session.run(
        "INSERT INTO order_items VALUES (2, '2014-01-31 23:59:59', 7, 29.99, 9.49, 70, 4, 0)",
      )
      expect(await session.rows('SELECT * FROM orders')).toEqual([
        {
          order_id: 7,
          created_at: '2014-01-31 23:59:59',
          website_session_id: 70,
          primary_product_id: 2,
          items_purchased: 2,
          price_usd: '79.98',
          cogs_usd: '28.98',
        },
      ])
      const [rows] = await session.rows("CALL order_performance('2014-01-01', '2014-01-31')")
      expect(rows).toEqual([{ total_orders: 1, revenue: '79.98' }])
      const again = await applyProvision(engine, options, silentProgress())
      expect(again).toMatchObject({ database, statements: 0, versions: [] })
    } finally {
      await session.run(`DROP USER IF EXISTS '${database}_definer'@localhost`)
    }
  })
})
