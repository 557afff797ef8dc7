import { readdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withFolder } from '#test/temporary'
import { claimFolder, emptyFolder } from '#workflow/restore/data-folder-mark'

const nothing = async (): Promise<void> => {}

test('who fills a directory keeps it, though its process looks dead from another container', async () => {
  await withFolder(async folder => {
    const letGo = await claimFolder(folder, 'refuse', nothing)
    await writeFile(join(folder, 'ibdata1'), 'pages')
    // As it is read where the same host has another process of that number.
    await writeFile(join(folder, '.ecomdb-unfinished'), `${hostname()} ${process.pid} 1\n`)
    for (const leftover of ['keep', 'remove'] as const) {
      const refused = claimFolder(folder, leftover, nothing)
      await expect(refused).rejects.toMatchObject({
        code: 'LOCKED',
        what: expect.stringContaining('another restore is writing into'),
      })
    }
    expect((await readdir(folder)).sort()).toEqual(['.ecomdb-unfinished', 'ibdata1'])
    await letGo()
    const again = await claimFolder(folder, 'remove', nothing)
    expect(await readdir(folder)).toEqual(['.ecomdb-unfinished'])
    await emptyFolder(folder)
    await again()
    // A claim that fails lets it go.
    await expect(claimFolder(folder, 'keep', nothing)).rejects.toMatchObject({ code: 'USAGE' })
    await (await claimFolder(folder, 'refuse', nothing))()
  })
})
