import type { Period } from '#domain/report/period'
import type { ChatsReport, OrdersReport } from '#domain/report/shop-report'
import type { ReportTable } from './report-table.ts'

/** `ecomdb report orders` */
export function ordersTable({ period, totalOrders, revenue }: OrdersReport): ReportTable {
  return {
    title: 'Order performance',
    ...about(period),
    columns: [
      { name: 'total_orders', heading: 'Orders', kind: 'count' },
      { name: 'revenue', heading: 'Revenue (USD)', kind: 'money' },
    ],
    rows: [[totalOrders, revenue]],
  }
}

/** `ecomdb report chats` */
export function chatsTable({ period, rows, totalChats }: ChatsReport): ReportTable {
  return {
    title: 'Chats handled',
    ...about(period),
    columns: [
      { name: 'representative_id', heading: 'Representative', kind: 'text' },
      { name: 'representative', heading: 'Name', kind: 'text' },
      { name: 'total_chats', heading: 'Chats', kind: 'count' },
    ],
    rows: rows.map(row => [row.representativeId, row.representative, row.totalChats]),
    ...(rows.length > 1 ? { total: ['all', '', totalChats] } : {}),
  }
}

function about({ from, to }: Period): Pick<ReportTable, 'context' | 'note'> {
  return {
    context: [
      { name: 'from', value: from },
      { name: 'to', value: to },
    ],
    note: from === to ? `on ${from}` : `from ${from} to ${to}, both days included`,
  }
}
