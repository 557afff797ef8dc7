import { expect, test } from 'vitest'
import { rowsNotCopied } from '#engine/mariadb/physical'
import type { Session } from '#engine/session'

test('tables whose engine’s files mariadb-backup does not know are named', async () => {
  const asked: string[] = []
  const session = {
    async rows(sql: string) {
      asked.push(sql)
      return [
        { name: 'bank.c', engine: 'CONNECT' },
        { name: 'bank.m', engine: 'MEMORY' },
      ]
    },
  } as unknown as Session
  expect(await rowsNotCopied(session)).toEqual([
    expect.stringMatching(/^table bank\.c is of CONNECT: mariadb-backup copies none/),
    expect.stringMatching(/^table bank\.m is of MEMORY: its rows are in no file/),
  ])
  for (const engine of ['InnoDB', 'Aria', 'MyISAM', 'MRG_MyISAM', 'CSV', 'ARCHIVE'])
    expect(asked[0]).toContain(`'${engine}'`)
})
