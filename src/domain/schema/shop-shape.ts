import { findObject, findTable, type LiveSchema } from './live-schema.ts'
import type { ForeignKeyDescription, TableDescription } from './schema-description.ts'

/**
 * What the shop's tables may look like before they are adopted: enough to tell them from
 * another program's tables of the same name, and to refuse what an adoption would lose.
 */

/** Something in the way of provisioning: what is where, and what can be done about it. */
export interface Finding {
  /** "table users", "trigger audit_items" */
  object: string
  /** What is different from what was expected. */
  difference: string
  hint: string | null
}

/** Which types a column may have had; a change to today's type then loses nothing silently. */
type Kind = 'integer' | 'money' | 'time' | 'text'

const KINDS: Record<Kind, RegExp> = {
  // A SUM over a CASE, as the first `orders` had it, is a decimal without a fraction.
  integer: /^((tiny|small|medium|big)?int(\(\d+\))?( unsigned)?|decimal\(\d+,0\))$/,
  money: /^decimal\(\d+,[012]\)$/,
  // A TIMESTAMP means another time in every time zone; fractions would be rounded away.
  time: /^datetime$/,
  text: /^((var)?char\(\d+\)|(tiny|medium|long)?text)$/,
}

interface TableShape {
  key: string
  columns: Readonly<Record<string, Kind>>
  /** Columns that came later, or had another name. */
  optional?: Readonly<Record<string, Kind>>
  /** "column -> table" of foreign keys that today's table has too. */
  references?: readonly string[]
  /** The shop's first chat_messages had none. */
  keyless?: boolean
}

const PERSON = { created_at: 'time', first_name: 'text', last_name: 'text' } as const

export const SHOP_TABLES: Readonly<Record<string, TableShape>> = {
  products: { key: 'product_id', columns: { created_at: 'time', product_name: 'text' } },
  order_items: {
    key: 'order_item_id',
    columns: {
      created_at: 'time',
      order_id: 'integer',
      price_usd: 'money',
      cogs_usd: 'money',
      website_session_id: 'integer',
    },
    optional: { product_id: 'integer', is_primary_item: 'integer' },
    references: ['product_id -> products'],
  },
  order_item_refunds: {
    key: 'order_item_refund_id',
    columns: {
      created_at: 'time',
      order_item_id: 'integer',
      order_id: 'integer',
      refund_amount_usd: 'money',
    },
    references: ['order_item_id -> order_items'],
  },
  orders: {
    key: 'order_id',
    columns: {
      created_at: 'time',
      website_session_id: 'integer',
      primary_product_id: 'integer',
      items_purchased: 'integer',
      price_usd: 'money',
      cogs_usd: 'money',
    },
    references: ['primary_product_id -> products'],
  },
  website_sessions: {
    key: 'website_session_id',
    columns: {
      created_at: 'time',
      user_id: 'integer',
      utm_source: 'text',
      utm_campaign: 'text',
      utm_content: 'text',
      device_type: 'text',
      http_referer: 'text',
    },
    optional: { is_repeat_session: 'integer', is_repeated_session: 'integer' },
  },
  website_pageviews: {
    key: 'website_pageview_id',
    columns: { created_at: 'time', website_session_id: 'integer', pageview_url: 'text' },
    references: ['website_session_id -> website_sessions'],
  },
  users: { key: 'user_id', columns: PERSON },
  support_members: { key: 'support_member_id', columns: PERSON },
  chat_sessions: {
    key: 'chat_session_id',
    columns: {
      created_at: 'time',
      chat_end_at: 'time',
      user_id: 'integer',
      support_member_id: 'integer',
      website_session_id: 'integer',
    },
    references: [
      'user_id -> users',
      'support_member_id -> support_members',
      'website_session_id -> website_sessions',
    ],
  },
  chat_messages: {
    key: 'chat_message_id',
    keyless: true,
    columns: {
      created_at: 'time',
      chat_session_id: 'integer',
      user_id: 'integer',
      support_member_id: 'integer',
    },
    optional: { message_text: 'text' },
    references: [
      'chat_session_id -> chat_sessions',
      'user_id -> users',
      'support_member_id -> support_members',
    ],
  },
}

/** The shop's own first trigger, and today's. Any other would run beside them. */
const KNOWN_TRIGGERS = new Set([
  'insert_new_orders',
  'order_items_after_insert',
  'order_items_after_update',
  'order_items_after_delete',
])

/** Everything about the shop's tables that an adoption does not know how to keep. */
export function unknownParts(live: LiveSchema): Finding[] {
  return Object.entries(SHOP_TABLES).flatMap(([name, shape]) => {
    if (live.description.views.some(view => view.name === name)) {
      return [{ object: `view ${name}`, difference: 'a table is to have this name', hint: null }]
    }
    const table = findTable(live, name)
    if (!table) return []
    const differences = [
      ...columnDifferences(table, shape),
      ...keyDifferences(table, shape),
      ...foreignKeyDifferences(table, shape),
    ]
    return [
      ...differences.map(difference => ({ object: `table ${name}`, difference, hint: null })),
      ...strangeTriggers(live, name),
    ]
  })
}

