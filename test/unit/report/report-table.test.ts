import { expect, test } from 'vitest'
import { type ReportTable, renderTable } from '#report/report-table'
import { chatsTable, ordersTable } from '#report/shop-report'

const PERIOD = { from: '2014-01-01', to: '2014-01-31' }

function chats(...names: (string | null)[]): ReportTable {
  const rows = names.map((representative, at) => ({
    representativeId: String(at + 1),
    representative,
    totalChats: 1000 + at,
  }))
  return chatsTable({ period: PERIOD, representativeId: null, rows, totalChats: 2001 })
}

test('text: numbers to the right, names by their width on a terminal, a total', () => {
  expect(renderTable(chats('Ann', '山田 太郎'), 'text')).toBe(
    [
      'Chats handled',
      'from 2014-01-01 to 2014-01-31, both days included',
      '',
      '  Representative  Name       Chats',
      '  --------------  ---------  -----',
      '  1               Ann        1,000',
      '  2               山田 太郎  1,001',
      '  --------------  ---------  -----',
      '  all                        2,001',
      '',
    ].join('\n'),
  )
})

test('text: an escape sequence in a name does not reach the terminal', () => {
  expect(renderTable(chats('\u001b[2JAnn'), 'text')).not.toContain('\u001b')
})

test('money keeps its decimals', () => {
  const text = (revenue: string | null): string =>
    renderTable(ordersTable({ period: PERIOD, totalOrders: 1908, revenue }), 'text')
  expect(text('104893.62')).toContain('104,893.62')
  expect(text('12345678901234567890.1234')).toContain('12,345,678,901,234,567,890.1234')
  expect(text('-0.50')).toContain('-0.50')
  expect(text(null)).toContain('0.00')
  expect(text('999.00')).toContain('1,908         999.00')
})

test('no row says so', () => {
  expect(renderTable(chats(), 'text')).toContain('(none)')
  expect(renderTable(chats(), 'html')).toContain('<td colspan="3">none</td>')
  expect(renderTable(chats(), 'csv')).toBe(
    'from,to,representative_id,representative,total_chats\r\n',
  )
})

test('CSV: RFC 4180, raw numbers, and nothing that a spreadsheet would run', () => {
  const lines = renderTable(chats('a "b", c', '=HYPERLINK("x")', '-1+1', 'Ann\nLee', null), 'csv')
  expect(lines.split('\r\n')).toEqual([
    'from,to,representative_id,representative,total_chats',
    '2014-01-01,2014-01-31,1,"a ""b"", c",1000',
    `2014-01-01,2014-01-31,2,"'=HYPERLINK(""x"")",1001`,
    "2014-01-01,2014-01-31,3,'-1+1,1002",
    '2014-01-01,2014-01-31,4,"Ann\nLee",1003',
    '2014-01-01,2014-01-31,5,,1004',
    '',
  ])
})

test('HTML: escaped, and needing nothing from elsewhere', () => {
  const page = renderTable(chats(`<script>alert('x')</script>&"`), 'html')
  expect(page).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;')
  expect(page).not.toMatch(/<script|https?:|url\(|@import/)
  expect(page).toContain('<th scope="col" class="number">Chats</th>')
})
