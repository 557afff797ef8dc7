import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { renameInIncrement } from '#engine/mariadb/renames-of-increment'
import { makeFolder } from '#test/temporary'

const made: string[] = []

afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true })
})

async function increment(tables: readonly string[], renamed: Record<string, string> = {}) {
  const folder = await makeFolder()
  made.push(folder)
  await mkdir(join(folder, 'bank'))
  for (const name of tables) {
    for (const end of ['delta', 'meta']) {
      await writeFile(join(folder, 'bank', `${name}.ibd.${end}`), `${end} of ${name}`)
    }
  }
  for (const [from, to] of Object.entries(renamed)) {
    await writeFile(join(folder, 'bank', `${from}.ren`), to)
  }
  return folder
}

async function filesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(one => join(one.parentPath, one.name))
  const texts = files.map(async path => [
    path.slice(folder.length + 1),
    await readFile(path, 'utf8'),
  ])
  return Object.fromEntries(await Promise.all(texts))
}

test('tables that changed places in a circle have both of their files', async () => {
  const circle = { a: 'bank/b', b: 'bank/c', c: 'bank/a' }
  const folder = await increment(['a', 'b', 'c', 'd'], circle)
  await renameInIncrement(folder)
  const expected = Object.entries({ a: 'c', b: 'a', c: 'b', d: 'd' }).flatMap(([now, was]) =>
    ['delta', 'meta'].map(end => [`bank/${now}.ibd.${end}`, `${end} of ${was}`]),
  )
  expect(await filesOf(folder)).toEqual(Object.fromEntries(expected))
})

test('a name of a dropped table is free, also for one of another database', async () => {
  const folder = await increment(['old', 'new'], { new: 'shop/t' })
  await writeFile(join(folder, 'bank/old.del'), '')
  await renameInIncrement(folder)
  expect(Object.keys(await filesOf(folder)).sort()).toEqual(['shop/t.ibd.delta', 'shop/t.ibd.meta'])
})

test('nothing is written over another table, and what is not there is told', async () => {
  const two = await increment(['a', 'b'], { a: 'bank/b' })
  await expect(renameInIncrement(two)).rejects.toMatchObject({ code: 'TOOL_FAILED' })
  expect((await filesOf(two))['bank/b.ibd.delta']).toBe('delta of b')
  const none = await increment([], { a: 'bank/b' })
  await expect(renameInIncrement(none)).rejects.toMatchObject({ code: 'TOOL_FAILED' })
})
