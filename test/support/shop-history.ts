import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '#core/paths'
import { parseMigration } from '#domain/schema/migration'
import type { Session } from '#engine/session'

/** Stages 0 to 8 of the shop's own history, as test/support/shop-history has them. */
export const STAGES = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const

/** Builds a database as the shop's people left it at this stage, data included. */
export async function buildStage(session: Session, stage: number): Promise<void> {
  const folder = join(packageRoot(), 'test/support/shop-history')
  for (const name of (await readdir(folder)).sort().slice(0, stage + 1)) {
    const { statements } = parseMigration(name, await readFile(join(folder, name), 'utf8'))
    for (const { sql } of statements) await session.run(sql)
  }
}

export const SHOP_TABLES_IN_ORDER = [
  'products',
  'order_items',
  'order_item_refunds',
  'orders',
  'website_sessions',
  'website_pageviews',
  'users',
  'support_members',
  'chat_sessions',
  'chat_messages',
] as const

/** All rows of the shop's tables that are there, in the order of their first column. */
export async function readShop(session: Session): Promise<Record<string, object[]>> {
  const there = new Set(
    (await session.rows<Record<string, string>>('SHOW TABLES')).map(row => Object.values(row)[0]),
  )
  const rows: Record<string, object[]> = {}
  for (const table of SHOP_TABLES_IN_ORDER) {
    if (there.has(table)) rows[table] = await session.rows(`SELECT * FROM ${table} ORDER BY 1`)
  }
  return rows
}

/** `orders` computed anew from the items: what the triggers have to keep true. */
export const ORDERS_FROM_ITEMS = `
  SELECT order_id, MIN(created_at) AS created_at, MIN(website_session_id) AS website_session_id,
    MIN(CASE WHEN is_primary_item = 1 THEN product_id END) AS primary_product_id,
    COUNT(*) AS items_purchased, SUM(price_usd) AS price_usd, SUM(cogs_usd) AS cogs_usd
  FROM order_items GROUP BY order_id ORDER BY order_id`
