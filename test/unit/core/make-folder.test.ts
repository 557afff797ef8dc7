import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from '#core/make-folder'
import { withFolder } from '#test/temporary'

test('makes what is missing, says whether it did, and takes no file for a folder', () =>
  withFolder(async folder => {
    const deep = join(folder, 'a/b/c')
    expect(await makeFolder(deep)).toBe(true)
    expect(await makeFolder(deep)).toBe(false)
    for (let round = 0; round < 50; round += 1) {
      const same = join(folder, `${round}/x/y/z`)
      const made = await Promise.all(Array.from({ length: 8 }, () => makeFolder(same)))
      expect(made.filter(Boolean)).toHaveLength(1)
    }
    await writeFile(join(folder, 'file'), '')
    await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makeFolder(join(folder, 'file/a'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  }))

test.runIf(process.platform === 'linux')('ends where nothing can be made', async () => {
  await expect(makeFolder('/proc/nobody/a/b')).rejects.toMatchObject({ code: 'ENOENT' })
})
