import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sessionAccounts } from '#engine/shared/credentials/session-accounts'
import { withFolder } from '#test/temporary'

const NAME = 's_ann_0123456789ab'

/** As InnoDB has its redo log: what records are made of, in blocks with 12 bytes before and 4 behind it. */
function blocksOf(records: Buffer): Buffer {
  const blocks: Buffer[] = []
  for (let at = 0; at < records.length; at += 496) {
    const part = Buffer.alloc(496)
    records.copy(part, 0, at)
    blocks.push(Buffer.alloc(12, 0xee), part, Buffer.alloc(4, 0xff))
  }
  return Buffer.concat(blocks)
}

const looked = async (files: Readonly<Record<string, Buffer>>): Promise<boolean> =>
  await withFolder(async folder => {
    await mkdir(join(folder, '#innodb_redo'))
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes)
    return await sessionAccounts('mysql.ibd', true).mayBeIn(folder)
  })

const behind = (bytes: number): Buffer => Buffer.concat([Buffer.alloc(bytes), Buffer.from(NAME)])

test.each([
  ['mysql.ibd', behind(5)],
  ['mysql.ibd', behind(2 ** 20 - 5)],
  ['#innodb_redo/#ib_redo12', blocksOf(behind(5))],
  ['#innodb_redo/#ib_redo12', blocksOf(behind(490))],
  // On the border of what is read at once, which is of blocks.
  ['#innodb_redo/#ib_redo12', blocksOf(behind(496 * 2048 - 5))],
  ['ib_logfile1', blocksOf(behind(490))],
])('a name in %s is found', async (name, bytes) => {
  expect(await looked({ 'mysql.ibd': Buffer.alloc(100), [name]: bytes })).toBe(true)
})

test('names of others are none, nor is what lies elsewhere', async () => {
  const files = {
    'mysql.ibd': Buffer.from('s_ann_of_the_shop'),
    '#innodb_redo/#ib_redo1': blocksOf(Buffer.from('s_import_of_2026')),
    'shop.txt': behind(0),
  }
  expect(await looked(files)).toBe(false)
})
