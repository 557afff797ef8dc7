import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeWayForNew } from '#engine/mariadb/new-of-increment'
import { makeFolder } from '#test/temporary'

const page = (space: number) => {
  const bytes = Buffer.alloc(64)
  bytes.writeUInt32BE(space, 34)
  return bytes
}

test('a whole table in the place of another one leaves its own old file nowhere, and the other its pages', async () => {
  const folder = await makeFolder()
  const increment = join(folder, '.increments', '1')
  for (const place of [folder, increment]) await mkdir(join(place, 'b'), { recursive: true })
  const b = join(folder, 'b')
  for (const [name, space] of [
    ['r1', 806],
    ['r2', 807],
    ['r3', 808],
    ['old', 9],
  ] as const)
    await writeFile(join(b, `${name}.ibd`), page(space))
  await writeFile(join(increment, 'b', 'r2.new'), page(808))
  await writeFile(join(increment, 'b', 'old.new'), page(10))
  const meta = (space: number) => `page_size = 16384\nzip_size = 0\nspace_id = ${space}\n`
  await writeFile(join(increment, 'b', 'r1.ibd.meta'), meta(807))
  await writeFile(join(increment, 'b', 'r3.ibd.meta'), meta(806))
  await makeWayForNew(folder, increment)
  expect((await readdir(b)).sort()).toEqual(['old.ibd', 'r1.ibd', 'xtrabackup_tmp_#807.ibd'])
  expect(await readFile(join(b, 'xtrabackup_tmp_#807.ibd'))).toEqual(page(807))
  await rm(folder, { recursive: true, force: true })
})

test('an old file that has gone is not looked for, where its name is a whole table’s, too', async () => {
  const folder = await makeFolder()
  const increment = join(folder, '.increments', '1')
  for (const place of [folder, increment]) await mkdir(join(place, 'b'), { recursive: true })
  const b = join(folder, 'b')
  await writeFile(join(b, 'r2.ibd'), page(807))
  await writeFile(join(b, 'r3.ibd'), page(808))
  await writeFile(join(increment, 'b', 'r2.new'), page(808))
  await writeFile(join(increment, 'b', 'r3.new'), page(807))
  for (const [name, space] of [
    ['r2', 808],
    ['r3', 807],
  ] as const)
    await writeFile(join(increment, 'b', `${name}.ibd.meta`), `space_id = ${space}\n`)
  await makeWayForNew(folder, increment)
  expect(await readdir(b)).toEqual([])
  await rm(folder, { recursive: true, force: true })
})
