import type { Period } from './period.ts'

/** What `CALL order_performance(from, to)` gives. */
export interface OrderPerformance {
  totalOrders: number
  /** US dollars, as the server's decimal text: "104893.62". Null when there was no order. */
  revenue: string | null
}

export interface OrdersReport extends OrderPerformance {
  period: Period
}

/** What `CALL chats_handled(representative, from, to)` gives, a row for each representative. */
export interface ChatsHandled {
  representativeId: string
  /** Null where the procedure does not give one. */
  representative: string | null
  totalChats: number
}

export interface ChatsReport {
  period: Period
  /** All of them when null. */
  representativeId: string | null
  rows: readonly ChatsHandled[]
  totalChats: number
}
