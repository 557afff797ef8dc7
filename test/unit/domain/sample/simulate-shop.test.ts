import { createHash } from 'node:crypto'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { SAMPLE_TABLES, type SampleTable } from '#domain/sample/sample-files'
import { simulateShop } from '#domain/sample/simulate-shop'
import { type SampleSize, sampleSize } from '#domain/sample/size'

type Rows = Record<string, string>[]

function textOf(size: SampleSize, seed: number): Record<SampleTable, string> {
  const texts = Object.fromEntries(SAMPLE_TABLES.map(table => [table, ''])) as Record<
    SampleTable,
    string
  >
  for (const { table, text } of simulateShop(size, seed)) texts[table] += text
  return texts
}

function rowsOf(size: SampleSize, seed = 1): Record<SampleTable, Rows> {
  const parsed = Object.entries(textOf(size, seed)).map(([table, text]) => [
    table,
    parse(text, { columns: true }),
  ])
  return Object.fromEntries(parsed) as Record<SampleTable, Rows>
}

const keys = (rows: Rows, column: string): Set<string | undefined> =>
  new Set(rows.map(row => row[column]))

const SMALL = sampleSize('0.002', {})

test('the same seed gives the same bytes, on every machine; another seed gives others', () => {
  const digest = (seed: number): string =>
    createHash('sha256')
      .update(Object.values(textOf(SMALL, seed)).join(''))
      .digest('hex')
  expect(digest(1)).toBe(digest(1))
  expect(digest(1)).not.toBe(digest(2))
  expect(digest(1)).toMatchInlineSnapshot(
    `"127bc35946b829cf1b9eb38642174040c48bb915d84a0bf7d78d0dd631eaaa03"`,
  )
})

describe.each([
  ['the usual shape', SMALL],
  ['one session', { sessions: 1, pageviews: 1, items: 1, messages: 1 }],
  ['one session that does it all', { sessions: 1, pageviews: 50, items: 9, messages: 40 }],
  ['no pages', { sessions: 100, pageviews: 0, items: 10, messages: 0 }],
  ['many orders a session', { sessions: 10, pageviews: 10, items: 500, messages: 500 }],
  ['pages only', { sessions: 50, pageviews: 5000, items: 0, messages: 0 }],
  ['nothing', { sessions: 0, pageviews: 0, items: 0, messages: 0 }],
])('%s', (_name, size) => {
  const rows = rowsOf(size)

  test('has exactly the rows that were asked for', () => {
    expect({
      sessions: rows.website_sessions.length,
      pageviews: rows.website_pageviews.length,
      items: rows.order_items.length,
      messages: rows.chat_messages.length,
    }).toEqual(size)
  })

  test('every reference holds', () => {
    const references: [Rows, string, Set<string | undefined>][] = [
      [
        rows.website_pageviews,
        'website_session_id',
        keys(rows.website_sessions, 'website_session_id'),
      ],
      [rows.order_items, 'website_session_id', keys(rows.website_sessions, 'website_session_id')],
      [rows.order_items, 'product_id', keys(rows.products, 'product_id')],
      [rows.order_item_refunds, 'order_item_id', keys(rows.order_items, 'order_item_id')],
      [rows.chat_sessions, 'user_id', keys(rows.users, 'user_id')],
      [rows.chat_sessions, 'support_member_id', keys(rows.support_members, 'support_member_id')],
      [rows.chat_sessions, 'website_session_id', keys(rows.website_sessions, 'website_session_id')],
      [rows.chat_messages, 'chat_session_id', keys(rows.chat_sessions, 'chat_session_id')],
    ]
    for (const [from, column, to] of references) {
      expect(from.filter(row => !to.has(row[column]))).toEqual([])
    }
  })

  test.each(SAMPLE_TABLES)('%s: ids are 1, 2, 3, … and dates never go back', table => {
    const key = Object.keys(rows[table][0] ?? { none: '' })[0] ?? ''
    const ids = rows[table].map(row => Number(row[key]))
    if (table === 'users') expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
    else expect(ids).toEqual(ids.map((_, place) => place + 1))
    const dates = rows[table].map(row => row['created_at'] ?? '')
    expect(dates).toEqual(dates.toSorted())
  })

  test('exactly one of user and support member speaks', () => {
    for (const message of rows.chat_messages) {
      expect((message['user_id'] === 'NULL') !== (message['support_member_id'] === 'NULL')).toBe(
        true,
      )
    }
  })
})

test('looks like the shop', () => {
  const rows = rowsOf(sampleSize('0.02', {}))
  const share = (part: Rows, all: Rows): number => part.length / all.length
  const sessions = rows.website_sessions
  expect(
    share(
      sessions.filter(row => row['is_repeat_session'] === '1'),
      sessions,
    ),
  ).toBeCloseTo(0.17, 1)
  expect(
    share(
      sessions.filter(row => row['utm_source'] === 'NULL'),
      sessions,
    ),
  ).toBeCloseTo(0.25, 1)
  expect(share(rows.order_item_refunds, rows.order_items)).toBeCloseTo(0.043, 1)
  const second = rows.order_items.filter(row => row['is_primary_item'] === '0')
  expect(share(second, rows.order_items)).toBeGreaterThan(0.05)
  const prices = new Set(
    rows.order_items.map(r => `${r['product_id']} ${r['price_usd']} ${r['cogs_usd']}`),
  )
  expect([...prices].sort()).toEqual([
    '1 49.99 19.49',
    '2 59.99 22.49',
    '3 45.99 14.49',
    '4 29.99 9.49',
  ])
})

test('a size that no shop can have is refused', () => {
  expect(() => sampleSize('x', {})).toThrow('cannot make NaN sessions')
  expect(() => sampleSize('-1', {})).toThrow('cannot make -1000000 sessions')
  expect(() => sampleSize('1', { sessions: 0 })).toThrow('without sessions')
})
