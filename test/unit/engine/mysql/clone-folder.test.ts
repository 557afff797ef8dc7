import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removeClone } from '#engine/mysql/clone-folder'
import { withFolder } from '#test/temporary'

const stuck = async (): Promise<never> => {
  throw new Error('its process does not end')
}

test('the files of a clone go whatever becomes of its server, and what stays is told as it is', async () => {
  await withFolder(async above => {
    const folder = join(above, 'clone')
    const removed = async (inspect: () => Promise<null>): Promise<string | null> => {
      await mkdir(folder)
      await writeFile(join(folder, 'ibdata1'), 'rows')
      const left = await removeClone(folder, { inspect, remove: stuck })
      expect(existsSync(folder)).toBe(false)
      return left
    }
    expect(await removed(async () => null)).toBeNull()
    const left = await removed(stuck)
    expect(left).toContain(
      `the clone in ${folder} is removed, but its private server may still run`,
    )
    expect(left).toContain('its process does not end')
    expect(left).not.toContain('remove that folder')
  })
})
