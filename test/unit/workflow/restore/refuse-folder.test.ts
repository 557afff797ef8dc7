import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolder } from '#test/temporary'
import { refuseFolder } from '#workflow/restore/refuse-folder'

let folder: string

beforeEach(async () => {
  folder = await makeFolder()
})
afterEach(async () => await rm(folder, { recursive: true }))

test("somebody else's directory is refused before anything is done, and not by root", async () => {
  const own = process.getuid?.() ?? 0
  await expect(refuseFolder(folder, own)).resolves.toBeUndefined()
  await expect(refuseFolder(folder, 0)).resolves.toBeUndefined()
  await expect(refuseFolder(folder, own + 4711)).rejects.toMatchObject({
    code: 'USAGE',
    why: expect.stringMatching(/belongs to user \d+, and this is user \d+/),
  })
})

test('a link is followed, and one to nowhere refused', async () => {
  const link = join(folder, 'link')
  await symlink(join(folder, 'data'), link)
  await expect(refuseFolder(link)).rejects.toMatchObject({
    code: 'USAGE',
    why: expect.stringMatching(/is a link to .*data, which is not there/),
  })
  await mkdir(join(folder, 'data'))
  await expect(refuseFolder(link)).resolves.toBeUndefined()
})

test('one that does not exist yet will be made', async () => {
  await expect(refuseFolder(join(folder, 'new', 'data'))).resolves.toBeUndefined()
})
