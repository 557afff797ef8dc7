/**
 * The files of a sample, in an order in which every foreign key holds, with the header of
 * each: names and columns as the shop's exports have them.
 */
export const SAMPLE_FILES = {
  products: 'product_id,created_at,product_name',
  website_sessions:
    'website_session_id,created_at,user_id,is_repeat_session,utm_source,utm_campaign,utm_content,device_type,http_referer',
  website_pageviews: 'website_pageview_id,created_at,website_session_id,pageview_url',
  order_items:
    'order_item_id,created_at,order_id,price_usd,cogs_usd,website_session_id,product_id,is_primary_item',
  order_item_refunds: 'order_item_refund_id,created_at,order_item_id,order_id,refund_amount_usd',
  users: 'user_id,created_at,first_name,last_name',
  support_members: 'support_member_id,created_at,first_name,last_name',
  chat_sessions:
    'chat_session_id,created_at,chat_end_at,user_id,support_member_id,website_session_id',
  chat_messages:
    'chat_message_id,created_at,chat_session_id,user_id,support_member_id,message_text',
} as const

export type SampleTable = keyof typeof SAMPLE_FILES

export const SAMPLE_TABLES = Object.keys(SAMPLE_FILES) as SampleTable[]

/** "products" -> "01.products.csv": sorted by name they load in order. */
export function sampleFileName(table: SampleTable): string {
  return `${String(SAMPLE_TABLES.indexOf(table) + 1).padStart(2, '0')}.${table}.csv`
}

/** Some rows of one table as CSV text, whole lines. */
export interface SampleBlock {
  table: SampleTable
  text: string
  rows: number
}

const BLOCK_CHARACTERS = 64 * 1024

/** Gathers lines per table until there is enough for a block. */
export class BlockBuilder {
  readonly #texts = Object.fromEntries(
    SAMPLE_TABLES.map(table => [table, { text: `${SAMPLE_FILES[table]}\n`, rows: 0 }]),
  ) as Record<SampleTable, { text: string; rows: number }>
  #ready: SampleBlock[] = []

  add(table: SampleTable, line: string): void {
    const gathered = this.#texts[table]
    gathered.text += line
    gathered.rows += 1
    if (gathered.text.length >= BLOCK_CHARACTERS) this.#release(table)
  }

  /** The blocks that are full; they are handed out once. */
  takeReady(): SampleBlock[] {
    if (this.#ready.length === 0) return this.#ready
    const ready = this.#ready
    this.#ready = []
    return ready
  }

  /** What is left, at the end. */
  takeRest(): SampleBlock[] {
    for (const table of SAMPLE_TABLES) if (this.#texts[table].text) this.#release(table)
    return this.takeReady()
  }

  #release(table: SampleTable): void {
    this.#ready.push({ table, ...this.#texts[table] })
    this.#texts[table] = { text: '', rows: 0 }
  }
}
