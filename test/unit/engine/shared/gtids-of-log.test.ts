import { expect, test } from 'vitest'
import type { Session } from '#engine/session'
import { laterOf, withGtidsOfLog } from '#engine/shared/gtids-of-log'

test.each([
  ['0-1-5,1-1-2', '0-1-7', '0-1-7,1-1-2'],
  ['0-1-5', '0-1-5', '0-1-5'],
  ['0-1-50', '0-2-9', '0-1-50'],
  ['', '0-2-9', '0-2-9'],
  ['0-1-5', '', '0-1-5'],
])('of each domain the later one: %s and %s', (one, other, both) => {
  expect(laterOf(one, other)).toBe(both)
})

const at = (gtids: string | null) =>
  ({
    value: async (sql: string) => (sql.includes('@@server_id') ? '2' : gtids),
  }) as unknown as Session

const SOURCE = { channel: '', host: 'db1', port: 3306, file: 'binlog.000001', offset: 700 }
const NOTED = { engine: 'mariadb', file: 'rlog.000001', offset: 900 } as const

test('a replica that had counted less than its log has is where its log is', async () => {
  const noted = { ...NOTED, gtidSet: '0-1-3095', sources: [{ ...SOURCE, gtidSet: '0-1-3095' }] }
  expect(await withGtidsOfLog(at('0-1-3097,7-2-4'), noted)).toEqual({
    ...NOTED,
    gtidSet: '0-1-3097,7-2-4',
    sources: [{ ...SOURCE, file: null, offset: null, gtidSet: '0-1-3097' }],
  })
  expect(await withGtidsOfLog(at('0-1-3095'), noted)).toEqual(noted)
})

test("a replica's own transactions are none of its source's", async () => {
  const noted = { ...NOTED, gtidSet: '0-1-5', sources: [{ ...SOURCE, gtidSet: '0-1-5' }] }
  const { gtidSet, sources } = await withGtidsOfLog(at('0-2-6'), noted)
  expect({ gtidSet, sources }).toEqual({ gtidSet: '0-2-6', sources: noted.sources })
})

test('what the log does not tell stays as it was noted', async () => {
  const noted = { ...NOTED, gtidSet: '0-1-5' }
  expect(await withGtidsOfLog(at(null), noted)).toEqual(noted)
  const none = { ...noted, file: null, offset: null }
  expect(await withGtidsOfLog(at('0-1-9'), none)).toEqual(none)
})
