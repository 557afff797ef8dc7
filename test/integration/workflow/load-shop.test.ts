import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import type { SqlRow } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { fixtureFiles, realFiles, type ShopContext, withShop } from '#test/shop'
import { type LoadOptions, type LoadReport, loadFiles } from '#workflow/load-files'

async function load(
  { engine, connect, folder }: ShopContext,
  files: readonly string[],
  options: Partial<LoadOptions> = {},
): Promise<LoadReport> {
  return await loadFiles(
    engine.loader,
    connect,
    {
      files,
      onConflict: 'reject',
      dryRun: false,
      rejectsFile: join(folder, 'rejects.csv'),
      ...options,
    },
    { progress: silentProgress(), clock: systemClock },
  )
}

async function readRejects({ folder }: ShopContext): Promise<Record<string, string>[]> {
  return parse(await readFile(join(folder, 'rejects.csv')), { columns: true })
}

/** A checksum of every table's rows, to see whether anything changed. */
async function contents({ session }: ShopContext): Promise<SqlRow[]> {
  const tables = await session.rows<{ name: string }>(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND TABLE_NAME <> 'ecomdb_load'`,
  )
  return await session.rows(`CHECKSUM TABLE ${tables.map(({ name }) => name).join(', ')}`)
}

async function counts({ session }: ShopContext): Promise<Record<string, number>> {
  const tables = [
    'order_items',
    'orders',
    'order_item_refunds',
    'website_sessions',
    'website_pageviews',
    'chat_messages',
  ]
  const found: Record<string, number> = {}
  for (const table of tables)
    found[table] = Number(await session.value(`SELECT COUNT(*) FROM ${table}`))
  return found
}

/** Orders as the triggers keep them, against orders computed from the items. */
async function wrongOrders({ session }: ShopContext): Promise<number> {
  const wrong = await session.value(`
    SELECT COUNT(*) FROM orders o LEFT JOIN (
      SELECT order_id, MIN(created_at) AS created_at, COUNT(*) AS items,
        MAX(CASE WHEN is_primary_item = 1 THEN product_id END) AS product,
        SUM(price_usd) AS price, SUM(cogs_usd) AS cost
      FROM order_items GROUP BY order_id
    ) i ON i.order_id = o.order_id AND i.items = o.items_purchased AND i.price = o.price_usd
      AND i.cost = o.cogs_usd AND i.product = o.primary_product_id AND i.created_at = o.created_at
    WHERE i.order_id IS NULL`)
  return Number(wrong)
}

describe.each(TEST_ENGINES)('%s', family => {
  test('the fixture with every drift loads once, exactly, and names its five collisions', async () => {
    await withShop(family, async shop => {
      const empty = await contents(shop)
      // Keys that two files share are not seen by a dry run, since nothing of the first is there.
      const dry = await load(shop, fixtureFiles(), { dryRun: true })
      expect(dry).toMatchObject({ loaded: 341, rejected: 0, rejectsFile: null, orphans: [] })
      expect(await contents(shop)).toEqual(empty)

      const report = await load(shop, fixtureFiles())
      expect(report).toMatchObject({ loaded: 336, present: 0, rejected: 5, method: 'local_infile' })
      await theFixturesFigures(shop, report)
      await theFixturesCollisions(shop)
      await theFixturesTexts(shop)

      const before = await contents(shop)
      const again = await load(shop, fixtureFiles())
      expect(again).toMatchObject({ loaded: 0, present: 336, rejected: 5 })
      const replacing = await load(shop, fixtureFiles(), { dryRun: true, onConflict: 'replace' })
      expect(replacing).toMatchObject({ loaded: 0, present: 336, replaced: 5, rejected: 0 })
      expect(await contents(shop)).toEqual(before)
      const actions = (await readRejects(shop)).map(({ action }) => action)
      expect(actions).toEqual([...Array(10).fill('rejected'), ...Array(5).fill('replaced')])
    })
  })

  test('--on-conflict keep leaves, replace takes; both say what they did', async () => {
    await withShop(family, async shop => {
      const kept = await load(shop, fixtureFiles(), { onConflict: 'keep' })
      expect(kept).toMatchObject({ loaded: 336, kept: 5, rejected: 0 })
      const replaced = await load(shop, fixtureFiles().slice(3, 4), { onConflict: 'replace' })
      expect(replaced).toMatchObject({ loaded: 0, present: 3, replaced: 5, rejected: 0 })
      const rejects = await readRejects(shop)
      expect(rejects.map(r => r['action'])).toEqual([
        ...Array(5).fill('kept'),
        ...Array(5).fill('replaced'),
      ])
      expect(rejects.slice(5).map(r => r['existing'])).toEqual(
        rejects.slice(0, 5).map(r => r['existing']),
      )
      expect(await refunds6to10(shop)).toEqual(rejects.slice(5).map(r => r['row']))
    })
  })

  test("the shop's real files give the shop's figures", async context => {
    const files = realFiles()
    if (files === null) return context.skip("the shop's exports are not here")
    await withShop(family, async shop => {
      const report = await load(shop, files)
      expect(report).toMatchObject({ loaded: 201_501, present: 0, rejected: 5 })
      expect(await counts(shop)).toMatchObject({
        order_items: 15_742,
        orders: 14_343,
        website_sessions: 64_132,
        website_pageviews: 120_934,
        order_item_refunds: 693,
      })
      expect(await wrongOrders(shop)).toBe(0)
      expect(report.orphans.map(({ count }) => count)).toEqual([10_199])
      await theShopsFigures(shop)
      const rejects = await readRejects(shop)
      expect(
        rejects.map(r => [r['line'], r['row']?.split(',')[0], r['existing']?.split(',')[0]]),
      ).toEqual([6, 7, 8, 9, 10].map((id, place) => [String(place + 2), String(id), String(id)]))
      const before = await contents(shop)
      const again = await load(shop, files)
      expect(again).toMatchObject({ loaded: 0, present: 201_501, rejected: 5 })
      expect(await contents(shop)).toEqual(before)
    })
  })
})

async function theFixturesFigures(shop: ShopContext, report: LoadReport): Promise<void> {
  expect(await counts(shop)).toEqual({
    order_items: 128,
    orders: 120,
    order_item_refunds: 16,
    website_sessions: 60,
    website_pageviews: 120,
    chat_messages: 5,
  })
  expect(await wrongOrders(shop)).toBe(0)
  expect(report.orphans).toEqual([
    expect.objectContaining({
      table: 'order_items',
      referencedTable: 'website_sessions',
      count: 92,
    }),
  ])
  const [sums] = await shop.session.rows(
    'SELECT SUM(price_usd) AS price, SUM(cogs_usd) AS cost, SUM(is_primary_item) AS prime FROM order_items',
  )
  expect(sums).toEqual({ price: '6608.72', cost: '2557.72', prime: '120' })
  const [performance] = await shop.session.rows("CALL order_performance('2013-09-26','2013-10-15')")
  expect(performance).toEqual([{ total_orders: 17, revenue: '1119.79' }])
  const filled = report.files.map(({ file, filled }) => [basename(file).slice(0, 2), filled])
  expect(Object.fromEntries(filled)).toMatchObject({
    '01': { product_id: '1', is_primary_item: '1' },
    '05': { is_primary_item: '1' },
    '06': {},
  })
}

async function theFixturesCollisions(shop: ShopContext): Promise<void> {
  const rejects = await readRejects(shop)
  expect(rejects.map(({ line, action }) => `${line} ${action}`)).toEqual(
    [2, 3, 4, 5, 6].map(line => `${line} rejected`),
  )
  const [first] = rejects
  expect(basename(first?.['file'] ?? '')).toBe('04.order_item_refunds_2012_April.csv')
  expect(first?.['reason']).toBe(
    'another row has this order_item_refund_id; they differ in created_at, order_item_id, order_id',
  )
  expect(await refunds6to10(shop)).toEqual(rejects.map(r => r['existing']))
  const lines = (await readFile(fixtureFiles()[3] ?? '', 'utf8')).replaceAll('"', '').split('\n')
  expect(rejects.map(r => r['row'])).toEqual(lines.slice(1, 6))
}

/** The refunds that collide, as CSV. */
async function refunds6to10({ session }: ShopContext): Promise<string[]> {
  const rows = await session.rows(
    'SELECT * FROM order_item_refunds WHERE order_item_refund_id BETWEEN 6 AND 10 ORDER BY 1',
  )
  return rows.map(row => Object.values(row).join(','))
}

async function theFixturesTexts({ session }: ShopContext): Promise<void> {
  const messages = await session.rows(
    'SELECT message_text FROM chat_messages ORDER BY chat_message_id',
  )
  expect(messages.map(row => row['message_text'])).toEqual([
    'Where is my bear? 🧸',
    'The address:\nMaple Street 12\n\n"Springfield", is that right?',
    null,
    'NULL',
    'tab\there, back\\slash, and \\N',
  ])
  const users = await session.rows('SELECT first_name, last_name FROM users ORDER BY user_id')
  expect(users).toEqual([
    { first_name: 'Zoë', last_name: "O'Neill" },
    { first_name: null, last_name: 'van der Berg, the 2nd' },
    { first_name: 'NULL', last_name: 'Şahin' },
  ])
}

/** What is true of the real data, counted by hand, and must come out of a load. */
async function theShopsFigures({ session }: ShopContext): Promise<void> {
  const [sums] = await session.rows(
    'SELECT SUM(price_usd) AS price, SUM(cogs_usd) AS cost FROM order_items',
  )
  expect(sums).toEqual({ price: '792018.58', cost: '301638.58' })
  expect(await session.value('SELECT COUNT(*) FROM orders WHERE items_purchased = 2')).toBe('1399')
  const [performance] = await session.rows("CALL order_performance('2013-11-01','2013-12-31')")
  expect(performance).toEqual([{ total_orders: 1908, revenue: '104893.62' }])
  const traffic = await session.rows('SELECT * FROM monthly_website_traffic ORDER BY 1, 2')
  expect(traffic.map(row => Object.values(row).map(Number))).toEqual([
    [2014, 1, 14_825],
    [2014, 2, 16_285],
    [2014, 3, 15_669],
    [2014, 4, 17_353],
  ])
  expect(await session.value('SELECT COUNT(*) FROM monthly_sessions')).toBe('23')
  const volume = await session.rows('SELECT * FROM monthly_volume ORDER BY 1, 2')
  expect(volume).toHaveLength(26)
  expect(Object.values(volume[0] ?? {}).map(Number)).toEqual([2012, 3, 60, 2999.4])
  expect(Object.values(volume.at(-1) ?? {}).map(Number)).toEqual([2014, 4, 1241, 78_725.43])
}
