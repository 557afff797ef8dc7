import {
  CAMPAIGNS,
  CHECKOUT,
  FIRST_NAMES,
  LANDING_PAGES,
  LAST_NAMES,
  PRODUCTS,
  RETURNING,
  type SampleProduct,
} from './catalogue.ts'
import { Conversation } from './chat-text.ts'
import { EventQueue, type Happening } from './event-queue.ts'
import { Random } from './random.ts'
import { BlockBuilder, type SampleBlock } from './sample-files.ts'
import type { SampleSize } from './size.ts'
import { DAY, FIRST_SECOND, momentAt, quotedTime } from './timeline.ts'

const ITEMS_PER_ORDER = 1.1
const MESSAGES_PER_CHAT = 7
const REFUND_SHARE = 0.043
const REPEAT_SHARE = 0.175
const SUPPORT_MEMBERS = 12
const HIRED_EVERY = 61 * DAY
/** Far enough back that visitors return after days, near enough that nothing need be kept. */
const RETURN_WINDOW = 20_000

/**
 * The shop's life as CSV text: sessions in order of time, each with its pages, orders and
 * chats, which overlap as they would. What is kept at any time is what goes on at that
 * time. The counts of sessions, pageviews, items and messages are exact: what is left to
 * hand out is spread over the sessions that are left.
 *
 * @param seed the same seed and size give the same text
 */
export function* simulateShop(size: SampleSize, seed: number): Generator<SampleBlock> {
  const shop = new Shop(size, seed)
  shop.open()
  for (let session = 1; session <= size.sessions; session++) {
    shop.receiveSession(session)
    yield* shop.rows.takeReady()
  }
  shop.close()
  yield* shop.rows.takeRest()
}

class Shop {
  readonly rows = new BlockBuilder()
  readonly #size: SampleSize
  readonly #random: Random
  readonly #queue = new EventQueue()
  readonly #left: SampleSize
  readonly #registeredShare: number
  #users = 0
  #pageviews = 0
  #orders = 0
  #items = 0
  #refunds = 0
  #chats = 0
  #messages = 0

  constructor(size: SampleSize, seed: number) {
    this.#size = size
    this.#random = new Random(seed)
    this.#left = { ...size }
    const chatsPerSession = size.messages / MESSAGES_PER_CHAT / Math.max(1, size.sessions)
    this.#registeredShare = Math.min(1, Math.max(0.02, 1.5 * chatsPerSession))
  }

  open(): void {
    for (const { id, createdAt, name } of PRODUCTS) {
      this.rows.add('products', `${id},${quotedTime(createdAt)},${name}\n`)
    }
    for (let id = 1; id <= SUPPORT_MEMBERS; id++) {
      this.#addPerson('support_members', id, FIRST_SECOND + (id - 1) * HIRED_EVERY)
    }
  }

  /** What is still going on comes to its end. */
  close(): void {
    this.#queue.runUntil(Number.MAX_SAFE_INTEGER)
  }

