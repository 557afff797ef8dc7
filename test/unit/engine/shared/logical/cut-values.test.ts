import { expect, test } from 'vitest'
import { refuseCutValues } from '#engine/shared/logical/cut-values'

const TABLE = { schema: 'shop', name: 't' } as Parameters<typeof refuseCutValues>[1]
const OTHER = ['Warning', '1292', 'Truncated incorrect DOUBLE value']
const CUT = ['Warning', '1301', 'Result was larger than max_allowed_packet (1048576) - truncated']
const left = (warnings: number, ...shown: string[][]) => ({ warnings, query: async () => shown })

test('warnings of other things are nothing', async () => {
  await refuseCutValues(left(0), TABLE)
  await refuseCutValues(left(2, OTHER, OTHER), TABLE)
})

test('a value that was not sent is told, and so is that it may be among what is not shown', async () => {
  const refused = (why: string) => ({ code: 'UNSUPPORTED', why: expect.stringContaining(why) })
  await expect(refuseCutValues(left(2, OTHER, CUT), TABLE)).rejects.toMatchObject(
    refused('1 are longer'),
  )
  await expect(refuseCutValues(left(9, CUT), TABLE)).rejects.toMatchObject(refused('1 are longer'))
  await expect(refuseCutValues(left(9, OTHER), TABLE)).rejects.toMatchObject({
    ...refused('8 warnings are not shown'),
    hints: [expect.stringContaining('SESSION_VARIABLES_ADMIN')],
  })
})