function columnDifferences(table: TableDescription, shape: TableShape): string[] {
  const expected: Record<string, Kind> = { [shape.key]: 'integer', ...shape.columns }
  const allowed: Record<string, Kind> = { ...expected, ...shape.optional }
  const there = new Set(table.columns.map(column => column.name))
  return [
    ...Object.keys(expected)
      .filter(name => !there.has(name))
      .map(name => `column ${name} is missing`),
    ...table.columns.flatMap(({ name, type }) => {
      const kind = allowed[name]
      if (kind === undefined) return [`column ${name} is none of the shop's`]
      return KINDS[kind].test(type) ? [] : [`column ${name} is ${type}, which is no ${kind}`]
    }),
  ]
}

function keyDifferences(table: TableDescription, shape: TableShape): string[] {
  const primary = table.indexes.find(index => index.primary)
  if (!primary) return shape.keyless ? [] : ['it has no primary key']
  const columns = primary.columns.join(', ')
  return columns === shape.key ? [] : [`its primary key is (${columns}) and not (${shape.key})`]
}

function foreignKeyDifferences(table: TableDescription, shape: TableShape): string[] {
  const today = (key: ForeignKeyDescription): boolean =>
    key.columns.length === 1 &&
    (shape.references ?? []).includes(`${key.columns[0]} -> ${key.referencedTable}`)
  return table.foreignKeys
    .filter(key => !today(key))
    .map(key => `foreign key ${key.name} to ${key.referencedTable} is none of the shop's`)
}

function strangeTriggers(live: LiveSchema, table: string): Finding[] {
  return live.objects
    .filter(object => object.kind === 'trigger' && object.table === table)
    .filter(trigger => !KNOWN_TRIGGERS.has(trigger.name))
    .map(trigger => ({
      object: `trigger ${trigger.name}`,
      difference: `it runs on ${table} and is none of the shop's`,
      hint: `look at it with SHOW CREATE TRIGGER ${trigger.name}; drop it, or provision a copy first`,
    }))
}

/**
 * Indexes of a table not adopted yet that serve no foreign key: somebody made them, and
 * today's table does not have them.
 */
export function strangeIndexes(live: LiveSchema, ownTable: (name: string) => boolean): Finding[] {
  return Object.keys(SHOP_TABLES).flatMap(name => {
    const table = findTable(live, name)
    if (!table || ownTable(name)) return []
    return table.indexes
      .filter(index => !index.primary && !servesForeignKey(table, index.columns))
      .map(index => ({
        object: `table ${name}`,
        difference: `index ${index.name} is none of the shop's`,
        hint: `today's table has indexes of its own; drop this one with DROP INDEX ${index.name} ON ${name}`,
      }))
  })
}

/** True for an index that begins with the columns of one of the table's foreign keys. */
export function servesForeignKey(
  table: TableDescription,
  columns: readonly (string | null)[],
): boolean {
  return table.foreignKeys.some(key => key.columns.every((column, at) => columns[at] === column))
}

/** What each earlier state of the shop's database added, in the order of its history. */
const STAGES: readonly { adds: string; has: (live: LiveSchema) => boolean }[] = [
  { adds: 'order_items, order_item_refunds', has: tables('order_items', 'order_item_refunds') },
  {
    adds: 'products',
    has: live => tables('products')(live) && hasColumn(live, 'order_items', 'product_id'),
  },
  { adds: 'is_primary_item', has: live => hasColumn(live, 'order_items', 'is_primary_item') },
  { adds: 'orders', has: tables('orders') },
  {
    adds: 'website_sessions, monthly_sessions',
    has: live =>
      tables('website_sessions')(live) && !!findObject(live.objects, 'view', 'monthly_sessions'),
  },
  {
    adds: 'order_performance',
    has: live => !!findObject(live.objects, 'procedure', 'order_performance'),
  },
  { adds: 'website_pageviews', has: tables('website_pageviews') },
  { adds: 'chat', has: tables('users', 'support_members', 'chat_sessions', 'chat_messages') },
  {
    adds: 'chats_handled, monthly_volume, monthly_website_traffic',
    has: live =>
      !!findObject(live.objects, 'procedure', 'chats_handled') &&
      ['monthly_volume', 'monthly_website_traffic'].every(
        view => !!findObject(live.objects, 'view', view),
      ),
  },
]

/** Where a schema without a journal stands in the shop's history. */
export interface StageFound {
  /** The last stage of which everything is there; null when nothing of the shop is. */
  stage: number | null
  /** What that stage added. */
  adds: string | null
  /** Stages before it of which something is missing: "3 (orders)". */
  gaps: readonly string[]
}

export function findStage(live: LiveSchema): StageFound {
  const stage = STAGES.findLastIndex(each => each.has(live))
  return {
    stage: stage < 0 ? null : stage,
    adds: STAGES[stage]?.adds ?? null,
    gaps: STAGES.slice(0, Math.max(stage, 0)).flatMap((each, number) =>
      each.has(live) ? [] : [`${number} (${each.adds})`],
    ),
  }
}

function tables(...names: string[]): (live: LiveSchema) => boolean {
  return live => names.every(name => findTable(live, name) !== undefined)
}

function hasColumn(live: LiveSchema, table: string, column: string): boolean {
  return findTable(live, table)?.columns.some(({ name }) => name === column) ?? false
}