  receiveSession(session: number): void {
    const at = momentAt((session - 1 + this.#random.next()) / this.#size.sessions)
    this.#queue.runUntil(at - 1)
    const last = session === this.#size.sessions
    const { user, repeat } = this.#visitor(at, last)
    const from = this.#random.weighted(repeat ? RETURNING : CAMPAIGNS)
    const device = this.#random.chance(0.63) ? 'desktop' : 'mobile'
    this.rows.add(
      'website_sessions',
      `${session},${quotedTime(at)},${user},${repeat ? 1 : 0},${from.columns},${device},${from.referer}\n`,
    )
    this.#planOrders(session, at, last)
    this.#planChats(session, user, at, last)
    this.#left.sessions -= 1
  }

  /** Who comes: a new user, or one of those who came before. The last one is new. */
  #visitor(at: number, last: boolean): { user: number; repeat: boolean } {
    if (!last && this.#users > 10 && this.#random.chance(REPEAT_SHARE)) {
      const back = Math.min(this.#users, RETURN_WINDOW)
      const near = this.#random.next() * this.#random.next()
      return { user: this.#users - Math.floor(near * back), repeat: true }
    }
    this.#users += 1
    if (last || this.#isRegistered(this.#users)) this.#addPerson('users', this.#users, at)
    return { user: this.#users, repeat: false }
  }

  /** Only registered users chat. A property of the number, so that nothing need be kept. */
  #isRegistered(user: number): boolean {
    return (Math.imul(user, 0x9e3779b1) >>> 0) / 2 ** 32 < this.#registeredShare
  }

  #addPerson(table: 'users' | 'support_members', id: number, at: number): void {
    const name = `${this.#random.pick(FIRST_NAMES)},${this.#random.pick(LAST_NAMES)}`
    this.rows.add(table, `${id},${quotedTime(at)},${name}\n`)
  }

  #planOrders(session: number, at: number, last: boolean): void {
    const left = this.#left
    const share = left.items / ITEMS_PER_ORDER / left.sessions
    let orders = this.#random.around(share)
    const baskets: SampleProduct[][] = []
    while (left.items > 0 && (last || orders > 0)) {
      baskets.push(this.#basket(at))
      orders -= 1
    }
    const pages = this.#planPages(Math.min(1, share), baskets[0]?.[0], at, last)
    if (pages.length > 0 || baskets.length > 0) {
      this.#queue.add(new Visit(this, session, at, pages, baskets))
    }
  }

  /** One or two products that are on sale at this time, counted off what is left. */
  #basket(at: number): SampleProduct[] {
    const onSale = PRODUCTS.filter(product => product.createdAt <= at)
    const first = this.#random.weighted(onSale)
    const others = onSale.filter(product => product !== first)
    const two = others.length > 0 && this.#left.items > 1 && this.#random.chance(0.14)
    const basket = two ? [first, this.#random.pick(others)] : [first]
    this.#left.items -= basket.length
    return basket
  }

  /** @param orderShare the share of the sessions that are left which order something */
  #planPages(
    orderShare: number,
    bought: SampleProduct | undefined,
    at: number,
    last: boolean,
  ): readonly string[] {
    const left = this.#left
    const mean = left.pageviews / left.sessions
    const funnel = 3 + CHECKOUT.length
    const others = (mean - orderShare * funnel) / Math.max(0.01, 1 - orderShare)
    const wanted = bought
      ? Math.max(funnel, this.#random.around(mean))
      : others < 1
        ? this.#random.around(Math.max(0, others))
        : this.#random.geometric(others)
    const count = last ? left.pageviews : Math.min(wanted, left.pageviews)
    left.pageviews -= count
    return count === 0 ? [] : this.#path(count, bought, at)
  }

  #path(count: number, bought: SampleProduct | undefined, at: number): string[] {
    const looked = bought ?? this.#random.weighted(PRODUCTS.filter(p => p.createdAt <= at))
    const path = [this.#random.weighted(LANDING_PAGES).url, '/products', looked.url]
    const rest = bought ? CHECKOUT : CHECKOUT.slice(0, -1)
    while (path.length < count - rest.length) {
      path.push(path.length % 2 ? '/products' : this.#random.pick(PRODUCTS.slice(0, 1)).url)
    }
    return [...path, ...rest].slice(0, count)
  }

  #planChats(session: number, user: number, at: number, last: boolean): void {
    const left = this.#left
    if (left.messages === 0 || !(last || this.#isRegistered(user))) return
    const share = left.messages / MESSAGES_PER_CHAT / left.sessions / this.#registeredShare
    for (
      let chats = this.#random.around(share);
      left.messages > 0 && (last || chats > 0);
      chats--
    ) {
      const count = Math.min(left.messages, this.#random.between(2, 2 * MESSAGES_PER_CHAT - 2))
      left.messages -= count
      const start = at + this.#random.between(15, 600)
      this.#queue.add(new Chat(this, this.#random, { session, user, start, count }))
    }
  }

  addPageview(session: number, at: number, url: string): void {
    this.#pageviews += 1
    this.rows.add('website_pageviews', `${this.#pageviews},${quotedTime(at)},${session},${url}\n`)
  }

  addOrder(session: number, at: number, basket: readonly SampleProduct[]): void {
    this.#orders += 1
    const order = this.#orders
    for (const [place, { id, price, cost }] of basket.entries()) {
      this.#items += 1
      const item = this.#items
      this.rows.add(
        'order_items',
        `${item},${quotedTime(at)},${order},${price},${cost},${session},${id},${place === 0 ? 1 : 0}\n`,
      )
      if (this.#random.chance(REFUND_SHARE)) {
        const later = at + this.#random.between(DAY / 2, 16 * DAY)
        this.#queue.add(onceAt(later, () => this.#addRefund(later, item, order, price)))
      }
    }
  }

  #addRefund(at: number, item: number, order: number, amount: string): void {
    this.#refunds += 1
    this.rows.add(
      'order_item_refunds',
      `${this.#refunds},${quotedTime(at)},${item},${order},${amount}\n`,
    )
  }

  addChat({ session, user, start }: PlannedChat, end: number, member: number): number {
    this.#chats += 1
    this.rows.add(
      'chat_sessions',
      `${this.#chats},${quotedTime(start)},${quotedTime(end)},${user},${member},${session}\n`,
    )
    return this.#chats
  }

  addMessage(at: number, chat: number, user: number | null, member: number | null, text: string) {
    this.#messages += 1
    this.rows.add(
      'chat_messages',
      `${this.#messages},${quotedTime(at)},${chat},${user ?? 'NULL'},${member ?? 'NULL'},"${text.replaceAll('"', '""')}"\n`,
    )
  }

  /** One of those who work here at this time. */
  supportMember(at: number): number {
    const hired = 1 + Math.floor((at - FIRST_SECOND) / HIRED_EVERY)
    return this.#random.between(1, Math.min(SUPPORT_MEMBERS, hired))
  }

  pause(low: number, high: number): number {
    return this.#random.between(low, high)
  }
}

function onceAt(at: number, happen: () => void): Happening {
  return {
    at,
    turn: 0,
    step() {
      happen()
      return false
    },
  }
}

/** One session's way through its pages; its orders come with the last page. */
class Visit implements Happening {
  at: number
  turn = 0
  #page = 0
  readonly #shop: Shop
  readonly #session: number
  readonly #pages: readonly string[]
  readonly #baskets: readonly SampleProduct[][]

  constructor(
    shop: Shop,
    session: number,
    at: number,
    pages: readonly string[],
    baskets: readonly SampleProduct[][],
  ) {
    this.at = at
    this.#shop = shop
    this.#session = session
    this.#pages = pages
    this.#baskets = baskets
  }

  step(): boolean {
    const url = this.#pages[this.#page]
    if (url !== undefined) this.#shop.addPageview(this.#session, this.at, url)
    this.#page += 1
    if (this.#page < this.#pages.length) {
      this.at += this.#shop.pause(8, 150)
      return true
    }
    for (const basket of this.#baskets) this.#shop.addOrder(this.#session, this.at, basket)
    return false
  }
}

interface PlannedChat {
  session: number
  user: number
  start: number
  count: number
}

/** One chat: user and support member take turns. Its length is known when it begins. */
class Chat implements Happening {
  at: number
  turn = 0
  #said = 0
  #chat = 0
  #member = 0
  readonly #shop: Shop
  readonly #plan: PlannedChat
  readonly #talk: Conversation
  readonly #pauses: number[]

  constructor(shop: Shop, random: Random, plan: PlannedChat) {
    this.at = plan.start
    this.#shop = shop
    this.#plan = plan
    this.#talk = new Conversation(random)
    this.#pauses = Array.from({ length: plan.count }, () => random.between(5, 90))
  }

  step(): boolean {
    if (this.#said === 0) {
      const length = this.#pauses.reduce((sum, pause) => sum + pause, 0)
      this.#member = this.#shop.supportMember(this.at)
      this.#chat = this.#shop.addChat(this.#plan, this.at + length, this.#member)
    }
    const byUser = this.#said % 2 === 0
    const text = this.#talk.next(byUser ? 'user' : 'support')
    const { user, count } = this.#plan
    this.#shop.addMessage(
      this.at,
      this.#chat,
      byUser ? user : null,
      byUser ? null : this.#member,
      text,
    )
    this.at += this.#pauses[this.#said] ?? 0
    this.#said += 1
    return this.#said < count
  }
}
