import { spawnSync } from 'node:child_process'
import { mkdir, readdir, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { makeOwnFolder } from '#process/own-folder'
import { withFolder } from '#test/temporary'

test('what killed runs left is removed: of this host at once, of an unknown one after a day', async () => {
  await withFolder(async folder => {
    const { pid } = spawnSync('true')
    const kept = [`${pid}-00000001`, `reader-elsewhere-${pid}-00000002`, `${process.pid}-00000003`]
    const removed = [`${pid}-00000004`, `reader-${hostname()}-${pid}-00000005`]
    for (const name of [...kept, ...removed]) await mkdir(join(folder, name))
    const [old = '', own = ''] = removed
    const twoDaysAgo = new Date(Date.now() - 48 * 60 * 60 * 1000)
    for (const name of [...kept.slice(1), old]) {
      await utimes(join(folder, name), twoDaysAgo, twoDaysAgo)
    }
    expect(await readdir(folder)).toContain(own)
    const made = basename(await makeOwnFolder(folder, 'reader'))
    expect((await readdir(folder)).toSorted()).toEqual([...kept, made].toSorted())
  })
})

test('where none can be made, it is told as what it is', async () => {
  await expect(makeOwnFolder('/proc/self', 'reader')).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    what: 'cannot make a folder to work in, in /proc/self',
  })
})
